import { Fault, type FaultCode } from "@plinth/fault";
import type { Surface } from "./terminal/output.ts";

/** Every exit code, as documented in docs/cli.md. */
export const exitCodes: Readonly<Record<number, string>> = {
  0: "done",
  1: "failed for a reason the message says",
  2: "the command line itself is wrong",
  3: "the config, or a resource sent to the API, is invalid",
  4: "no Plinth is running in this home, or it or a store does not answer",
  5: "the app is not healthy: a rollout failed, or `doctor` found an obstacle",
  6: "something was not done within its time, or nobody can tell whether it was",
  7: "somebody else changed it in the meantime",
  129: "ended because its terminal was closed (SIGHUP)",
  130: "interrupted by Ctrl-C (SIGINT)",
  143: "ended by SIGTERM",
};

const byFault: Partial<Record<FaultCode, number>> = {
  invalid: 3,
  unavailable: 4,
  timeout: 6,
  conflict: 7,
};

export const EXIT_FAILED = 1;
export const EXIT_UNHEALTHY = 5;

/** A mistyped word and what it may have meant; the nearest is looked for only when the fault is shown. */
export interface Mistyped {
  readonly word: string;
  readonly among: readonly string[];
  /** How the right word is written in a hint, around it: ["`plinth ", "`"]. */
  readonly around?: readonly [before: string, after: string];
}

/** The command line is wrong: nothing was done. */
export class UsageFault extends Fault {
  /** The command whose help to point at. */
  readonly words: readonly string[];
  readonly mistyped: Mistyped | undefined;

  constructor(message: string, words: readonly string[], more: { hint?: string; mistyped?: Mistyped } = {}) {
    super("invalid", message, more);
    this.words = words;
    this.mistyped = more.mistyped;
  }
}

/** A fault that is more than a sentence. */
export abstract class DetailedFault extends Fault {
  /** All of it for a person. */
  abstract lines(surface: Surface): string[];
  /** What a program gets beside code and message. */
  abstract readonly details: object;
}

/** The user or the system asked this process to end. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly exitCode: number;

  /** SIGPIPE: whoever read our output has seen enough, which is no failure. */
  constructor(signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGPIPE") {
    super(`ended by ${signal}`);
    this.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: 0 }[signal];
  }
}

export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageFault) return 2;
  if (thrown instanceof Interruption) return thrown.exitCode;
  if (thrown instanceof Fault) return byFault[thrown.code] ?? EXIT_FAILED;
  return EXIT_FAILED;
}
