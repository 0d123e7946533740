import { Fault } from "@plinth/fault";
import type { Process, StepFault } from "@plinth/run/oci";

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOEXEC: "exec format error",
  ENOTDIR: "not a directory",
};

/** A command that cannot be run, in the words that podman and containerd look for to tell one failure from another. */
export function runtimeFailure(error: StepFault, { args = [], cwd }: Pick<Process, "args" | "cwd">): Fault {
  const before = "unable to start container process:";
  const [command = ""] = args;
  const why = WORDS[error.errno] ?? error.message;
  const fault = (message: string): Fault => new Fault("unavailable", message, { cause: error });
  if (error.isCommand)
    return fault(`${before} exec: ${JSON.stringify(command)}: ${whyNot(command, error.errno, why)}`);
  if (error.words.includes("directory") && error.words.includes(cwd))
    return fault(`${before} chdir to cwd (${JSON.stringify(cwd)}) set in config.json failed: ${why}`);
  return fault(`${before} ${error.words}: ${why}`);
}

/** A name is looked for, a path is looked at. */
function whyNot(command: string, errno: string, why: string): string {
  if (errno !== "ENOENT") return why;
  return command.includes("/") ? `stat ${command}: ${why}` : "executable file not found in $PATH";
}
