import type { ByteRates, Traffic } from "@plinth/resource";
import { chooseApp } from "./app-name.ts";
import type { Context } from "./command.ts";
import type { Column } from "./terminal/columns.ts";
import type { Colour } from "./terminal/output.ts";
import { latencyText, percentText, sizeText } from "./terminal/quantities.ts";

/** The app a report is limited to; without an argument all of them. */
export async function appNamed(context: Context): Promise<string | undefined> {
  const named = context.text("APP");
  return named === undefined ? undefined : (await chooseApp(context, named)).metadata.name;
}

/** Only where there is more than one app to tell apart. */
export function appColumn(rows: readonly { readonly app: string }[]): Column<{ readonly app: string }>[] {
  return new Set(rows.map(({ app }) => app)).size > 1 ? [{ title: "APP", text: ({ app }) => app }] : [];
}

/** Linkerd's columns and their order. */
export const figures: readonly Column<Traffic>[] = [
  {
    title: "SUCCESS",
    text: ({ successRate }) => percentText(successRate),
    colour: ({ successRate }) => successColour(successRate),
    right: true,
  },
  { title: "RPS", text: ({ rps }) => rateText(rps), right: true },
  { title: "LATENCY_P50", text: ({ latencyP50Ms }) => latencyText(latencyP50Ms), right: true, minor: 2 },
  { title: "LATENCY_P95", text: ({ latencyP95Ms }) => latencyText(latencyP95Ms), right: true, minor: 3 },
  { title: "LATENCY_P99", text: ({ latencyP99Ms }) => latencyText(latencyP99Ms), right: true, minor: 1 },
];

export const connectionColumn: Column<{ readonly tcpConnections: number }> = {
  title: "TCP_CONN",
  text: ({ tcpConnections }) => String(tcpConnections ?? "-"),
  right: true,
  minor: 4,
};

export const byteColumns: readonly Column<ByteRates>[] = [
  {
    title: "READ_BYTES/SEC",
    text: ({ readBytesPerSecond }) => `${sizeText(readBytesPerSecond)}/s`,
    right: true,
    minor: 5,
  },
  {
    title: "WRITE_BYTES/SEC",
    text: ({ writeBytesPerSecond }) => `${sizeText(writeBytesPerSecond)}/s`,
    right: true,
    minor: 5,
  },
];

export function rateText(rps: number | null): string {
  return rps === null ? "-" : `${rps.toFixed(1)}rps`;
}

/** One failure in a hundred is worth a look, one in ten is an outage for somebody. */
export function successColour(share: number | null): Colour | undefined {
  if (share === null) return undefined;
  if (share >= 0.99) return "green";
  return share >= 0.9 ? "yellow" : "red";
}
