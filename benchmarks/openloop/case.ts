import { join } from "node:path";
import type { Case, CaseOptions, Figure, Outcome } from "../case.ts";
import { accepting, Children } from "../children.ts";
import { isInstalled } from "../programs.ts";
import { startUpstream } from "../nginx.ts";
import { startProxy } from "../proxy.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";
import { askAtRate } from "./ask.ts";

const PORTS = { direct: 27_550, node: 27_551, bun: 27_552 };
const RATE = 2_000;
/** Milliseconds that the proxy may add to the p99. */
const ADDED_P99_MAX_MS = 1;

/** What the proxy adds to a request's time where it is not busy. */
export const openloop: Case = {
  name: "openloop",
  does: `${RATE} requests a second at a constant rate from service to service, whatever the answers do, with and without the proxy; times count from when a request was due. The p99 that the proxy adds; alternating rounds, median.`,

  async run({ quick, directory, say }: CaseOptions): Promise<Outcome> {
    if (!isInstalled("nginx")) return { figures: [], raw: { missing: ["nginx"] } };
    await using children = new Children();
    startUpstream(children, join(directory, "upstream"), PORTS.direct);
    const direct = { name: "no proxy", port: PORTS.direct };
    const contenders = [direct];
    for (const runtime of ["node", "bun"] as const) {
      const at = { port: PORTS[runtime], upstreamPort: PORTS.direct };
      const pid = startProxy(children, { runtime, directory, ...at, protocol: "auto", listener: "outbound" });
      if (pid !== undefined)
        contenders.push({ name: runtime === "node" ? "Node" : "Bun", port: PORTS[runtime] });
    }
    for (const { port } of contenders) await accepting(port);
    const turns = await alternate({
      contenders,
      rounds: quick ? 3 : 7,
      warm: ({ port }) => askAtRate({ port, rate: RATE, seconds: 2 }),
      measure: ({ port }) => askAtRate({ port, rate: RATE, seconds: quick ? 3 : 8 }),
      say,
      describe: ({ name }, { p50Ms, p99Ms, failed }) =>
        `${name}: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${failed} failed`,
    });
    const p99 = (contender: (typeof contenders)[number]): number =>
      medianOf(turns, contender, ({ p99Ms }) => p99Ms);
    const figures: Figure[] = contenders.slice(1).map((contender) => ({
      name: `added to the p99 on ${contender.name}`,
      unit: "ms",
      ours: p99(contender) - p99(direct),
      rival: ADDED_P99_MAX_MS,
      rivalName: "limit",
      ratioMax: 1,
    }));
    return { figures, raw: { rate: RATE, rounds: rawOf(turns, ({ name }) => name) } };
  },
};
