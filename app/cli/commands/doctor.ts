import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fault } from "@plinth/fault";
import type { PsRow, StatusReport } from "@plinth/resource";
import type { Context } from "../command.ts";
import { type Check, type Level, good } from "../doctor/check.ts";
import { containerChecks } from "../doctor/containers.ts";
import { isolationChecks } from "../doctor/isolation.ts";
import { machineChecks } from "../doctor/machine.ts";
import { networkChecks } from "../doctor/network.ts";
import { runningChecks } from "../doctor/running.ts";
import { EXIT_UNHEALTHY } from "../exit-code.ts";
import type { Colour } from "../terminal/output.ts";
import { shownPath } from "../terminal/shown-path.ts";
import { wrap } from "../terminal/wrap.ts";

const marks: Readonly<Record<Level, readonly [mark: string, colour: Colour]>> = {
  good: ["√", "green"],
  weak: ["‼", "yellow"],
  bad: ["×", "red"],
};

export async function run(context: Context): Promise<number> {
  const { home, output, json } = context;
  const running = await runningDaemon(context);
  const checks = [
    ...machineChecks(home),
    ...(await containerChecks(home)),
    ...(await networkChecks(running !== undefined)),
    ...(running === undefined
      ? [good("daemon", "not running; `plinth up` starts it")]
      : runningChecks(running.status, running.rows)),
    ...(await isolationChecks(running?.status.mesh.mode)),
  ];
  const bad = checks.some(({ level }) => level === "bad");
  if (json) output.json({ ok: !bad, checks });
  else for (const check of checks) for (const line of lines(check, context)) output.result(line);
  if (bad) output.note("\nWhat is marked × is in the way.");
  return bad ? EXIT_UNHEALTHY : 0;
}

async function runningDaemon({
  client,
  signal,
}: Context): Promise<{ status: StatusReport; rows: readonly PsRow[] } | undefined> {
  try {
    const [status, rows] = await Promise.all([client.status({ signal }), client.ps(undefined, { signal })]);
    return { status, rows };
  } catch (error) {
    if (error instanceof Fault && error.code === "unavailable") return undefined;
    throw error;
  }
}

const INDENT = 4;
/** Beside the programs, in a package as in the repository. */
const DOCUMENTS = fileURLToPath(new URL("../../../docs/", import.meta.url));

function lines({ name, level, message, hint, page }: Check, { output }: Context): string[] {
  const { stdout } = output;
  const [mark, colour] = marks[level];
  const width = stdout.columns - INDENT;
  const [first, ...rest] = wrap(`${name}: ${message}`, width);
  return [
    `${stdout.paint(colour, mark)} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(hint === undefined ? [] : wrap(hint, width).map((line) => stdout.paint("dim", `    ${line}`))),
    ...(page === undefined
      ? []
      : [stdout.paint("dim", `    More: ${shownPath(join(DOCUMENTS, "..", page))}`)]),
  ];
}
