/**
 * Floats as decimal numbers of 96 bits, as `format_number` writes them: with 15 or 16 significant digits, which are
 * rounded one after the other from the last one on, and at most 28 decimal places.
 */
import { plainText } from "../../runtime/float.ts";

const PLACES_MAX = 28;
const LIMIT = 1n << 96n;
const TOP_BIT = 1n << 95n;
/** Up to it, digits count as exact. */
const EXACT_LIMIT = 1n << 52n;

/** Digits with a point perhaps and without an exponent. */
export function decimalText(number: number): string {
  if (Object.is(number, -0)) return "-0";
  const text = String(number);
  return isExact(number, text) ? text : slowDecimalText(number);
}

/**
 * Whether JavaScript's shortest digits are the ones wanted: there are at most 15 of them, and they do not lie where 16
 * digits still fit into 52 bits but a float's error is half of the last one.
 */
function isExact(number: number, text: string): boolean {
  if (Number.isSafeInteger(number)) return true;
  return Number.isFinite(number) && text.length <= 16 && !text.includes("e") && !/^-?[0.]*4/.test(text);
}

/** Beyond what 96 bits hold, the float's own digits. */
export function slowDecimalText(number: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(number));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & (EXACT_LIMIT - 1n);
  const significand = biased === 0 ? fraction : fraction | EXACT_LIMIT;
  const scaled = biased === 2047 ? undefined : toTens(significand, Math.max(biased, 1) - 1075);
  if (scaled === undefined) return plainText(number);
  const { digits, places } = withoutExcess(scaled);
  const text = digits.toString().padStart(places + 1, "0");
  const sign = number < 0 ? "-" : "";
  return places === 0 ? sign + text : `${sign}${text.slice(0, -places)}.${text.slice(-places)}`;
}

interface Scaled {
  readonly digits: bigint;
  /** How many of the digits are decimal places. */
  readonly places: number;
}

/** significand · 2^exponent; undefined: too large. */
function toTens(significand: bigint, exponent: number): Scaled | undefined {
  let digits = significand;
  let tens = exponent;
  for (let fives = -exponent; fives > 0; fives--) {
    const isEven = (digits & 1n) === 0n;
    if (isEven || digits * 5n >= LIMIT) {
      tens++;
      digits >>= 1n;
    } else digits *= 5n;
  }
  for (let fives = exponent; fives > 0; fives--) {
    if (digits < TOP_BIT) {
      tens--;
      digits <<= 1n;
    } else if (tens * 2 > fives) return undefined;
    else digits /= 5n;
  }
  for (; tens > 0; tens--) {
    digits *= 10n;
    if (digits >= LIMIT) return undefined;
  }
  while (-tens > PLACES_MAX) {
    digits = withoutLastDigit(digits);
    tens = digits === 0n ? 0 : tens + 1;
  }
  return { digits, places: -tens };
}

function withoutExcess(scaled: Scaled): Scaled {
  let { digits, places } = scaled;
  for (; places > 0 && digits >= EXACT_LIMIT; places--) digits = withoutLastDigit(digits);
  for (; places > 0 && digits % 10n === 0n; places--) digits /= 10n;
  return { digits, places };
}

function withoutLastDigit(digits: bigint): bigint {
  const shorter = digits / 10n;
  // What is less than 1 is 0.
  return shorter > 0n && digits % 10n >= 5n ? shorter + 1n : shorter;
}
