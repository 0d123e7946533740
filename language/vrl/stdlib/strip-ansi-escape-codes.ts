import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ESCAPE, keepsLineFeeds, nextState, type AnsiState } from "./string/ansi.ts";
import { characterLength } from "./string/utf8.ts";

export const stripAnsiEscapeCodes: FunctionDefinition = {
  name: "strip_ansi_escape_codes",
  category: "String",
  usage:
    "`value` without what tells a terminal how to show it: " +
    "[ANSI escape codes](https://en.wikipedia.org/wiki/ANSI_escape_code) and control characters. Line feeds stay.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The string to strip." }],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: () => (value: Text) => {
    if (typeof value === "string" && !SPECIAL.test(value)) return value;
    return textOf(stripped(bytesOf(value)));
  },
};

/** All control characters but the line feed. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const SPECIAL = /[\u0000-\u0009\u000b-\u001f\u0080-\u009f\ud800-\udfff]/;

const LINE_FEED = 0x0a;
/** U+FFFD in UTF-8. */
const REPLACEMENT = [0xef, 0xbf, 0xbd];

function stripped(bytes: Uint8Array): Uint8Array {
  const kept: number[] = [];
  let state: AnsiState = "ground";
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (state === "ground" && byte !== ESCAPE) {
      at += keepCharacter(bytes, at, kept);
      continue;
    }
    if (byte === LINE_FEED && keepsLineFeeds(state)) kept.push(byte);
    state = nextState(state, byte);
    at++;
  }
  return Uint8Array.from(kept);
}

/** Keeps the character at `at` if it is one to be seen, and returns how many bytes are done with. */
function keepCharacter(bytes: Uint8Array, at: number, kept: number[]): number {
  const byte = bytes[at]!;
  if (byte < 0x80) {
    if (byte >= 0x20 || byte === LINE_FEED) kept.push(byte);
    return 1;
  }
  const length = characterLength(bytes, at);
  if (length > 0) {
    // U+0080 to U+009F are control characters, too.
    if (byte === 0xc2 && bytes[at + 1]! < 0xa0) return length;
    for (let index = at; index < at + length; index++) kept.push(bytes[index]!);
    return length;
  }
  const broken = -length;
  // A character that the end cuts off is waited for in vain.
  const isCutOff = at + broken === bytes.length && byte >= 0xc2 && byte <= 0xf4;
  if (!isCutOff && byte > 0x9f) kept.push(...REPLACEMENT);
  return broken;
}

export const examples: readonly Example[] = [
  {
    title: "Colors",
    source: 'strip_ansi_escape_codes("\\u{1b}[1;32mok\\u{1b}[0m 12 tests")',
    result: "ok 12 tests",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Nothing to strip",
    source: 'strip_ansi_escape_codes("plain ünicode\\n")',
    result: "s'plain ünicode\n'",
  },
  {
    title: "A cursor's movement",
    source: 'strip_ansi_escape_codes("\\u{1b}[2J\\u{1b}[10;20Habc")',
    result: "abc",
  },
  {
    title: "A window's title",
    source: 'strip_ansi_escape_codes("\\u{1b}]0;title\\u{7}a\\u{1b}]2;é\\u{1b}\\\\b")',
    result: "ab",
  },
  {
    title: "A device's string",
    source: 'strip_ansi_escape_codes("a\\u{1b}Pq#0;1\\u{1b}\\\\b")',
    result: "ab",
  },
  {
    title: "Control characters",
    source: 'strip_ansi_escape_codes("a\\tb\\r\\u{85}c\\u{7f}")',
    result: "abc\u007F",
  },
  {
    title: "A line feed within a sequence",
    source: 'strip_ansi_escape_codes("\\u{1b}[3\\n1mx")',
    result: "s'\nx'",
  },
  { title: "A sequence cut short", source: 'strip_ansi_escape_codes("a\\u{1b}[31")', result: "a" },
  { title: "Cancelled", source: 'strip_ansi_escape_codes("\\u{1b}[3\\u{18}1m")', result: "1m" },
  {
    title: "Bytes that are no text",
    source: 'strip_ansi_escape_codes(decode_base16!("61ff9b62e282"))',
    result: "a\uFFFDb",
  },
  {
    title: "Not a string",
    source: "strip_ansi_escape_codes!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "strip_ansi_escape_codes" at (0:28): expected string, got integer',
  },
];
