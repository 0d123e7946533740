import type { RunCommand } from "../command.ts";
import { createContainerOf } from "../create-container.ts";
import { writePidFile } from "../pid-file.ts";

export const run: RunCommand = async (context) => {
  const { record, container } = await createContainerOf(context, { orphan: true, stdio: [0, 1, 2] });
  writePidFile(context.flags, container.pid);
  context.log.write("debug", `created ${record.id}, process ${container.pid}`);
  container[Symbol.dispose]();
  return 0;
};
