/** Generated code becomes a function here, and nowhere else. */
import { Aborted, Failure, failureOfCall, failureOfOr, Returned } from "../runtime/failure.ts";
import { copyValue } from "../runtime/copy.ts";
import { looselyEqual } from "../runtime/equal.ts";
import { addIntegers, multiplyIntegers, subtractIntegers } from "../runtime/integer.ts";
import type { Journal, Target } from "../runtime/journal.ts";
import { isFloat, isInteger, isObject } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import * as operators from "../runtime/operators.ts";
import { insertAt } from "../runtime/path.ts";
import { Regex } from "../runtime/regex.ts";
import { elementAt, emptyOf, fieldOf } from "../runtime/steps.ts";
import { concatTexts, lossyText } from "../runtime/text.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import type { Generated } from "./generate.ts";
import { sourceMapOf } from "./source-map.ts";

/** All that generated code can name beside its own variables and constants. */
const runtime = {
  Failure,
  Aborted,
  failureOfCall,
  failureOfOr,
  Returned,
  copyValue,
  looselyEqual,
  addIntegers,
  multiplyIntegers,
  subtractIntegers,
  isFloat,
  isInteger,
  isObject,
  setKey,
  insertAt,
  Regex,
  elementAt,
  emptyOf,
  fieldOf,
  concatTexts,
  lossyText,
  Timestamp,
  ...operators,
};

/** Runs a program on a target, which it changes in place; `journal` is there if the program was generated with one. */
export type RunProgram = (target: Target, journal: Journal | undefined) => Value | Failure;

/** Names of the parameters, in the order of the arguments. */
function parametersOf({ constants }: Generated): string[] {
  return [...Object.keys(runtime), ...constants.map((_, index) => `k${index}`)];
}

/** The generated JavaScript, for people to read: with what it is given. */
export function javascriptOf(generated: Generated): string {
  return generated.lines.map(({ text }) => text).join("\n");
}

/**
 * `name` is told in stacks and profiles. Texts of the program are in the code as string literals only
 * (`codegen/literals.ts`); all names are made by the generator.
 */
export function evaluate(generated: Generated, source: string, name: string): RunProgram {
  // `new Function` puts two lines before the body.
  const map = sourceMapOf(generated.lines, 3, source, name);
  const comments = `//# sourceURL=${name}.js\n//# sourceMappingURL=data:application/json,${encodeURIComponent(JSON.stringify(map))}`;
  const code = `"use strict";\n${javascriptOf(generated)}\n${comments}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- what a compiler is for
  const make = new Function(...parametersOf(generated), code) as (...given: unknown[]) => RunProgram;
  return make(...Object.values(runtime), ...generated.constants);
}
