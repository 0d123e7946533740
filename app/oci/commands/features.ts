import { loadConfiguration } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";

export const run: RunCommand = async ({ print }) => {
  const { features } = await loadConfiguration();
  print(`${JSON.stringify(features(), undefined, 4)}\n`);
  return 0;
};
