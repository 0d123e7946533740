import { Kind } from "../../checker/kind.ts";
import { Failure } from "../../runtime/failure.ts";
import type { Value } from "../../runtime/value.ts";

/** What a message calls a value that is there: its kind with all its parts. */
export function kindText(value: Value | undefined): string {
  return Kind.ofValue(value ?? null).toString();
}

export function mismatch(expected: string, got: Value | undefined): Failure {
  return new Failure(`expected ${expected}, got ${kindText(got)}`);
}
