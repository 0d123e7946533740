import { restoreBackup } from "../backup/restore-backup.ts";
import type { Context } from "../command.ts";
import { fileFault } from "../file-fault.ts";
import { showBytes } from "../terminal/byte-progress.ts";
import { summary } from "./backup.ts";

export async function run(context: Context): Promise<void> {
  const { output, json, home, signal } = context;
  const file = context.required("FILE");
  const { manifest, missing } = await (async () => {
    using progress = showBytes(context, `restoring ${file}`);
    return restoreBackup(file, home, { signal, onProgress: progress.update }).catch((error: unknown) => {
      throw fileFault(error, `Cannot restore "${file}" to "${home}"`);
    });
  })();
  for (const path of missing) {
    output.warn(`What runs from this backup uses ${path}, which is not on this machine: install it there.`);
  }
  if (json) return output.json({ restoredTo: home, missing, ...summary(manifest) });
  output.result(`restored to ${home}`);
  if (manifest.without.length > 0) {
    output.warn(`The backup was made without ${manifest.without.join(", ")}: these begin empty.`);
  }
  output.note("`plinth start` with the same --home starts all that was there.");
}
