/** Floats: numbers where nobody could take them for integers, boxed where one could; never NaN. */
import { Float } from "./value.ts";

/** As `Value` holds it: `number` is not NaN. */
export function floatOf(number: number): number | Float {
  // Infinity is no integer, and neither is what has a fraction.
  return Number.isInteger(number) ? new Float(number) : number;
}

/** The number of a float value. */
export function numberOfFloat(float: number | Float): number {
  return typeof float === "number" ? float : float.value;
}

/** As Rust prints an `f64` by `{}`: no exponent, no `.0`. */
export function plainText(number: number): string {
  if (number === Infinity) return "inf";
  if (number === -Infinity) return "-inf";
  if (Object.is(number, -0)) return "-0";
  const text = String(number);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const point = 1 + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0").slice(0, point)}${point < digits.length ? `.${digits.slice(point)}` : ""}`;
}
