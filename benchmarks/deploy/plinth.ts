import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ingressPortOf, plinth, takenDown } from "../plinth.ts";
import type { Contender } from "./contender.ts";
import { programOf } from "./program.ts";

/** Two instances behind the ingress; each deploy is `plinth up`. */
export function byPlinth(mesh?: "cooperative"): Contender {
  return {
    name: "plinth",
    async open(directory) {
      const [home, project] = [join(directory, "home"), join(directory, "app")];
      mkdirSync(project, { recursive: true });
      const config = {
        name: "bench",
        services: { web: { command: ["node", "server.mjs"], replicas: 2 } },
        ingress: { "*": "web" },
      };
      writeFileSync(join(project, "plinth.config.json"), JSON.stringify(config));
      const up = async (release: number, ...parameters: string[]): Promise<void> => {
        writeFileSync(join(project, "server.mjs"), programOf(release));
        await plinth(home, "up", project, "--detach", ...parameters);
      };
      await using setup = new AsyncDisposableStack();
      setup.use(takenDown(home));
      await up(0, ...(mesh === undefined ? [] : ["--mesh", mesh]));
      const lifetime = setup.move();
      return {
        port: ingressPortOf(home),
        deploy: (release) => up(release),
        [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
      };
    },
  };
}
