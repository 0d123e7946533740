import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Integer } from "../runtime/integer.ts";
import { Regex } from "../runtime/regex.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { byteAtUnit, unitAtByte } from "./pattern/byte-offset.ts";

export const find: FunctionDefinition = {
  name: "find",
  category: "String",
  usage:
    "Tells where in `value` the first match of `pattern` begins, counted in bytes from 0; null where there is none.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to search." },
    {
      name: "pattern",
      kind: Part.bytes | Part.regex,
      description: "What to find: a string, or a regular expression.",
    },
    {
      name: "from",
      kind: Part.integer,
      isOptional: true,
      default: 0,
      description: "How many bytes at the start are passed over.",
    },
  ],
  returns: Part.null | Part.integer,
  typeOf: () => TypeDef.of(Kind.null.or(Kind.integer)),
  prepare:
    () =>
    (value: Text, pattern: Text | Regex, from: Integer = 0) => {
      if (typeof from !== "number" || from < 0) return null;
      if (pattern instanceof Regex) return findRegex(lossyText(value), pattern, from);
      if (typeof value !== "string" || typeof pattern !== "string" || pattern === "")
        return findBytes(bytesOf(value), bytesOf(pattern), from);
      const start = unitAtByte(value, from);
      const at = start === undefined ? -1 : value.indexOf(pattern, start);
      return at < 0 ? null : byteAtUnit(value, at);
    },
};

function findRegex(text: string, regex: Regex, from: number): number | null {
  const start = unitAtByte(text, from);
  const match = start === undefined ? undefined : regex.find(text, start);
  return match === undefined ? null : byteAtUnit(text, match.start);
}

/** Compares by the first byte first; what is searched for is short as a rule. */
function findBytes(bytes: Uint8Array, searched: Uint8Array, from: number): number | null {
  if (searched.length === 0) return from <= bytes.length ? from : null;
  const last = bytes.length - searched.length;
  for (
    let at = bytes.indexOf(searched[0]!, from);
    at >= 0 && at <= last;
    at = bytes.indexOf(searched[0]!, at + 1)
  ) {
    let length = 1;
    while (length < searched.length && bytes[at + length] === searched[length]) length++;
    if (length === searched.length) return at;
  }
  return null;
}

export const examples: readonly Example[] = [
  { title: "Find a string", source: 'find("key=value", "=")', result: "3" },
  { title: "Find a match", source: "find(\"order 66 of 99\", r'\\d+')", result: "6" },
  { title: "From a place on", source: "find(\"order 66 of 99\", r'\\d+', from: 8)", result: "12" },
];

export const tests: readonly Example[] = [
  { title: "Not there", source: 'find("abc", "x")', result: "null" },
  { title: "No match", source: "find(\"abc\", r'^b')", result: "null" },
  { title: "Bytes are counted", source: 'find("ÄÖÜ→x", "x")', result: "9" },
  { title: "Bytes are counted for expressions", source: "find(\"ÄÖÜ→x😀y\", r'[xy]', 10)", result: "14" },
  { title: "From where it is", source: 'find("aXbX", "X", 1)', result: "1" },
  { title: "Within a character", source: 'find("ÄX", "X", 1)', result: "2" },
  { title: "Longer than the string", source: 'find("ab", "abc")', result: "null" },
  { title: "Nothing is everywhere", source: 'find("abc", "", 2)', result: "2" },
  { title: "Nothing at the end", source: 'find("abc", "", 3)', result: "3" },
  { title: "Nothing beyond the end", source: 'find("abc", "", 4)', result: "null" },
  { title: "From beyond the end", source: 'find("abc", "c", 40)', result: "null" },
  { title: "From before the start", source: 'find("abc", "a", -1)', result: "null" },
  { title: "An expression from beyond the end", source: "find(\"abc\", r'', 4)", result: "null" },
  { title: "In bytes that are no text", source: 'find(decode_base16!("ff00fe61"), "a")', result: "3" },
  {
    title: "Neither a string nor a regular expression",
    source: 'find!("1", .n)',
    input: '{"n": 1}',
    error: 'function call error for "find" at (0:14): expected string or regex, got integer',
  },
];
