import type { EgressStat, ServiceStat } from "@plinth/resource";
import type { Context } from "../command.ts";
import { appColumn, appNamed, byteColumns, connectionColumn, figures } from "../figures.ts";
import { type Column, columns } from "../terminal/columns.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { sizeText } from "../terminal/quantities.ts";

export async function run(context: Context): Promise<void> {
  if (context.is("egress")) return egress(context);
  const { client, output, json, signal } = context;
  const { services, windowSeconds } = await client.stat(await appNamed(context), { signal });
  if (json) return output.json(services);
  if (services.length === 0) return output.note("No services. `plinth up` deploys an app.");
  const table: Column<ServiceStat>[] = [
    ...appColumn(services),
    { title: "NAME", text: ({ service }) => service },
    { title: "MESHED", text: ({ meshed }) => meshed, right: true },
    ...figures,
    connectionColumn,
    ...(context.is("wide") ? byteColumns : []),
  ];
  for (const line of columns(services, table, output.stdout)) output.result(line);
  output.note(`over the last ${windowSeconds} s`);
}

/** What leaves the mesh, by the name it was asked for. */
async function egress(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const rows = await client.egress(await appNamed(context), { signal });
  if (json) return output.json(rows);
  if (rows.length === 0) return output.note("Nothing has left the mesh in the last hour.");
  const table: Column<EgressStat>[] = [
    ...appColumn(rows),
    { title: "SRC", text: ({ service }) => service },
    { title: "HOST", text: ({ host, address }) => plainLine(host ?? address) },
    { title: "PORT", text: ({ port, protocol }) => `${port === 0 ? "" : `${port}/`}${protocol}` },
    { title: "CONNECTIONS", text: ({ connections }) => String(connections), right: true, minor: 2 },
    { title: "PACKETS", text: ({ packets }) => String(packets), right: true, minor: 3 },
    { title: "BYTES", text: ({ bytes }) => sizeText(bytes), right: true },
  ];
  for (const line of columns(rows, table, output.stdout)) output.result(line);
}
