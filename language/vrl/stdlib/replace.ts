import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Integer } from "../runtime/integer.ts";
import { Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { replaceMatches, replaceTexts } from "./pattern/replace-text.ts";
import { parseTemplate } from "./pattern/template.ts";

export const replace: FunctionDefinition = {
  name: "replace",
  category: "String",
  usage:
    "Replaces what `pattern` finds in `value` by `with`. Where `pattern` is a regular expression, `$1`, `$name` and " +
    "`${name}` in `with` stand for what its groups matched, and `$$` for a `$`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to search." },
    {
      name: "pattern",
      kind: Part.bytes | Part.regex,
      description: "What to find: a string, or a regular expression.",
    },
    { name: "with", kind: Part.bytes, description: "What to put in its place." },
    {
      name: "count",
      kind: Part.integer,
      isOptional: true,
      default: -1,
      description: "How many are replaced at most; all where it is negative.",
    },
  ],
  returns: Part.bytes,
  notices: [
    "Where configuration files put variables of the environment for `$name`, each `$` has to be written twice.",
  ],
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare:
    () =>
    (value: Text, pattern: Text | Regex, replacement: Text, count: Integer = -1) => {
      const text = lossyText(value);
      if (count === 0) return text;
      const countMax = count < 0 ? Infinity : Number(count);
      const put = lossyText(replacement);
      if (pattern instanceof Regex)
        return replaceMatches(text, pattern, parseTemplate(put, pattern), countMax);
      return replaceTexts(text, lossyText(pattern), () => put, countMax);
    },
};

export const examples: readonly Example[] = [
  { title: "Replace a string", source: 'replace("2024/02/29", "/", "-")', result: "s'2024-02-29'" },
  {
    title: "Replace matches, with what groups matched",
    source: 'replace("Doe, Jane", r\'(?P<last>\\w+), (?P<first>\\w+)\', "$first $last")',
    result: "Jane Doe",
  },
  { title: "Only the first", source: 'replace("a-b-c", "-", "+", count: 1)', result: "a+b-c" },
];

export const tests: readonly Example[] = [
  { title: "None", source: 'replace("abc", "b", "x", count: 0)', result: "abc" },
  { title: "No match", source: 'replace("abc", r\'\\d\', "x")', result: "abc" },
  { title: "At most two matches", source: 'replace("1 2 3", r\'\\d\', "x", 2)', result: "x x 3" },
  { title: "Nothing is between all characters", source: 'replace("a😀b", "", "-")', result: "-a-😀-b-" },
  { title: "Nothing, twice", source: 'replace("ab", "", "-", 2)', result: "-a-b" },
  { title: "Empty matches", source: 'replace("baaac", r\'a*\', "-")', result: "-b-c-" },
  { title: "In nothing", source: 'replace("", "", "x")', result: "x" },
  { title: "A dollar in a string's place", source: 'replace("a", "a", "$0$&$$")', result: "$0$&$$" },
  { title: "Groups by number", source: 'replace("ab", r\'(a)(b)\', "$2$1")', result: "ba" },
  { title: "Names end where they must", source: 'replace("ab", r\'(a)(b)\', "$1x${1}x")', result: "ax" },
  { title: "Two dollars are one", source: 'replace("5", r\'\\d\', "$$$0")', result: "$5" },
  { title: "A dollar alone", source: 'replace("5", r\'\\d\', "$ $- ${")', result: "$ $- ${" },
  { title: "A group that took no part", source: 'replace("b", r\'(a)?b\', "<$1>")', result: "<>" },
  { title: "The pattern looks beyond", source: 'replace("a a", r\'\\ba\\b\', "b")', result: "b b" },
  {
    title: "Bytes that are no text",
    source: 'replace(decode_base16!("61ff"), "a", "b")',
    result: '"b\ufffd"',
  },
  {
    title: "Neither a string nor a regular expression",
    source: 'replace!("1", .n, "2")',
    input: '{"n": 1}',
    error: 'function call error for "replace" at (0:22): expected string or regex, got integer',
  },
];
