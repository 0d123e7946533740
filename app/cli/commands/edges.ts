import type { EdgeStat } from "@plinth/resource";
import type { Context } from "../command.ts";
import { appColumn, appNamed, byteColumns, connectionColumn, figures } from "../figures.ts";
import { type Column, columns } from "../terminal/columns.ts";

/** Why a call needs no mutual TLS, or that it has it. */
const SECURED: Readonly<Record<EdgeStat["secured"], string>> = {
  mtls: "√",
  "same-host": "same host",
  mixed: "√, same host",
};

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const { edges, windowSeconds } = await client.stat(await appNamed(context), { signal });
  if (json) return output.json(edges);
  if (edges.length === 0) return output.note("Nobody has called anybody yet.");
  const table: Column<EdgeStat>[] = [
    ...appColumn(edges),
    { title: "SRC", text: ({ caller }) => caller },
    {
      title: "DST",
      text: ({ app, calleeApp, callee }) => (calleeApp === app ? callee : `${calleeApp}/${callee}`),
    },
    { title: "PROTOCOL", text: ({ protocols }) => protocols.join(", ") || "-", minor: 3 },
    { title: "SECURED", text: ({ secured }) => SECURED[secured], minor: 2 },
    ...figures,
    connectionColumn,
    ...(context.is("wide") ? wide : []),
  ];
  for (const line of columns(edges, table, output.stdout)) output.result(line);
  output.note(`over the last ${windowSeconds} s`);
}

const wide: readonly Column<EdgeStat>[] = [
  ...byteColumns,
  { title: "CLIENT_ID", text: ({ clientId }) => clientId ?? "-" },
  { title: "SERVER_ID", text: ({ serverId }) => serverId ?? "-" },
];
