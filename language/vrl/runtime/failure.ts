import type { Value } from "./value.ts";

/**
 * What a fallible expression yields in place of a value. Returned, never thrown: an event that a program refuses is no
 * exception, and an `Error` with its stack would cost more than the rest of the program.
 */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** `abort`: travels as a failure does, and ends the program but for `??` and `ok, err =`, which stop it. */
export class Aborted extends Failure {
  /** Undefined: the program gave none. */
  readonly reason: string | undefined;
  constructor(reason?: string) {
    super(reason ?? "aborted");
    this.reason = reason;
  }
}

/**
 * `return` where a closure, `??` or `ok, err =` stands between it and the program's end. Closures over objects take its
 * value as theirs; of all other functions with a closure it is a failure.
 */
export class Returned extends Failure {
  readonly value: Value;
  constructor(value: Value) {
    super("return");
    this.value = value;
  }
}

/** A failure of a function as its caller tells it; `prefix` names the function and where it was called. */
export function failureOfCall(failure: Failure, prefix: string): Failure {
  if (failure instanceof Aborted) return failure;
  return new Failure(
    failure instanceof Returned ? "return cannot be used inside closures" : prefix + failure.message,
  );
}

/** What ends the right side of `||`, as `||` tells it: a failure, whatever it was. */
export function failureOfOr({ message }: Failure): Failure {
  return new Failure(`can't apply an OR to these types - ${message}`);
}

/** What a closure over an object yields: `return` in it gives its value. */
export function yieldOf(outcome: Value | Failure): Value | Failure {
  return outcome instanceof Returned ? outcome.value : outcome;
}
