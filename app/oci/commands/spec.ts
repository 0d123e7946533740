import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import { loadConfiguration } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";

export const run: RunCommand = async ({ flags }) => {
  const { starterConfig } = await loadConfiguration();
  const bundle = flags.text("bundle") ?? ".";
  if (statSync(bundle, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Fault("not-found", `chdir ${bundle}: no such file or directory`);
  const rootless = flags.isSet("rootless") && { uid: process.geteuid!(), gid: process.getegid!() };
  try {
    const text = JSON.stringify(starterConfig({ rootless }), undefined, "\t");
    writeFileSync(join(bundle, "config.json"), text, { flag: "wx", mode: 0o666 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Fault("conflict", "File config.json exists. Remove it first", { cause: error });
  }
  return 0;
};
