import { shownState, toJson } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";

export const run: RunCommand = ({ words, global, print }) => {
  const containers = containersOf(global);
  print(toJson(shownState(containers, containers.read(words[0]!)), 2));
  return 0;
};
