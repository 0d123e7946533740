import { openInit } from "../../init/init-file.ts";
import { runSteps } from "../../init/run-steps.ts";
import { call, Slot } from "../../init/step.ts";

const AT_FDCWD = -100;
const O_DIRECTORY_CLOEXEC = 0o200_000 | 0o2_000_000;

/** Writes all of a file system to its disk, which Node has no call for; a call per file would take far longer. */
export async function syncFileSystem(directory: string, initDirectory: string): Promise<void> {
  using init = await openInit(initDirectory);
  const opened = new Slot("the directory");
  await runSteps(
    [
      call(`open ${directory}`, "openat", [AT_FDCWD, directory, O_DIRECTORY_CLOEXEC, 0], { keep: opened }),
      call(`write the file system of ${directory} to its disk`, "syncfs", [opened]),
    ],
    { init },
  );
}
