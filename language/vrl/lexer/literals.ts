/** Where literals end. Each gives the index after the closing quote, or what is wrong with the literal. */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { APOSTROPHE, BACKSLASH, QUOTE } from "./characters.ts";
import { invalidEscape, invalidLiteral, invalidString, invalidUnicodeEscape } from "./lex-error.ts";

/** The largest code point. */
const CODE_POINT_MAX = 0x10_ff_ff;
/** More digits than this name no code point but for leading zeros, which are cut off before they count. */
const HEX_DIGITS_MAX = 8;

/** `from` is the index after the opening quote; an error about the end of the program is shown at `shownAt`. */
export function endOfString(source: string, from: number, shownAt: number): number | Diagnostic {
  for (let index = from; index < source.length; index++) {
    const unit = source.charCodeAt(index);
    if (unit === QUOTE) return index + 1;
    if (unit !== BACKSLASH) continue;
    const escaped = source[index + 1];
    if (escaped === undefined) return invalidEscape(index, undefined);
    if (escaped === "u") {
      const end = endOfUnicodeEscape(source, index);
      if (typeof end !== "number") return end;
      index = end - 1;
    } else if ("\n'\"\\nrt{}0".includes(escaped)) index++;
    else return invalidEscape(index + 1, source);
  }
  return invalidString(shownAt);
}

/** `\u{1F600}`, `start` being the backslash's index. */
function endOfUnicodeEscape(source: string, start: number): number | Diagnostic {
  const brace = source[start + 2];
  if (brace === undefined) return invalidEscape(start, undefined);
  if (brace !== "{") return invalidEscape(start + 2, source);
  const from = start + 3;
  let index = from;
  while (isHexDigit(source.charCodeAt(index))) index++;
  if (index >= source.length) return invalidEscape(start, undefined);
  if (source[index] !== "}") return invalidEscape(index, source);
  const end = index + 1;
  const digits = source.slice(from, index).replace(/^0+(?=.)/, "");
  if (digits === "" || digits.length > HEX_DIGITS_MAX) return invalidUnicodeEscape(start, end);
  const codePoint = Number.parseInt(digits, 16);
  const isSurrogate = codePoint >= 0xd8_00 && codePoint <= 0xdf_ff;
  if (codePoint > CODE_POINT_MAX || isSurrogate) return invalidUnicodeEscape(start, end);
  return end;
}

function isHexDigit(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x46) || (unit >= 0x61 && unit <= 0x66);
}

/** A literal in single quotes, in which a backslash only keeps the next character from ending it. */
export function endOfQuoted(source: string, from: number, shownAt: number): number | Diagnostic {
  for (let index = from; index < source.length; index++) {
    const unit = source.charCodeAt(index);
    if (unit === APOSTROPHE) return index + 1;
    if (unit === BACKSLASH) index++;
  }
  return invalidLiteral(shownAt);
}
