import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { processTable, runtimePath } from "@plinth/process";
import { accepting, Children } from "../children.ts";
import { common, startNginx, temporary } from "../nginx.ts";
import type { Contender, Deployed } from "./contender.ts";
import { programOf } from "./program.ts";

const PORT = 27_960;
const PROGRAM_PORTS = [27_961, 27_962] as const;

/** One program that is stopped and started again, as `docker compose up -d` does with a service's container. */
export const byRestart: Contender = {
  name: "restart",
  open: (directory) =>
    open(directory, PROGRAM_PORTS.slice(0, 1), async (site, release) => {
      for (const port of site.ports) await site.replace(port, release);
    }),
};

/** What a careful person does: two programs, each taken out of nginx's upstream while it is replaced. */
export const oneByOne: Contender = {
  name: "one by one",
  open: (directory) =>
    open(directory, PROGRAM_PORTS, async (site, release) => {
      for (const port of site.ports) {
        await site.reload(site.ports.filter((other) => other !== port));
        await site.replace(port, release);
      }
      await site.reload(site.ports);
    }),
};

interface Site {
  readonly ports: readonly number[];
  /** Has nginx lead to these only; resolves once no worker leads to others. */
  reload(ports: readonly number[]): Promise<void>;
  /** Stops the program at a port, starts another release there and waits until it listens. */
  replace(port: number, release: number): Promise<void>;
}

async function open(
  directory: string,
  ports: readonly number[],
  deploy: (site: Site, release: number) => Promise<void>,
): Promise<Deployed> {
  await using setup = new AsyncDisposableStack();
  const children = setup.use(new Children());
  const programs = new Map<number, ChildProcess>();
  mkdirSync(directory, { recursive: true });
  const program = join(directory, "server.mjs");
  const start = async (port: number, release: number): Promise<void> => {
    writeFileSync(program, programOf(release));
    const child = children.start("env", "HOST=127.0.0.1", `PORT=${port}`, runtimePath("node")!, program);
    programs.set(port, child);
    await accepting(port);
  };
  for (const port of ports) await start(port, 0);
  const nginx = join(directory, "nginx");
  const master = startNginx(children, nginx, configOf(nginx, ports));
  await accepting(PORT);
  const site: Site = {
    ports,
    async reload(left) {
      const path = join(nginx, "nginx.conf");
      writeFileSync(path, configOf(nginx, left));
      const before = workersOf(master);
      await promisify(execFile)("nginx", [
        "-s",
        "reload",
        "-c",
        path,
        "-p",
        nginx,
        "-e",
        `${nginx}/error.log`,
      ]);
      while (workersOf(master).some((pid) => before.includes(pid))) await moment();
    },
    async replace(port, release) {
      const child = programs.get(port)!;
      child.kill("SIGTERM");
      await once(child, "exit");
      await start(port, release);
    },
  };
  const lifetime = setup.move();
  return {
    port: PORT,
    deploy: (release) => deploy(site, release),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

const workersOf = (master: number): number[] =>
  processTable()
    .filter(({ parent }) => parent === master)
    .map(({ pid }) => pid);

/** Between two looks at the workers. */
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

/** As the manual has it: `proxy_pass` to an upstream, with `proxy_next_upstream` as it is by default. */
const configOf = (directory: string, ports: readonly number[]): string => `${common(directory)}
http {
  ${temporary(directory)}
  access_log off;
  upstream program { ${ports.map((port) => `server 127.0.0.1:${port};`).join(" ")} }
  server {
    listen 127.0.0.1:${PORT} backlog=4096;
    location / {
      proxy_pass http://program;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}`;
