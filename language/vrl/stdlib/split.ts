import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Integer } from "../runtime/integer.ts";
import { Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

/** Where none is given. */
const LIMIT = 999_999_999;

export const split: FunctionDefinition = {
  name: "split",
  category: "String",
  usage: "Splits `value` wherever `pattern` is found, and leaves out what was found.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to split." },
    {
      name: "pattern",
      kind: Part.bytes | Part.regex,
      description: "What stands between the parts: a string, or a regular expression.",
    },
    {
      name: "limit",
      kind: Part.integer,
      isOptional: true,
      description: "How many parts there are at most.",
    },
  ],
  returns: Part.array,
  returnRules: ["Where there would be more than `limit` parts, the last is all that is left, unsplit."],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.arrayOf(Kind.bytes)),
  prepare:
    () =>
    (value: Text, pattern: Text | Regex, limit: Integer = LIMIT) => {
      if (limit <= 0) return [];
      const text = lossyText(value);
      const countMax = Number(limit);
      if (pattern instanceof Regex) return splitAtMatches(text, pattern, countMax);
      const separator = lossyText(pattern);
      return separator === "" ? splitCharacters(text, countMax) : splitAtTexts(text, separator, countMax);
    },
};

function splitAtMatches(text: string, regex: Regex, countMax: number): string[] {
  const parts: string[] = [];
  let end = 0;
  for (const match of regex.findAll(text, countMax - 1)) {
    parts.push(text.slice(end, match.start));
    end = match.end;
  }
  parts.push(text.slice(end));
  return parts;
}

function splitAtTexts(text: string, separator: string, countMax: number): string[] {
  if (countMax > text.length) return text.split(separator);
  const parts: string[] = [];
  let end = 0;
  while (parts.length < countMax - 1) {
    const at = text.indexOf(separator, end);
    if (at < 0) break;
    parts.push(text.slice(end, at));
    end = at + separator.length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** Nothing is before each character and behind the last. */
function splitCharacters(text: string, countMax: number): string[] {
  const parts = ["", ...Array.from(text), ""];
  if (parts.length <= countMax) return parts;
  const first = parts.slice(0, countMax - 1);
  return [...first, parts.slice(countMax - 1).join("")];
}

export const examples: readonly Example[] = [
  { title: "At a string", source: 'split("db,web,cache", ",")', result: '["db", "web", "cache"]' },
  { title: "At matches", source: "split(\"a1b22c\", r'\\d+')", result: '["a", "b", "c"]' },
  {
    title: "Into two at most",
    source: 'split("key: a: b", ": ", limit: 2)',
    result: '["key", "a: b"]',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'split("", ",")', result: '[""]' },
  { title: "Not there", source: 'split("abc", ",")', result: '["abc"]' },
  { title: "At both ends", source: 'split(",a,", ",")', result: '["", "a", ""]' },
  { title: "No parts", source: 'split("a,b", ",", 0)', result: "[]" },
  { title: "Less than none", source: 'split("a,b", ",", -3)', result: "[]" },
  { title: "One part", source: 'split("a,b", ",", 1)', result: '["a,b"]' },
  { title: "One part at matches", source: "split(\"a,b\", r',', 1)", result: '["a,b"]' },
  { title: "More than there are", source: 'split("a,b", ",", 9)', result: '["a", "b"]' },
  { title: "At nothing", source: 'split("a😀", "")', result: '["", "a", "😀", ""]' },
  { title: "At nothing, limited", source: 'split("abc", "", 3)', result: '["", "a", "bc"]' },
  { title: "At empty matches", source: "split(\"ab\", r'')", result: '["", "a", "b", ""]' },
  { title: "At matches, limited", source: "split(\"1a2b3\", r'[a-z]', 2)", result: '["1", "2b3"]' },
  { title: "Overlapping", source: 'split("aaa", "aa")', result: '["", "a"]' },
  {
    title: "Neither a string nor a regular expression",
    source: 'split!("1", .n)',
    input: '{"n": 1}',
    error: 'function call error for "split" at (0:15): expected string or regex, got integer',
  },
];
