import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { byteLength, bytesOf, lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { caseSensitive } from "./string/case-sensitive.ts";

export const startsWith: FunctionDefinition = {
  name: "starts_with",
  category: "String",
  usage: "Whether `value` starts with `substring`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string whose start is looked at." },
    { name: "substring", kind: Part.bytes, description: "What it may start with." },
    caseSensitive,
  ],
  returns: Part.boolean,
  notices: [
    "In any case, characters are compared one by one, and a string of fewer bytes than `substring` never starts with it.",
  ],
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (value: Text, substring: Text, isCaseSensitive: boolean) => {
    if (!isCaseSensitive) return startsWithAnyCase(value, substring);
    if (typeof value === "string" && typeof substring === "string") return value.startsWith(substring);
    return startsWithBytes(bytesOf(value), bytesOf(substring));
  },
};

function startsWithBytes(value: Uint8Array, start: Uint8Array): boolean {
  if (start.length > value.length) return false;
  for (let index = 0; index < start.length; index++) if (value[index] !== start[index]) return false;
  return true;
}

function startsWithAnyCase(value: Text, start: Text): boolean {
  if (byteLength(value) < byteLength(start)) return false;
  const characters = lossyText(value)[Symbol.iterator]();
  for (const expected of lossyText(start)) {
    const { value: character } = characters.next();
    // All that there are have matched.
    if (character === undefined) return true;
    if (isBroken(expected, start) || isBroken(character, value) || !matches(expected, character))
      return false;
  }
  return true;
}

/** A piece of bytes that is no character equals none. */
function isBroken(character: string, of: Text): boolean {
  return character === "\uFFFD" && typeof of !== "string";
}

/** Where one of the two becomes several characters, only as many as both have count. */
function matches(left: string, right: string): boolean {
  if (left === right) return true;
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  const length = Math.min(a.length, b.length);
  return a.slice(0, length) === b.slice(0, length);
}

export const examples: readonly Example[] = [
  { title: "A path", source: 'starts_with("/api/v1/users", "/api/")', result: "true" },
  {
    title: "In any case",
    source: 'starts_with("HTTPS://x.y", "https:", case_sensitive: false)',
    result: "true",
  },
];

export const tests: readonly Example[] = [
  { title: "In the middle", source: 'starts_with("abc", "b")', result: "false" },
  { title: "Nothing", source: '[starts_with("", ""), starts_with("a", "")]', result: "[true, true]" },
  { title: "Longer than the string", source: 'starts_with("a", "ab", false)', result: "false" },
  { title: "Unicode in any case", source: 'starts_with("ÅSA", "ås", case_sensitive: false)', result: "true" },
  { title: "Upper case is not lower case", source: 'starts_with("Abc", "a")', result: "false" },
  {
    title: "Bytes that are no text",
    source:
      '[starts_with(decode_base16!("ff61"), decode_base16!("ff")), starts_with(decode_base16!("ff61"), decode_base16!("ff"), false)]',
    result: "[true, false]",
  },
  {
    title: "Not a string",
    source: 'starts_with!(.n, "a")',
    input: '{"n": ["a"]}',
    error: 'function call error for "starts_with" at (0:21): expected string, got [string]',
  },
];
