import { loadMaking } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";

export const run: RunCommand = async ({ words, global, print }) => {
  const { explainBundle } = await loadMaking();
  const lines = explainBundle(words[0] ?? ".", {
    stateDirectory: `${global.root}/ID`,
    isRootless: global.isRootless,
  });
  for (const line of lines) print(`${line}\n`);
  return 0;
};
