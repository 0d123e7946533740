import { deleteContainer } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";

export const run: RunCommand = async ({ words, flags, global, clock, log }) => {
  await deleteContainer(words[0]!, {
    containers: containersOf(global),
    clock,
    force: flags.isSet("force"),
    warn: (message) => log.write("warning", message),
  });
  return 0;
};
