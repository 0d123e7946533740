import type { ExitStatus } from "../exit-status.ts";
import { errnoName } from "../init/launch.ts";
import type { TaskRecord } from "../process/state.ts";
import { readStartFailure } from "./state-files.ts";
import type { StepFault } from "./step-fault.ts";

/** As a shell says it: not there, there but not to be executed, and anything else. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const NOT_STARTED = 125;

/** Why a command that our init was to run never did; undefined where it did. */
export function initFailure({ mark, command }: TaskRecord, stateDirectory: string): ExitStatus | undefined {
  const failure = readStartFailure(stateDirectory, mark);
  if (failure === undefined) return undefined;
  if (/^(run|find) /.test(failure.words))
    return commandFailure(command, errnoName(failure.errno), failure.reason);
  return cannot(NOT_STARTED, failure.reason);
}

/** Why a task cannot be started that a step of its container failed for; undefined where that says nothing about it. */
export function startFailure(
  { words, errno, message, isCommand }: StepFault,
  { command, network }: TaskRecord,
): ExitStatus | undefined {
  if (isCommand) return commandFailure(command, errno, message);
  const places =
    network === undefined || network === null ? [] : [network.namespace, network.hosts, network.resolvConf];
  if (!places.some((place) => words.includes(place))) return undefined;
  return cannot(
    NOT_STARTED,
    `it could not be put into its network ${network?.namespace}: ${words}: ${errno}`,
  );
}

/** A command that is not there, or may not be executed. */
export function commandFailure(command: string, errno: string, reason: string): ExitStatus {
  const quoted = JSON.stringify(command);
  if (errno === "ENOENT")
    return cannot(
      NOT_FOUND,
      command.includes("/")
        ? `no such file ${quoted} in it, or its interpreter is missing`
        : `no such command ${quoted} in PATH`,
    );
  if (errno === "EACCES" || errno === "ENOEXEC" || errno === "EISDIR")
    return cannot(NOT_EXECUTABLE, `${quoted} may not be executed (exit code ${NOT_EXECUTABLE})`);
  return cannot(NOT_STARTED, reason);
}

const cannot = (code: number, why: string): ExitStatus => ({
  cause: "cannot-start",
  code,
  reason: `Cannot start: ${why}`,
});
