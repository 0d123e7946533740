import { commandFailure, initFailure } from "../container/start-failure.ts";
import type { ExitStatus } from "../exit-status.ts";
import { launchersFailure } from "./earlier-launcher.ts";
import type { TaskRecord } from "./state.ts";

/** Why a task's command never ran; undefined where it did. */
export function startFailure(task: TaskRecord, stateDirectory: string): ExitStatus | undefined {
  const { command, directory, isFound } = task;
  const failure = initFailure(task, stateDirectory, directory);
  if (failure !== undefined || task.byInit === true) return failure;
  const earlier = launchersFailure(stateDirectory);
  if (earlier?.kind !== "exec") return undefined;
  const errno = earlier.rest === "127" || !isFound ? "ENOENT" : "EACCES";
  return commandFailure(command, errno, `exec failed with code ${earlier.rest}`, directory);
}
