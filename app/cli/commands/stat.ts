import type { EdgeStat, ServiceStat } from "@plinth/resource";
import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { type Column, columns } from "../terminal/columns.ts";
import type { Colour } from "../terminal/output.ts";
import { latencyText, percentText } from "../terminal/quantities.ts";

type Figures = Pick<ServiceStat, "successRate" | "rps" | "latencyP50Ms" | "latencyP95Ms" | "latencyP99Ms">;

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const named = context.text("APP");
  const app = named === undefined ? undefined : (await chooseApp(context, named)).metadata.name;
  const { services, edges, windowSeconds } = await client.stat(app, { signal });
  const byEdge = context.is("edges");
  if (json) return output.json(byEdge ? edges : services);
  if (services.length === 0) return output.note("No services. `plinth up` deploys an app.");

  const several = new Set(services.map((row) => row.app)).size > 1;
  const lines = byEdge
    ? columns<EdgeStat>(edges, [...appColumn(several), ...edgeNames, ...figures], output.stdout)
    : columns<ServiceStat>(
        services,
        [...appColumn(several), ...serviceNames, ...figures, ...connections],
        output.stdout,
      );
  for (const line of lines) output.result(line);
  output.note(`over the last ${windowSeconds} s`);
}

const appColumn = (shown: boolean): Column<{ app: string }>[] =>
  shown ? [{ title: "APP", text: ({ app }) => app }] : [];

const serviceNames: readonly Column<ServiceStat>[] = [
  { title: "NAME", text: ({ service }) => service },
  { title: "MESHED", text: ({ meshed }) => meshed, right: true },
];

const edgeNames: readonly Column<EdgeStat>[] = [
  { title: "SRC", text: ({ caller }) => caller },
  { title: "DST", text: ({ callee }) => callee },
];

/** Linkerd's columns and their order. */
const figures: readonly Column<Figures>[] = [
  {
    title: "SUCCESS",
    text: ({ successRate }) => percentText(successRate),
    colour: successColour,
    right: true,
  },
  { title: "RPS", text: ({ rps }) => (rps === null ? "-" : `${rps.toFixed(1)}rps`), right: true },
  { title: "LATENCY_P50", text: ({ latencyP50Ms }) => latencyText(latencyP50Ms), right: true, minor: 2 },
  { title: "LATENCY_P95", text: ({ latencyP95Ms }) => latencyText(latencyP95Ms), right: true, minor: 3 },
  { title: "LATENCY_P99", text: ({ latencyP99Ms }) => latencyText(latencyP99Ms), right: true, minor: 1 },
];

const connections: readonly Column<ServiceStat>[] = [
  { title: "TCP_CONN", text: ({ tcpConnections }) => String(tcpConnections ?? "-"), right: true, minor: 4 },
];

/** One failure in a hundred is worth a look, one in ten is an outage for somebody. */
function successColour({ successRate }: Figures): Colour | undefined {
  if (successRate === null) return undefined;
  if (successRate >= 0.99) return "green";
  return successRate >= 0.9 ? "yellow" : "red";
}
