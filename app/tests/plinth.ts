import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createClient } from "@plinth/client";
import type { PsRow, StatusReport } from "@plinth/resource";
import type { Machine } from "./machines.ts";
import { processesOf } from "./processes.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the proxy runs on; whole systems are tested on each. */
export const RUNTIMES: readonly string[] = ["node", "bun"];

/** The command line as users have it. */
const LAUNCHER = new URL("../cli/plinth", import.meta.url).pathname;
/** Longest wait for anything that is awaited here; only a failing test waits this long. */
const PATIENCE_MS = 30_000;

/** A whole Plinth in a home of its own, taken down and removed when disposed. */
export interface Plinth extends AsyncDisposable {
  readonly home: string;
  /** Runs a command and returns whatever it ended with. */
  run(parameters: readonly string[], input?: string): Promise<CommandResult>;
  /** Runs a command with --json and parses its last line; throws with all it said when it fails. */
  json<T>(...parameters: string[]): Promise<T>;
  /** Deploys detached; throws with all it said when it fails. */
  up(directory: string, ...parameters: string[]): Promise<void>;
  /** Asked of the API, as often as one likes: the command line costs as much as a request a hundred times. */
  ps(): Promise<readonly PsRow[]>;
  status(): Promise<StatusReport>;
  /** Pid of one of Plinth's own processes, once the daemon knows it: a new proxy serves a moment earlier. */
  pidOf(process: string): Promise<number>;
  ingressPort(): Promise<number>;
  /** A GET through the ingress. */
  get(path: string, host?: string): Promise<{ status: number; body: string }>;
  /** Resolves once `condition` holds. */
  until<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T>;
}

export function createPlinth(
  environment: Readonly<Record<string, string>> = {},
  home: string = mkdtempSync(join(tmpdir(), "plinth-home-")),
  machine?: Machine,
  launcher: string = LAUNCHER,
): Plinth {
  const run = async (parameters: readonly string[], input?: string): Promise<CommandResult> => {
    // The same mode for every user who runs these tests; those of the other mode ask for it.
    const isModeless = parameters[0] === "up" && !parameters.includes("--mesh");
    const mode = isModeless ? ["--mesh", "cooperative"] : [];
    // A machine that has restarted is entered anew.
    const [program, ...words] = [...(machine?.inside ?? []), "/bin/sh", launcher];
    const child = spawn(program, [...words, ...parameters, ...mode], {
      env: { ...process.env, PLINTH_HOME: home, NO_COLOR: "1", ...environment },
      stdio: "pipe",
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  };

  const json = async <T>(...parameters: string[]): Promise<T> => {
    const { code, stdout, stderr } = await run([...parameters, "--json"]);
    if (code !== 0) throw new Error(`plinth ${parameters.join(" ")} ended with ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as T;
  };

  const client = createClient({ socketPath: join(home, "plinth.sock") });
  const plinth: Plinth = {
    home,
    run,
    json,
    async up(directory, ...parameters) {
      const { code, stdout, stderr } = await run(["up", directory, "--detach", ...parameters]);
      if (code !== 0) throw new Error(`plinth up ended with ${code}\n${stdout}${stderr}\n${daemonLog(home)}`);
    },
    ps: () => client.ps(),
    status: () => client.status(),
    pidOf: (name) =>
      plinth.until(`a ${name} is known`, async () => {
        const { processes } = await plinth.status();
        return processes.find((one) => one.name === name)?.pid;
      }),
    async ingressPort() {
      const settings = JSON.parse(readFileSync(join(home, "settings.json"), "utf8")) as {
        ingressPort: number;
      };
      return settings.ingressPort;
    },
    async get(path, host) {
      const outgoing = request({
        host: machine?.address ?? "127.0.0.1",
        port: await plinth.ingressPort(),
        path,
        agent: false,
        headers: { connection: "close", ...(host === undefined ? {} : { host }) },
      });
      outgoing.end();
      const [response] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
      return { status: response.statusCode!, body: await text(response) };
    },
    async until(what, condition) {
      const deadline = performance.now() + PATIENCE_MS;
      let last: unknown;
      while (performance.now() < deadline) {
        try {
          const value = await condition();
          if (value !== undefined && value !== false) return value;
        } catch (error) {
          last = error;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`still not so: ${what}\n${daemonLog(home)}`, { cause: last });
    },
    async [Symbol.asyncDispose]() {
      await run(["down", "--all"]);
      // What still ends writes its last lines: a home removed under it would be there again.
      await plinth.until("all processes have ended", async () => processesOf(home).length === 0);
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return plinth;
}

/** The end of the daemon's log, to say why a test failed. */
function daemonLog(home: string): string {
  try {
    return readFileSync(join(home, "daemon.log"), "utf8").split("\n").slice(-30).join("\n");
  } catch {
    return "(no daemon log)";
  }
}

/** Whether no process has this number any more. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
