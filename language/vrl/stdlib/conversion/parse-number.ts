/** Numbers as Rust's `FromStr` reads them, and what it says of those that are none. */
import { floatOf } from "../../runtime/float.ts";
import { INTEGER_MAX, INTEGER_MIN, wrap, type Integer } from "../../runtime/integer.ts";
import type { Float } from "../../runtime/value.ts";

const EMPTY = "cannot parse integer from empty string";
const INVALID = "invalid digit found in string";
const TOO_LARGE = "number too large to fit in target type";
const TOO_SMALL = "number too small to fit in target type";

/** What is wrong with a text. */
export class NumberFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Digits of `base`, 2 to 36, in either case, and a sign perhaps. */
export function parseRadix(text: string, base: number): Integer | NumberFault {
  if (text === "") return new NumberFault(EMPTY);
  const isNegative = text.startsWith("-");
  const start = isNegative || text.startsWith("+") ? 1 : 0;
  if (start === text.length) return new NumberFault(INVALID);
  let size = 0;
  for (let index = start; index < text.length; index++) {
    const digit = digitOf(text.charCodeAt(index));
    if (digit >= base) return new NumberFault(INVALID);
    const next = size * base + digit;
    if (next > Number.MAX_SAFE_INTEGER) return parseLarge(text, base, index, BigInt(size), isNegative);
    size = next;
  }
  return isNegative ? 0 - size : size;
}

/** Goes on at `start` with what was read before it. It ends at the first digit too many, however long the text is. */
// oxlint-disable-next-line max-params -- the state of a loop
function parseLarge(
  text: string,
  base: number,
  start: number,
  read: bigint,
  isNegative: boolean,
): Integer | NumberFault {
  let size = read;
  const limit = isNegative ? -INTEGER_MIN : INTEGER_MAX;
  for (let index = start; index < text.length; index++) {
    const digit = digitOf(text.charCodeAt(index));
    if (digit >= base) return new NumberFault(INVALID);
    size = size * BigInt(base) + BigInt(digit);
    if (size > limit) return new NumberFault(isNegative ? TOO_SMALL : TOO_LARGE);
  }
  return wrap(isNegative ? -size : size);
}

/** 36 and more: it is no digit. */
function digitOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return unit < 0x80 && lower >= 0x61 && lower <= 0x7a ? lower - 0x57 : 36;
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
const NAN = /^[+-]?nan$/i;

/** NaN where the text says so. */
export function parseFloatText(text: string): number | NumberFault {
  if (DECIMAL.test(text)) return Number(text);
  if (text === "") return new NumberFault("cannot parse float from empty string");
  if (INFINITE.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return NAN.test(text) ? NaN : new NumberFault("invalid float literal");
}

/** Undefined for NaN, which VRL has not. */
export function floatValueOf(number: number): number | Float | undefined {
  return Number.isNaN(number) ? undefined : floatOf(number);
}
