import { renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Flags } from "./flag.ts";

/** Whoever waits for the file sees all of it. */
export function writePidFile(flags: Flags, pid: number): void {
  const path = flags.text("pid-file");
  if (path === undefined) return;
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  writeFileSync(temporary, `${pid}`, { mode: 0o644 });
  renameSync(temporary, path);
}
