import { Fault } from "@plinth/fault";
import { hostArchitecture } from "../machine/architecture.ts";
import type { Init } from "./init-file.ts";
import { RECORD_BYTES, TABLE_BYTES_MAX } from "./layout.ts";
import { describeErrno, errnoName, launch, unexpectedEnd } from "./launch.ts";
import { encodeProgram } from "./program.ts";
import { exitStep, reportFailure } from "./report.ts";
import { Label, type Step } from "./step.ts";

/** Half of the table for records; the other half is for what they point to. */
export const STEPS_MAX: number = Math.floor(TABLE_BYTES_MAX / 2 / RECORD_BYTES);

export interface RunStepsOptions {
  readonly init: Init;
  /** Descriptors of ours that become 4, 5 and so on. */
  readonly descriptors?: readonly number[];
  readonly signal?: AbortSignal;
  /** Called with the process's pid whenever a step reports that it waits; it goes on afterwards. */
  readonly onWaiting?: (pid: number) => Promise<void>;
}

/** A step that failed. */
export class StepFault extends Fault {
  readonly step: Step;
  /** "EEXIST". */
  readonly errno: string;

  constructor(step: Step, errno: number) {
    super("unavailable", `Cannot ${step.words}: ${describeErrno(errno)}`);
    this.step = step;
    this.errno = errnoName(errno);
  }
}

/**
 * Makes system calls one by one that Node cannot make, in a process of their own; stops at the first that fails, with
 * a StepFault. At most STEPS_MAX. Aborting ends it after any step.
 */
export async function runSteps(steps: readonly (Step | Label)[], options: RunStepsOptions): Promise<void> {
  options.signal?.throwIfAborted();
  const failure = new Label("failure");
  const section = {
    name: "init",
    failure,
    steps: [...steps, exitStep(0), failure, ...reportFailure(), exitStep(1)],
  };
  const program = encodeProgram({ sections: [section] }, hostArchitecture());
  const launched = await launch({
    init: options.init,
    program,
    descriptors: options.descriptors ?? [],
  });
  const end = (): void => void launched.child.kill("SIGKILL");
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    let report = await launched.next();
    for (; report?.kind === "waiting"; report = await launched.next()) {
      await options.onWaiting?.(launched.child.pid!);
      launched.answer();
    }
    const ended = await launched.ended;
    options.signal?.throwIfAborted();
    if (report?.kind === "failed") throw new StepFault(report.step, report.errno);
    if (ended.code !== 0) throw unexpectedEnd("make system calls", ended);
  } finally {
    options.signal?.removeEventListener("abort", end);
    launched.close();
  }
}
