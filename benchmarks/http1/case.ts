import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { RuntimeName } from "@plinth/process";
import type { CaseOptions, Figure, Outcome, TableCase } from "../case.ts";
import { accepting, Children, cpuSeconds } from "../children.ts";
import { startRival, startUpstream } from "../nginx.ts";
import { isInstalled, programVersion } from "../programs.ts";
import { startProxy } from "../proxy.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";

const PORTS = { upstream: 27_400, nginx: 27_401, node: 27_402, bun: 27_403 };
const CONNECTIONS = 64;
const LOADER = "wrk";
/** Most CPU per request, as a multiple of nginx's. */
const RATIO_MAX: Record<RuntimeName, number> = { node: 1.35, bun: 1.1 };

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

function load(port: number, seconds: number): number {
  const text = execFileSync(
    "wrk",
    ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`],
    {
      encoding: "utf8",
    },
  );
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(text)) throw new Error(`wrk saw errors:\n${text}`);
  return requests;
}

interface Scale {
  readonly rounds: number;
  /** wrk takes whole ones only. */
  readonly seconds: number;
  readonly warmSeconds: number;
}

const FULL: Scale = { rounds: 7, seconds: 6, warmSeconds: 4 };
const QUICK: Scale = { rounds: 3, seconds: 3, warmSeconds: 2 };
const ROWS: Scale = { rounds: 4, seconds: 1, warmSeconds: 2 };

/** Proxies of small bodies over keep-alive: CPU of the whole proxy per request, from /proc. */
export const http1: TableCase = {
  name: "http1",
  does: `HTTP/1.1 keep-alive through ingress, ${CONNECTIONS} connections, small bodies, metrics on; nginx with one worker, upstream keep-alive and buffered access log. CPU of the proxy's processes per request; alternating rounds, median.`,
  run: (options) => measure(options, options.quick ? QUICK : FULL),
  rows: {
    title: "HTTP/1.1 proxy",
    notes: [
      `${CONNECTIONS} connections, small answers; ours counts and traces too, nginx writes its access log`,
    ],
    measure: (options) => measure(options, ROWS),
  },
};

async function measure(
  { directory, say }: Omit<CaseOptions, "quick">,
  { rounds, seconds, warmSeconds }: Scale,
): Promise<Outcome> {
  const missing = ["nginx", LOADER].filter((command) => !isInstalled(command));
  if (missing.length > 0) return { figures: [], raw: { missing } };
  await using children = new Children();
  const contenders: Contender[] = [];
  startUpstream(children, join(directory, "upstream"), PORTS.upstream);
  const nginx = startRival(children, join(directory, "nginx"), PORTS.nginx, PORTS.upstream);
  contenders.push({ name: "nginx", port: PORTS.nginx, pid: nginx });
  for (const runtime of ["node", "bun"] as const) {
    const pid = startProxy(children, {
      runtime,
      directory,
      port: PORTS[runtime],
      upstreamPort: PORTS.upstream,
      protocol: "auto",
      listener: "ingress",
    });
    if (pid !== undefined) contenders.push({ name: runtime, port: PORTS[runtime], pid });
  }
  for (const { port } of contenders) await accepting(port);

  const turns = await alternate({
    contenders,
    rounds,
    warm: ({ port }) => load(port, warmSeconds), // compiled, pools filled
    measure: ({ port, pid }) => {
      const before = cpuSeconds(pid);
      const requests = load(port, seconds);
      return { requests, seconds, cpuMicrosPerRequest: ((cpuSeconds(pid) - before) * 1e6) / requests };
    },
    say,
    describe: ({ name }, { requests, cpuMicrosPerRequest }) =>
      `${name}: ${cpuMicrosPerRequest.toFixed(2)} µs CPU per request, ${Math.round(requests / seconds)}/s`,
  });
  const of = (contender: Contender): number =>
    medianOf(turns, contender, ({ cpuMicrosPerRequest }) => cpuMicrosPerRequest);
  const [rival, ...own] = contenders;
  const rivalProgram = programVersion("nginx");
  const figures: Figure[] = own.map((contender) => ({
    name: `on ${contender.name === "node" ? "Node" : "Bun"}`,
    unit: "µs CPU per request",
    ours: of(contender),
    rival: of(rival!),
    rivalName: "nginx",
    rivalProgram,
    ratioMax: RATIO_MAX[contender.name as RuntimeName],
  }));
  return { figures, raw: { connections: CONNECTIONS, rounds: rawOf(turns, ({ name }) => name) } };
}
