import { constants } from "node:os";

export type ExitCause =
  | "exited"
  | "out-of-memory" // the kernel ended it at its memory limit
  | "cannot-start" // the command never ran
  | "lost"; // it is gone and nobody saw how

/** How a task ended. */
export interface ExitStatus {
  readonly cause: ExitCause;
  /** The main process's exit code, 128 + the signal's number for a signal; undefined when nobody saw it. */
  readonly code: number | undefined;
  /** One phrase for people, without a full stop. */
  readonly reason: string;
}

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

/** "exit code 3", or "exit code 137 (SIGKILL)" where the code may stand for a signal. */
export function describeCode(code: number): string {
  const signal = code > 128 ? signalNames.get(code - 128) : undefined;
  return signal === undefined ? `exit code ${code}` : `exit code ${code} (${signal})`;
}
