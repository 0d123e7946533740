import { pauseContainer } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";

export const run: RunCommand = async ({ words, global, clock }) => {
  await pauseContainer(words[0]!, { containers: containersOf(global), clock });
  return 0;
};
