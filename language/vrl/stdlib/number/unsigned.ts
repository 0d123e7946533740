/** Reads decimal digits with an optional `+` as integers from 0 to `max`; a string says why it is none. */
export function unsignedOf(text: string, max: bigint): bigint | string {
  if (text === "") return "cannot parse integer from empty string";
  if (!/^\+?[0-9]+$/.test(text)) return "invalid digit found in string";
  const digits = text.replace(/^\+?0*/, "");
  // More digits than the largest has need not be read.
  if (digits.length > String(max).length) return TOO_LARGE;
  const value = digits === "" ? 0n : BigInt(digits);
  return value > max ? TOO_LARGE : value;
}

const TOO_LARGE = "number too large to fit in target type";

/** What is said of an integer that is out of a smaller type's range. */
export const OUT_OF_RANGE = "out of range integral type conversion attempted";
