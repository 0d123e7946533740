import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type CaseOptions, type Figure, median, type Outcome } from "../case.ts";
import { ingressPortOf, plinth } from "../plinth.ts";

const UP_LIMIT_S = 2;
const ROLLBACK_LIMIT_S = 1;
const IDLE_LIMIT_MIB = 250;
/** After kill -9 of the proxy, as seen by a client that asks again every few milliseconds. */
const PROXY_GAP_LIMIT_S = 1;
/** Idle means after the last deploy's garbage had time to be collected, as on a host that just runs. */
const SETTLE_MS = 10_000;

/** From typing a command to an answer, and what Plinth itself takes while nothing happens. */
export const host: Case = {
  name: "host",
  does: "brings an app of one service up on a warm machine, deploys, rolls back, and idles",
  run: measure,
};

/** Resolves with the time at which the ingress first gave `answer`. */
async function untilAnswered(home: string, answer: string, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    try {
      const response = await fetch(`http://127.0.0.1:${ingressPortOf(home)}/`, {
        signal,
        headers: { connection: "close" },
      });
      if ((await response.text()) === answer) return performance.now();
    } catch {
      // Not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw signal.reason;
}

async function timed(home: string, answer: string, parameters: readonly string[]): Promise<number> {
  const patience = AbortSignal.timeout(60_000);
  const startMs = performance.now();
  const [answeredMs] = await Promise.all([
    untilAnswered(home, answer, patience),
    plinth(home, ...parameters),
  ]);
  return (answeredMs - startMs) / 1000;
}

interface Processes {
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly memoryBytes: number;
  }[];
}

async function status(home: string): Promise<Processes["processes"]> {
  return (JSON.parse(await plinth(home, "status", "--json")) as Processes).processes;
}

async function proxyGap(home: string, answer: string): Promise<number> {
  const proxy = (await status(home)).find(({ name }) => name === "proxy");
  if (proxy === undefined) throw new Error("no proxy runs");
  const startMs = performance.now();
  process.kill(proxy.pid, "SIGKILL");
  return ((await untilAnswered(home, answer, AbortSignal.timeout(60_000))) - startMs) / 1000;
}

const server = (answer: string): string => `import { createServer } from "node:http";
const server = createServer((_, response) => response.end(${JSON.stringify(answer)}));
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

async function measure({ quick, directory, say }: CaseOptions): Promise<Outcome> {
  const home = join(directory, "home");
  const project = join(directory, "app");
  mkdirSync(project);
  writeFileSync(
    join(project, "plinth.config.json"),
    JSON.stringify({
      name: "bench",
      services: { web: { command: ["node", "server.mjs"], replicas: 2 } },
      ingress: { "*": "web" },
    }),
  );
  const rounds = quick ? 2 : 5;
  const ups: number[] = [];
  const rollbacks: number[] = [];
  const gaps: number[] = [];
  const idle: number[] = [];
  // The first round warms compile caches and is not counted.
  for (let round = 0; round <= rounds; round++) {
    writeFileSync(join(project, "server.mjs"), server("one"));
    const upS = await timed(home, "one", ["up", project, "--detach"]);
    writeFileSync(join(project, "server.mjs"), server("two"));
    await plinth(home, "up", project, "--detach");
    const rollbackS = await timed(home, "one", ["rollback"]);
    const gapS = await proxyGap(home, "one");
    if (round > 0) {
      ups.push(upS);
      rollbacks.push(rollbackS);
      gaps.push(gapS);
      const seconds = [upS, rollbackS, gapS].map((value) => `${value.toFixed(2)} s`);
      say(
        `round ${round}: up after ${seconds[0]}, back after ${seconds[1]}, proxy killed and there after ${seconds[2]}`,
      );
    }
    if (round === rounds) {
      await new Promise((resolve) => setTimeout(resolve, quick ? 1000 : SETTLE_MS));
      for (const { name, memoryBytes } of await status(home)) {
        if (name === "daemon" || name === "proxy") idle.push(memoryBytes / 2 ** 20);
        say(`${name} idles at ${(memoryBytes / 2 ** 20).toFixed(0)} MiB`);
      }
    }
    await plinth(home, "down", "--all");
  }
  const limit = (name: string, unit: string, ours: number, most: number): Figure => ({
    name,
    unit,
    ours,
    rival: most,
    rivalName: "limit",
    ratioMax: 1,
  });
  return {
    figures: [
      limit("first answer after plinth up", "s", median(ups), UP_LIMIT_S),
      limit("first answer after plinth rollback", "s", median(rollbacks), ROLLBACK_LIMIT_S),
      limit("first answer after kill -9 of the proxy", "s", median(gaps), PROXY_GAP_LIMIT_S),
      limit(
        "daemon and proxy idle, resident",
        "MiB",
        idle.reduce((sum, mebibytes) => sum + mebibytes, 0),
        IDLE_LIMIT_MIB,
      ),
    ],
    raw: { ups, rollbacks, gaps, idle },
  };
}
