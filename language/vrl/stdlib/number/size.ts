/** Sizes in bytes such as `1.5 MiB`, exact to 64 bits. */
const U64_MAX = 2n ** 64n - 1n;
/** More decimals than these would not show. */
const DECIMALS_MAX = 38;
const POWERS = "KMGTPE";

/** Bytes, rounded; a string says what is wrong. `isBinary`: `KB` is 1024. */
export function sizeOf(text: string, isBinary: boolean): bigint | string {
  const [, number = "", prefix = "", binary = ""] = /^(.*?)([KMGTPEkmgtpe]?)([iI]?)[bB]?$/s.exec(text)!;
  const base = isBinary || binary !== "" ? 1024n : 1000n;
  const factor = prefix === "" ? 1n : base ** BigInt(POWERS.indexOf(prefix.toUpperCase()) + 1);
  return scaled(number, factor);
}

function scaled(text: string, factor: bigint): bigint | string {
  // Space and underscores group digits.
  const number = text.replace(/[ _]/g, "");
  if (number === "") return "cannot parse integer from empty string";
  const match = /^([0-9]+)(?:\.([0-9]*))?(?:[eE]([+0-9]*)(?:-([0-9]*))?)?$/.exec(number);
  if (match === null) return "invalid digit found in string";
  const [, whole = "", fraction = "", rising = "", falling = ""] = match;
  const exponent = exponentOf(rising, falling);
  if (exponent > EXPONENT_MAX) return TOO_LARGE;
  const shift = exponent - fraction.length;
  const digits = whole + fraction;
  if (shift >= 0) {
    if (shift >= U64_DIGITS) return TOO_LARGE;
    const scale = factor * 10n ** BigInt(shift);
    const bytes = digits.length > DIGITS_MAX ? U64_MAX + 1n : BigInt(digits) * scale;
    return scale > U64_MAX || bytes > U64_MAX ? TOO_LARGE : bytes;
  }
  if (shift < -DECIMALS_MAX) return digits.length + shift > U64_DIGITS ? TOO_LARGE : 0n;
  const power = 10n ** BigInt(-shift);
  const bytes = (BigInt(digits) * factor + power / 2n) / power;
  return bytes > U64_MAX ? TOO_LARGE : bytes;
}

/** A sign may come after digits: they count together. */
function exponentOf(rising: string, falling: string): number {
  let exponent = 0;
  for (const digit of rising.replaceAll("+", ""))
    exponent = Math.min(exponent * 10 + Number(digit), EXPONENT_MAX + 1);
  for (const digit of falling) exponent = Math.max(exponent * 10 - Number(digit), -EXPONENT_MAX);
  return exponent;
}

/** Of 32 bits. */
const EXPONENT_MAX = 2 ** 31 - 1;
const U64_DIGITS = 20;
/** So many digits are more than any size has. */
const DIGITS_MAX = 1000;
const TOO_LARGE = "number too large to fit in target type";
