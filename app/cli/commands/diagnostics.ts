import type { EndpointRow } from "@plinth/resource";
import type { Context } from "../command.ts";
import { type Column, columns } from "../terminal/columns.ts";
import type { Colour } from "../terminal/output.ts";
import { latencyText } from "../terminal/quantities.ts";

const COLOURS: Readonly<Record<EndpointRow["state"], Colour>> = {
  ready: "green",
  ejected: "red",
  leaving: "yellow",
};

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const { endpoints, snapshot, metrics } = await client.diagnostics({ signal });
  if (words[1] === "snapshot") return output.json(snapshot);
  if (words[1] === "metrics")
    return json ? output.json({ metrics }) : output.stdout.writeAll(metrics, signal);
  if (json) return output.json(endpoints);
  if (endpoints.length === 0) return output.note("The proxy knows no endpoints.");
  const elsewhere = endpoints.some(({ seenBy }) => seenBy !== undefined);
  const seenBy: Column<EndpointRow> = { title: "SEEN_BY", text: (row) => row.seenBy ?? "-" };
  const table: Column<EndpointRow>[] = [
    ...(elsewhere ? [seenBy] : []),
    { title: "APP", text: ({ app }) => app },
    { title: "SERVICE", text: ({ service }) => service },
    { title: "INSTANCE", text: ({ instance }) => instance },
    { title: "IP", text: ({ address }) => address },
    { title: "PORT", text: ({ port }) => String(port), right: true },
    { title: "STATE", text: ({ state }) => state, colour: ({ state }) => COLOURS[state] },
    { title: "IN_FLIGHT", text: ({ inFlight }) => String(inFlight), right: true, minor: 2 },
    { title: "LOAD", text: ({ loadMs }) => latencyText(loadMs), right: true, minor: 1 },
  ];
  for (const line of columns(endpoints, table, output.stdout)) output.result(line);
}
