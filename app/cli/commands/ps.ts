import type { PsRow } from "@plinth/resource";
import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { phaseColours } from "../progress.ts";
import { type Column, columns } from "../terminal/columns.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { ageText, bytesText, cpuText } from "../terminal/quantities.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, clock, signal } = context;
  const named = context.text("APP");
  const app = named === undefined ? undefined : (await chooseApp(context, named)).metadata.name;
  const rows = await client.ps(app, { signal });
  if (json) return output.json(rows);
  if (rows.length === 0) return output.note("No instances. `plinth up` deploys an app.");

  const now = clock.now();
  const table: Column<PsRow>[] = [
    { title: "INSTANCE", text: ({ instance }) => plainLine(instance) },
    { title: "STATE", text: ({ state }) => plainLine(state), colour: ({ state }) => phaseColours[state] },
    { title: "RELEASE", text: ({ release }) => String(release), right: true, minor: 2 },
    { title: "PID", text: ({ pid }) => String(pid ?? "-"), right: true, minor: 3 },
    { title: "RESTARTS", text: ({ restarts }) => String(restarts), right: true, minor: 1 },
    { title: "CPU", text: ({ cpuSeconds }) => cpuText(cpuSeconds), right: true, minor: 4 },
    { title: "MEMORY", text: ({ memoryBytes }) => bytesText(memoryBytes), right: true, minor: 4 },
    { title: "AGE", text: ({ startedAt }) => ageText(startedAt, now), right: true, minor: 2 },
    { title: "ADDRESS", text: ({ address }) => address ?? "-", minor: 5 },
    { title: "REASON", text: ({ reason }) => plainLine(reason ?? "") },
  ];
  // A column that says nothing takes room from those that do.
  const shown = rows.some(({ reason }) => (reason ?? "") !== "") ? table : table.slice(0, -1);
  for (const line of columns(rows, shown, output.stdout)) output.result(line);
  for (const { instance, exposed, notices } of rows) {
    if (exposed !== undefined && exposed !== null) {
      output.warn(
        `${plainLine(instance)} listens on ${plainLine(exposed)}, beyond this machine: let it bind $HOST`,
      );
    }
    for (const notice of notices ?? []) output.warn(`${plainLine(instance)}: ${plainLine(notice)}`);
  }
}
