/** Arithmetic of values that are known before a program runs. */
import type { Operator } from "../parser/ast.ts";
import { Failure } from "../runtime/failure.ts";
import { numberOfFloat } from "../runtime/float.ts";
import type { Integer } from "../runtime/integer.ts";
import { isFloat, isInteger } from "../runtime/kind-of.ts";
import { add, divide, multiply, subtract } from "../runtime/operators.ts";
import type { Float, Value } from "../runtime/value.ts";

const arithmetic: Partial<Record<Operator, (left: Value, right: Value) => Value | Failure>> = {
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": divide,
};

export function isNumber(value: Value | undefined): value is Integer | Float {
  return isInteger(value) || isFloat(value);
}

/** The result of `+ - * /` on two numbers; undefined: another operator, a division by zero, or not a number. */
export function foldNumbers(
  operator: Operator,
  left: Integer | Float,
  right: Integer | Float,
): Value | undefined {
  const result = arithmetic[operator]?.(left, right);
  return result instanceof Failure ? undefined : result;
}

/** Whether nothing fails that is divided by this: no zero, and of floats none so small that it loses digits. */
export function isSafeDivisor(value: Value): boolean {
  if (isInteger(value)) return value !== 0;
  if (!isFloat(value)) return false;
  const size = Math.abs(numberOfFloat(value));
  return size >= FLOAT_NORMAL_MIN && size < Infinity;
}

/** The smallest float that is held with all its digits. */
const FLOAT_NORMAL_MIN = 2 ** -1022;
