import { loadMaking } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";
import { openInitFor } from "../open-init.ts";

export const run: RunCommand = async ({ words, global, clock, log }) => {
  const { startCreated } = await loadMaking();
  await startCreated(words[0]!, {
    containers: containersOf(global),
    clock,
    openInit: () => openInitFor(global),
    warn: (message) => log.write("warning", message),
  });
  return 0;
};
