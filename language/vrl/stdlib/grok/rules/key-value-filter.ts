/**
 * `keyvalue([delimiter,] [more characters of values,] [quotes,] [field delimiters])`: pairs within a text. What stands
 * between key and value is an expression; keys and values are quoted or of word characters and `.-_@`.
 */
import { getKey, setKey } from "../../../runtime/object.ts";
import { byteLength } from "../../../runtime/text.ts";
import type { Value, VrlObject } from "../../../runtime/value.ts";
import { numberOfText } from "../../number/float-text.ts";
import { trimmed } from "../../string/whitespace.ts";
import { compile } from "../oniguruma/compile.ts";
import { Matcher } from "../oniguruma/matcher.ts";
import { Refusal } from "../oniguruma/syntax.ts";
import { numberOf } from "./number.ts";
import { type Argument, textOfArgument } from "./parse-reference.ts";

type Pair = readonly [open: string, close: string];

const QUOTES: readonly Pair[] = [
  ['"', '"'],
  ["'", "'"],
  ["<", ">"],
];
const FIELD_DELIMITERS: Pair = [String.raw`\s,;(\[{`, String.raw`\s,;)\]}`];
const VALUE_CHARACTERS = String.raw`\w.\-_@`;

/** Undefined: the arguments are none of its. */
export function keyValueFilter(given: readonly Argument[]): ((text: string) => Value) | undefined {
  const texts = given.slice(0, 4).map(textOfArgument);
  if (texts.includes(undefined)) return undefined;
  const [delimiter = "=", characters = "", quotes = "", fieldDelimiters] = texts;
  const quotePairs = quotes === "" ? QUOTES : pairOf(quotes, byteLength(quotes) === 2);
  const delimiters = fieldDelimiters === undefined ? FIELD_DELIMITERS : delimitersOf(fieldDelimiters);
  if (quotePairs === undefined || delimiters === undefined) return undefined;
  try {
    const matcher = new Matcher(compile(expressionOf(delimiter, characters, quotePairs, delimiters)));
    return (text) => pairsOf(text, matcher, quotePairs);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function pairOf(text: string, isPair: boolean): readonly Pair[] | undefined {
  return isPair && text.length === 2 ? [[text.charAt(0), text.charAt(1)]] : undefined;
}

/** One character, or one before and one after a pair. */
function delimitersOf(text: string): Pair | undefined {
  const [left, right, ...more] = text;
  return left === undefined || more.length > 0 ? undefined : [left, right ?? left];
}

function expressionOf(
  delimiter: string,
  characters: string,
  quotes: readonly Pair[],
  [before, after]: Pair,
): string {
  const quoted = quotes.map(([open, close]) => `${open}[^${open}]+${close}|`).join("");
  const part = `(${quoted}[${VALUE_CHARACTERS}${characters}]+)`;
  return String.raw`(?<=[${before}]|\A)${part}${delimiter}${part}(?:[${after}]|\z)`;
}

function pairsOf(text: string, matcher: Matcher, quotes: readonly Pair[]): VrlObject {
  const pairs: VrlObject = {};
  for (let from = 0; matcher.search(text, from) === "found";) {
    const { slots } = matcher;
    from = Math.max(slots[1]!, from + 1);
    const rawKey = trimmed(text.slice(slots[2], slots[3]));
    const key = unquoted(rawKey, quotes) ?? rawKey;
    if (key === "" || key.includes(" ")) continue;
    const rawValue = trimmed(text.slice(slots[4], slots[5])).replace(/,+$/, "");
    const value = valueOf(rawValue, quotes);
    if (value === null || value === "") continue;
    const existing = getKey(pairs, key);
    if (existing === undefined) setKey(pairs, key, value);
    else if (Array.isArray(existing)) existing.push(value);
    else setKey(pairs, key, [existing, value]);
  }
  return pairs;
}

/** Undefined: it does not begin with a quote that is closed. */
function unquoted(text: string, quotes: readonly Pair[]): string | undefined {
  for (const [open, close] of quotes) {
    if (!text.startsWith(open)) continue;
    const end = text.indexOf(close, 1);
    if (end !== -1) return text.slice(1, end);
  }
  return undefined;
}

function valueOf(text: string, quotes: readonly Pair[]): Value {
  // The start of the text decides: `nullable` is null, too.
  if (text.startsWith("null")) return null;
  if (text.startsWith("true")) return true;
  if (text.startsWith("false")) return false;
  const number = numberOfText(text);
  if (number !== undefined) {
    const value = numberOf(number);
    const isInteger = typeof value === "bigint" || Number.isInteger(value);
    // A zero in front is octal's; with a digit that octal does not have, it is text.
    if (!(isInteger && text.startsWith("0") && /[89]/.test(text))) return value;
  }
  return trimmed(unquoted(text, quotes) ?? text);
}
