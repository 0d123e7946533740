import { resumeContainer } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";

export const run: RunCommand = ({ words, global }) => {
  resumeContainer(words[0]!, containersOf(global));
  return 0;
};
