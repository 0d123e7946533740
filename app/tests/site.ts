import type { PsRow } from "@plinth/resource";
import type { Plinth } from "./plinth.ts";
import { type Project, serverSaying } from "./project.ts";

/** An app of two services: two instances of `front`, which calls one of `back`. */
export function site(project: Project): void {
  project.write("server.mjs", serverSaying("here"));
  project.configure({
    name: "site",
    services: {
      front: {
        command: ["node", "server.mjs"],
        replicas: 2,
        calls: ["back"],
        health: { ready: { http: "/" } },
      },
      back: { command: ["node", "server.mjs"] },
    },
    ingress: { "*": "front" },
  });
}

/** An app of one service, `web`, that says `text` or runs the given program. */
export function oneService(
  project: Project,
  program: string = serverSaying("here"),
  spec: object = {},
): void {
  project.write("server.mjs", program);
  project.configure({
    name: "site",
    services: { web: { command: ["node", "server.mjs"], ...spec } },
    ingress: { "*": "web" },
  });
}

/** Resolves with the rows of `ps` once there are just so many and all are ready. */
export async function allReady(plinth: Plinth, count: number): Promise<readonly PsRow[]> {
  return plinth.until(`${count} instances are ready`, async () => {
    const rows = await plinth.ps();
    return rows.length === count && rows.every(({ ready }) => ready) && rows;
  });
}

/** Process ids in order. */
export const pids = (rows: readonly PsRow[]): number[] =>
  rows.map(({ pid }) => pid ?? 0).sort((a, b) => a - b);
