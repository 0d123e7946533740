import { userInfo } from "node:os";
import { type Installation, installService, isSystemdHere, lingers, unitOf } from "@plinth/daemon";
import { cronLine, rcLine, writeCronLine } from "../boot-line.ts";
import type { Context } from "../command.ts";
import { EXIT_FAILED, UsageFault } from "../exit-code.ts";

/** As a shell without one would look for programs. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const told: Readonly<Record<Installation["changes"][number], string>> = {
  unit: "wrote the unit",
  enabled: "it starts with the machine",
  "took-over": "took over the daemon that ran; no instance was touched",
  started: "started the daemon",
  restarted: "started the daemon again; no instance was touched",
};

export async function run(context: Context): Promise<number> {
  const { home, output, clock, json } = context;
  const path = process.env["PATH"] ?? DEFAULT_PATH;
  if (context.is("print")) {
    output.result(unitOf({ home, environment: process.env }).trimEnd());
    return 0;
  }
  if (!isSystemdHere()) return withoutSystemd(context, path);
  if (context.is("cron")) {
    throw new UsageFault("Cannot use --cron: systemd runs this machine", context.words, {
      hint: "Without it, `plinth install` writes a unit.",
    });
  }
  const { file, scope, changes } = await installService({ home, environment: process.env, clock });
  if (json) output.json({ file, scope, changes });
  else {
    output.result(`systemd keeps Plinth running: ${file}`);
    if (changes.length === 0) output.note("Nothing was to be changed.");
    for (const change of changes) output.note(`  ${told[change]}`);
  }
  if (scope === "user" && !lingers()) {
    output.warn(
      `It ends when you log out, and does not start with the machine, until: loginctl enable-linger ${userInfo().username}`,
    );
  }
  return 0;
}

/** Who watches there is the supervisor of `plinth up --detach`; only the machine's next start is nobody's. */
async function withoutSystemd(context: Context, path: string): Promise<number> {
  const { home, output, json } = context;
  const line = cronLine(home, path);
  if (context.is("cron")) {
    const isNew = await writeCronLine(home, line);
    if (json) output.json({ cron: line, changes: isNew ? ["cron"] : [] });
    else {
      output.result(isNew ? "Wrote into your crontab:" : "Your crontab has it already:");
      output.result(line);
    }
    return 0;
  }
  if (json) output.json({ cron: line, rcLocal: rcLine(home, path), changes: [] });
  else {
    output.note("systemd does not run this machine, and nothing was set up.");
    output.note("`plinth up --detach` leaves a supervisor that starts the daemon again when it dies.");
    output.note("For Plinth to come back after the machine restarts, `plinth install --cron` writes, or you");
    output.note("add with `crontab -e`:\n");
    output.result(line);
    output.note("\nor, where root's /etc/rc.local is run:\n");
    output.result(rcLine(home, path));
  }
  return EXIT_FAILED;
}
