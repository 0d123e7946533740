import type { ExitStatus } from "../exit-status.ts";
import { errnoName } from "../init/launch.ts";
import type { TaskRecord } from "../process/state.ts";
import { readStartFailure } from "./state-files.ts";
import type { StepFault } from "./step-fault.ts";

/** As a shell says it: not there, there but not to be executed, and anything else. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const NOT_STARTED = 125;

/** Why a command that our init was to run never did; undefined where it did. `where`: it was looked for. */
export function initFailure(
  { mark, command, isFound, network }: TaskRecord,
  stateDirectory: string,
  where?: string,
): ExitStatus | undefined {
  const failure = readStartFailure(stateDirectory, mark);
  if (failure === undefined) return undefined;
  const errno = errnoName(failure.errno);
  if (/^(run|find) /.test(failure.words))
    return commandFailure(command, errno === "EACCES" && !isFound ? "ENOENT" : errno, failure.reason, where);
  return networkFailure(failure.words, failure.reason, network) ?? cannot(NOT_STARTED, failure.reason);
}

/** Why a task cannot be started that a step of its container failed for; undefined where that says nothing about it. */
export function startFailure(
  { words, errno, message, isCommand }: StepFault,
  { command, network }: TaskRecord,
): ExitStatus | undefined {
  if (isCommand) return commandFailure(command, errno, message);
  return networkFailure(words, `${words}: ${errno}`, network);
}

/** Of what was to be done with a place in the network. */
function networkFailure(
  words: string,
  reason: string,
  network: TaskRecord["network"],
): ExitStatus | undefined {
  const places =
    network === undefined || network === null ? [] : [network.namespace, network.hosts, network.resolvConf];
  if (!places.some((place) => words.includes(place))) return undefined;
  return cannot(NOT_STARTED, `it could not be put into its network ${network?.namespace}: ${reason}`);
}

/** A command that is not there, or may not be executed. */
export function commandFailure(command: string, errno: string, reason: string, where = "it"): ExitStatus {
  const quoted = JSON.stringify(command);
  if (errno === "ENOENT")
    return cannot(
      NOT_FOUND,
      command.includes("/")
        ? `no such file ${quoted} in ${where}, or its interpreter is missing`
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
