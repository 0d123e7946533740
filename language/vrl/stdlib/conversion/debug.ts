/** Texts and values as Rust's `{:?}` prints them, which some messages do. */
import { numberOfFloat } from "../../runtime/float.ts";
import { isFloat, isObject } from "../../runtime/kind-of.ts";
import { sortedKeys } from "../../runtime/object.ts";
import { Regex } from "../../runtime/regex.ts";
import { bytesOf } from "../../runtime/text.ts";
import { Timestamp } from "../../runtime/timestamp.ts";
import type { Value } from "../../runtime/value.ts";

const escapes: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/** In quotes, with escapes for what cannot be seen by itself. */
export function debugText(text: string): string {
  const escaped = text.toWellFormed().replace(/["\\]|(?! )[\p{C}\p{Z}\p{Gr_Ext}]/gu, (character) => {
    return escapes[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
  return `"${escaped}"`;
}

export function debugValue(value: Value | undefined): string {
  if (value === null || value === undefined) return "Null";
  if (typeof value === "boolean") return `Boolean(${value})`;
  if (typeof value === "string" || value instanceof Uint8Array) return `Bytes(${debugBytes(bytesOf(value))})`;
  if (isFloat(value)) return `Float(${debugFloat(numberOfFloat(value))})`;
  if (typeof value === "number" || typeof value === "bigint") return `Integer(${value})`;
  if (value instanceof Timestamp) return `Timestamp(${value.toString()})`;
  if (value instanceof Regex) return `Regex(ValueRegex(Regex(${debugText(value.source)})))`;
  if (Array.isArray(value)) return `Array([${value.map(debugValue).join(", ")}])`;
  if (!isObject(value)) return "";
  const fields = sortedKeys(value).map((key) => `KeyString(${debugText(key)}): ${debugValue(value[key])}`);
  return `Object({${fields.join(", ")}})`;
}

/** With a fraction or an exponent. */
function debugFloat(number: number): string {
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (Object.is(number, -0)) return "-0.0";
  const size = Math.abs(number);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) return number.toExponential().replace("e+", "e");
  return Number.isInteger(number) ? `${number}.0` : String(number);
}

function debugBytes(bytes: Uint8Array): string {
  let text = 'b"';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c) text += character;
    else text += escapes[character] ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `${text}"`;
}
