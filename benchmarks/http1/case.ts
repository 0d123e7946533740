import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { RuntimeName } from "@plinth/process";
import { type Case, type CaseOptions, type Figure, median, type Outcome } from "../case.ts";
import { accepting, Children, cpuSeconds, isInstalled } from "../children.ts";
import { startProxy } from "../proxy.ts";
import { startRival, startUpstream } from "../nginx.ts";

const PORTS = { upstream: 27_400, nginx: 27_401, node: 27_402, bun: 27_403 };
const CONNECTIONS = 64;
const LOADER = "wrk";
/** Most CPU per request, as a multiple of nginx's. */
const RATIO_MAX: Record<RuntimeName, number> = { node: 1.35, bun: 1.1 };

interface Round {
  readonly contender: string;
  readonly requests: number;
  readonly seconds: number;
  readonly cpuMicrosPerRequest: number;
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

/** Proxies of small bodies over keep-alive: CPU of the whole proxy per request, from /proc. */
export const http1: Case = {
  name: "http1",
  does: `HTTP/1.1 keep-alive through ingress, ${CONNECTIONS} connections, small bodies, metrics on; nginx with one worker, upstream keep-alive and buffered access log. CPU of the proxy's processes per request; alternating rounds, median.`,

  async run(options: CaseOptions): Promise<Outcome> {
    const missing = ["nginx", LOADER].filter((command) => !isInstalled(command));
    if (missing.length > 0) {
      return { figures: [], raw: { missing } };
    }
    await using children = new Children();
    const { directory } = options;
    const contenders: { name: string; port: number; pid: number }[] = [];
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

    const seconds = options.quick ? 3 : 6;
    const rounds: Round[] = [];
    for (const { port } of contenders) load(port, options.quick ? 2 : 4); // warm: compiled, pools filled
    for (let round = 0; round < (options.quick ? 3 : 7); round++) {
      for (const { name, port, pid } of contenders) {
        const before = cpuSeconds(pid);
        const requests = load(port, seconds);
        const cpuMicrosPerRequest = ((cpuSeconds(pid) - before) * 1e6) / requests;
        rounds.push({ contender: name, requests, seconds, cpuMicrosPerRequest });
        options.say(
          `${name}: ${cpuMicrosPerRequest.toFixed(2)} µs CPU per request, ${Math.round(requests / seconds)}/s`,
        );
      }
    }
    const of = (name: string): number =>
      median(rounds.filter((round) => round.contender === name).map((round) => round.cpuMicrosPerRequest));
    const figures: Figure[] = contenders
      .filter(({ name }) => name !== "nginx")
      .map(({ name }) => ({
        name: `on ${name === "node" ? "Node" : "Bun"}`,
        unit: "µs CPU per request",
        ours: of(name),
        rival: of("nginx"),
        rivalName: "nginx",
        ratioMax: RATIO_MAX[name as RuntimeName],
      }));
    return { figures, raw: { connections: CONNECTIONS, rounds } };
  },
};
