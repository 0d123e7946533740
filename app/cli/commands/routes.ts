import type { RouteStat } from "@plinth/resource";
import type { Context } from "../command.ts";
import { appColumn, appNamed, figures, rateText, successColour } from "../figures.ts";
import { type Column, columns } from "../terminal/columns.ts";
import { percentText } from "../terminal/quantities.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const { routes, windowSeconds } = await client.stat(await appNamed(context), { signal });
  if (json) return output.json(routes);
  if (routes.length === 0) return output.note("Nobody has called anybody yet.");
  const [success, rps, ...latencies] = figures;
  const table: Column<RouteStat>[] = [
    ...appColumn(routes),
    { title: "SRC", text: ({ caller }) => caller },
    { title: "ROUTE", text: ({ route }) => route },
    { title: "SERVICE", text: ({ callee }) => callee },
    ...(context.is("wide") ? wide : [success!, rps!]),
    ...latencies,
  ];
  for (const line of columns(routes, table, output.stdout)) output.result(line);
  output.note(`over the last ${windowSeconds} s`);
}

/** What the caller sees, and what it takes with every request that was sent again. */
const wide: readonly Column<RouteStat>[] = [
  {
    title: "EFFECTIVE_SUCCESS",
    text: ({ successRate }) => percentText(successRate),
    colour: ({ successRate }) => successColour(successRate),
    right: true,
  },
  { title: "EFFECTIVE_RPS", text: ({ rps }) => rateText(rps), right: true },
  {
    title: "ACTUAL_SUCCESS",
    text: ({ actualSuccessRate }) => percentText(actualSuccessRate),
    colour: ({ actualSuccessRate }) => successColour(actualSuccessRate),
    right: true,
  },
  { title: "ACTUAL_RPS", text: ({ actualRps }) => rateText(actualRps), right: true },
];
