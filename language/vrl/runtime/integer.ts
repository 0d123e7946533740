/**
 * 64-bit signed integers that wrap. In the safe range of a number they are numbers, beyond it bigints, never both for
 * one value; `-0` is no integer. The quick path is a number's own arithmetic and one comparison.
 */
export type Integer = number | bigint;

export const INTEGER_MIN: bigint = -(2n ** 63n);
export const INTEGER_MAX: bigint = 2n ** 63n - 1n;

/** The integer of the lowest 64 bits of `value`, as two's complement. */
export function wrap(value: bigint): Integer {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= -MAX_SAFE && wrapped <= MAX_SAFE ? Number(wrapped) : wrapped;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

export function addIntegers(left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return wrap(BigInt(left) + BigInt(right));
}

export function subtractIntegers(left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return wrap(BigInt(left) - BigInt(right));
}

export function multiplyIntegers(left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const product = left * right;
    // 0 × -1 is -0 as a number.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return wrap(BigInt(left) * BigInt(right));
}

/** The remainder with the sign of `left`; `right` is not 0. */
export function remainderOfIntegers(left: Integer, right: Integer): Integer {
  if (typeof left === "number" && typeof right === "number") return (left % right) + 0;
  return wrap(BigInt(left) % BigInt(right));
}

export function negateInteger(value: Integer): Integer {
  return typeof value === "number" ? 0 - value : wrap(-value);
}

/** -1, 0 or 1. Numbers and bigints compare exactly in JavaScript. */
export function compareIntegers(left: Integer, right: Integer): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The nearest float, as `i64 as f64` in Rust. */
export function integerToNumber(value: Integer): number {
  return typeof value === "number" ? value : Number(value);
}

/** A float's integer part, held to the range of integers (`f64 as i64` in Rust). */
export function integerOfNumber(value: number): Integer {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) return whole + 0;
  if (whole >= 2 ** 63) return INTEGER_MAX;
  if (whole <= -(2 ** 63)) return INTEGER_MIN;
  return wrap(BigInt(whole));
}

/** Reads decimal digits with an optional sign; undefined for anything else and for what 64 bits do not hold. */
export function parseInteger(text: string): Integer | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number + 0;
  const exact = text.startsWith("+") ? BigInt(text.slice(1)) : BigInt(text);
  return exact < INTEGER_MIN || exact > INTEGER_MAX ? undefined : wrap(exact);
}
