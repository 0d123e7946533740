import { isSystemdHere, uninstallService } from "@plinth/daemon";
import { Fault } from "@plinth/fault";
import { writeCronLine } from "../boot-line.ts";
import type { Context } from "../command.ts";
import { stopAll } from "./down.ts";

export async function run(context: Context): Promise<void> {
  const { home, output, json } = context;
  const down = context.is("down");
  if (down) await stopAll(context);
  const hadUnit = isSystemdHere() && (await uninstallService(home));
  const hadLine = await writeCronLine(home, undefined).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "unsupported") return false; // no cron, no line
    throw error;
  });
  if (json) return output.json({ unit: hadUnit, cron: hadLine, down });
  if (!hadUnit && !hadLine) return output.note("There was nothing to take away.");
  output.result(
    hadUnit ? "systemd does not keep Plinth running any more" : "Took the line out of your crontab",
  );
  if (hadUnit && !down)
    output.note("Apps run on, and nobody watches over them until `plinth start` or `plinth up --detach`.");
}
