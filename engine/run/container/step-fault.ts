import { Fault } from "@plinth/fault";
import { describeErrno, errnoName } from "../init/launch.ts";
import type { Report } from "../init/running-init.ts";

/** A step that failed on the way to a container or a command in one. */
export class StepFault extends Fault {
  /** What could not be done. */
  readonly words: string;
  /** "ENOENT". */
  readonly errno: string;
  /** It is the command itself that was not found, or may not be executed. */
  readonly isCommand: boolean;

  constructor(what: string, { step, errno }: Extract<Report, { kind: "failed" }>) {
    super("unavailable", `${what}: ${step.words}: ${describeErrno(errno)}`);
    this.words = step.words;
    this.errno = errnoName(errno);
    this.isCommand =
      step.call === "execve" || step.call === "faccessat2" || /^(run|find) the command /.test(step.words);
  }
}
