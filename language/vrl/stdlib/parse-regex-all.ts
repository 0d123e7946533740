import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import type { Regex } from "../runtime/regex.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";
import { numericGroups, regexNotices } from "./parse-regex.ts";
import { captured, capturedKind, namedGroups, type NamedGroups } from "./pattern/captures.ts";
import { constantRegex } from "./pattern/constant-regex.ts";

export const parseRegexAll: FunctionDefinition = {
  name: "parse_regex_all",
  category: "Parse",
  usage:
    "Finds all matches of `pattern` in `value` and tells the named groups of each. `parse_regex` does so for the first.",
  parameters: [
    { name: "value", kind: Part.all, description: "The string to search." },
    { name: "pattern", kind: Part.regex, description: "The regular expression to search for." },
    numericGroups,
  ],
  failures: ["`value` is not a string.", "`pattern` is not a regular expression."],
  returns: Part.array,
  returnRules: [
    "Matches stand in the array from left to right; they do not overlap.",
    "Where there is no match the array is empty.",
  ],
  notices: regexNotices,
  isFresh: true,
  typeOf: (call) =>
    TypeDef.of(Kind.arrayOf(capturedKind(constantRegex(call, "pattern")).or(Kind.null))).fallible,
  sureKindOf: () => Kind.anyArray(),
  prepare: (call) => {
    const regex = constantRegex(call, "pattern");
    if (regex === undefined)
      return (value: Value, pattern: Regex, numbered: boolean) =>
        parseAll(value, pattern, namedGroups(pattern), numbered);
    const names = namedGroups(regex);
    return (value: Value, _pattern: Regex, numbered: boolean) => parseAll(value, regex, names, numbered);
  },
};

function parseAll(value: Value, regex: Regex, names: NamedGroups, numbered: boolean): VrlObject[] | Failure {
  if (!isText(value)) return mismatch("string", value);
  return regex.execAll(lossyText(value)).map((match) => captured(match.groups, names, numbered));
}

export const examples: readonly Example[] = [
  {
    title: "Pairs",
    source: "parse_regex_all!(\"cpu=3 disk=71\", r'(?P<name>\\w+)=(?P<value>\\d+)')",
    result: '[{"name": "cpu", "value": "3"}, {"name": "disk", "value": "71"}]',
  },
  {
    title: "Numbered groups, too",
    source: "parse_regex_all!(\"a1 b2\", r'[a-z](\\d)', numeric_groups: true)",
    result: '[{"0": "a1", "1": "1"}, {"0": "b2", "1": "2"}]',
  },
  { title: "No match", source: "parse_regex_all!(\"nothing\", r'(?P<digits>\\d+)')", result: "[]" },
];

export const tests: readonly Example[] = [
  {
    title: "A group that took no part",
    source: "parse_regex_all!(\"ab\", r'(?P<a>a)|(?P<b>b)')",
    result: '[{"a": "a", "b": null}, {"a": null, "b": "b"}]',
  },
  {
    title: "Empty matches",
    source: "parse_regex_all!(\"xa\", r'(?P<a>a*)')",
    result: '[{"a": ""}, {"a": "a"}]',
  },
  {
    title: "A pattern made as it runs",
    source: 'parse_regex_all!("a1", to_regex!(.p))',
    input: '{"p": "(?P<n>\\\\d)"}',
    result: '[{"n": "1"}]',
  },
  {
    title: "Only strings",
    source: "parse_regex_all!(1, r'1')",
    error: 'function call error for "parse_regex_all" at (0:25): expected string, got integer',
  },
];
