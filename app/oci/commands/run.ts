import { messageOf } from "@plinth/fault";
import { deleteContainer, loadMaking } from "@plinth/run/oci";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";
import { createContainerOf } from "../create-container.ts";
import { forwardSignals } from "../forward-signals.ts";
import { openInitFor } from "../open-init.ts";
import { writePidFile } from "../pid-file.ts";

export const run: RunCommand = async (context) => {
  const { flags, global, clock, log } = context;
  const { afterStart, beforeStart, startCreated } = await loadMaking();
  const isDetached = flags.isSet("detach");
  const containers = containersOf(global);
  const warn = (message: string): void => log.write("warning", message);
  const starting = { containers, clock, warn, openInit: () => openInitFor(global) };
  const { record, container } = await createContainerOf(context, { orphan: isDetached, stdio: [0, 1, 2] });
  using _container = container;
  const remove = (): Promise<void> => deleteContainer(record.id, { containers, clock, warn, force: true });
  try {
    writePidFile(flags, container.pid);
    if (isDetached) {
      await startCreated(record.id, starting);
      return 0;
    }
    using _forwarding = forwardSignals(container.pid);
    await beforeStart(record, starting);
    await container.start();
    await afterStart(record, starting);
    const { code } = await container.wait();
    if (!flags.isSet("keep")) await remove();
    return code;
  } catch (error) {
    await remove().catch((left: unknown) => warn(messageOf(left)));
    throw error;
  }
};
