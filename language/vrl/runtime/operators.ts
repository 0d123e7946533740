/** Operators on values of any kind. Those that can fail yield a failure. */
import { Kind } from "../checker/kind.ts";
import { compareValues } from "./equal.ts";
import { Failure } from "./failure.ts";
import { floatOf } from "./float.ts";
import { addIntegers, type Integer, integerToNumber, multiplyIntegers, subtractIntegers } from "./integer.ts";
import { isInteger, isObject, isText } from "./kind-of.ts";
import { bytesOf, concatTexts, type Text, textOf } from "./text.ts";
import { Timestamp } from "./timestamp.ts";
import { Float, type Value, type VrlObject } from "./value.ts";

/** Bytes a string may be repeated to: beyond it the process would end before the event. */
const REPEATED_BYTES_MAX = 256 * 1024 * 1024;

const nan = new Failure("operation would produce NaN");
const dividedByZero = new Failure("can't divide by zero");

function kindText(value: Value): string {
  return Kind.ofValue(value).toString();
}

function refuse(before: string, left: Value, between: string, right: Value): Failure {
  return new Failure(`${before} ${kindText(left)} ${between} ${kindText(right)}`);
}

/** The number of an integer or float, NaN for anything else. */
function numberOf(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return value instanceof Float ? value.value : Number.NaN;
}

function isNumber(value: Value): value is number | bigint | Float {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Float;
}

function float(number: number): Value | Failure {
  return Number.isNaN(number) ? nan : floatOf(number);
}

export function add(left: Value, right: Value): Value | Failure {
  if (isNumber(left) && isNumber(right)) {
    if (isInteger(left) && isInteger(right)) return addIntegers(left, right);
    return float(numberOf(left) + numberOf(right));
  }
  if (isText(left)) {
    if (isText(right)) return concatTexts(left, right);
    if (right === null) return left;
  }
  if (left === null && isText(right)) return right;
  return new Failure(`can't add type ${kindText(right)} to ${kindText(left)}`);
}

/** Both are strings or null, not both null. */
export function addTexts(left: Text | null, right: Text | null): Text {
  if (left === null) return right!;
  return right === null ? left : concatTexts(left, right);
}

export function subtract(left: Value, right: Value): Value | Failure {
  if (isNumber(left) && isNumber(right)) {
    if (isInteger(left) && isInteger(right)) return subtractIntegers(left, right);
    return float(numberOf(left) - numberOf(right));
  }
  return new Failure(`can't subtract type ${kindText(right)} from ${kindText(left)}`);
}

export function multiply(left: Value, right: Value): Value | Failure {
  if (isNumber(left) && isNumber(right)) {
    if (isInteger(left) && isInteger(right)) return multiplyIntegers(left, right);
    return float(numberOf(left) * numberOf(right));
  }
  if (isText(left) && isInteger(right)) return repeat(left, right);
  if (isInteger(left) && isText(right)) return repeat(right, left);
  return refuse("can't multiply type", left, "by", right);
}

function repeat(text: Text, times: Integer): Text | Failure {
  const count = Math.max(0, integerToNumber(times));
  const length = text.length * count;
  if (length === 0) return "";
  if (length > REPEATED_BYTES_MAX)
    return new Failure(`can't repeat a string to more than ${REPEATED_BYTES_MAX} bytes`);
  if (typeof text === "string") return text.repeat(count);
  const bytes = bytesOf(text);
  const repeated = new Uint8Array(length);
  for (let index = 0; index < count; index++) repeated.set(bytes, index * bytes.length);
  return textOf(repeated);
}

export function divide(left: Value, right: Value): Value | Failure {
  if (isNumber(right) && numberOf(right) === 0) return dividedByZero;
  if (isNumber(left) && isNumber(right)) return float(numberOf(left) / numberOf(right));
  return refuse("can't divide type", left, "by", right);
}

type Comparison = ">" | ">=" | "<" | "<=";

/** Orders two values: negative, 0 or positive. */
function compare(left: Value, right: Value, operator: Comparison): number | Failure {
  const order = compareValues(left, right);
  if (order !== undefined) return order;
  if (isText(left)) return unexpected("string", right);
  if (left instanceof Timestamp) return unexpected("timestamp", right);
  return operator === ">"
    ? refuse("can't calculate remainder of type", left, "and", right)
    : refuse("can't compare", left, ">=", right);
}

export function isGreater(left: Value, right: Value): boolean | Failure {
  const order = compare(left, right, ">");
  return typeof order === "number" ? order > 0 : order;
}

export function isGreaterOrEqual(left: Value, right: Value): boolean | Failure {
  const order = compare(left, right, ">=");
  return typeof order === "number" ? order >= 0 : order;
}

export function isLess(left: Value, right: Value): boolean | Failure {
  const order = compare(left, right, "<");
  return typeof order === "number" ? order < 0 : order;
}

export function isLessOrEqual(left: Value, right: Value): boolean | Failure {
  const order = compare(left, right, "<=");
  return typeof order === "number" ? order <= 0 : order;
}

/** `&&` once the left side is neither null nor false. */
export function and(left: Value, right: Value): boolean | Failure {
  if (typeof left === "boolean") {
    if (right === null) return false;
    if (typeof right === "boolean") return left && right;
  }
  return refuse("can't apply an AND to types", left, "and", right);
}

/** `|`: the right side's keys over the left's. */
export function mergeObjects(left: Value, right: Value): VrlObject | Failure {
  if (isObject(left) && isObject(right)) return { ...left, ...right };
  return new Failure(`can't merge type ${kindText(right)} into ${kindText(left)}`);
}

/** What a function says of an argument that it does not take; `expected` as kinds tell themselves. */
export function unexpected(expected: string, value: Value): Failure {
  return new Failure(`expected ${expected}, got ${kindText(value)}`);
}
