import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition, Parameter } from "./define.ts";
import { captured, capturedKind, namedGroups, type NamedGroups } from "./pattern/captures.ts";
import { constantRegex } from "./pattern/constant-regex.ts";

export const numericGroups: Parameter = {
  name: "numeric_groups",
  kind: Part.boolean,
  isOptional: true,
  default: false,
  description: "Whether groups are also told by number; `0` is the whole match.",
};

export const regexNotices: readonly string[] = [
  "All values are strings. Functions like `to_int` and `parse_timestamp` make others of them.",
  "For common formats of logs there are functions of their own.",
  "A `pattern` that is not known when the program is compiled costs more for each event.",
];

const noMatch = new Failure("could not find any pattern matches");

export const parseRegex: FunctionDefinition = {
  name: "parse_regex",
  category: "Parse",
  usage:
    "Finds the first match of `pattern` in `value` and tells its named groups. `parse_regex_all` does so for all matches.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to search." },
    { name: "pattern", kind: Part.regex, description: "The regular expression to search for." },
    numericGroups,
  ],
  failures: ["`pattern` does not match `value`."],
  returns: Part.object,
  returnRules: ["A group that took no part in the match is null.", "It fails where there is no match."],
  notices: regexNotices,
  isFresh: true,
  typeOf: (call) => TypeDef.of(capturedKind(constantRegex(call, "pattern"))).fallible,
  // Groups without number, or that took no part, are not there or null.
  sureKindOf: () => Kind.anyObject(),
  prepare: (call) => {
    const regex = constantRegex(call, "pattern");
    if (regex === undefined)
      return (value: Text, pattern: Regex, numbered: boolean) =>
        parse(value, pattern, namedGroups(pattern), numbered);
    const names = namedGroups(regex);
    return (value: Text, _pattern: Regex, numbered: boolean) => parse(value, regex, names, numbered);
  },
};

function parse(value: Text, regex: Regex, names: NamedGroups, numbered: boolean): VrlObject | Failure {
  const groups = regex.groups(lossyText(value));
  return groups === undefined ? noMatch : captured(groups, names, numbered);
}

export const examples: readonly Example[] = [
  {
    title: "Named groups",
    source: "parse_regex!(\"GET /cart 200\", r'^(?P<method>\\w+) (?P<path>\\S+) (?P<status>\\d{3})$')",
    result: '{"method": "GET", "path": "/cart", "status": "200"}',
  },
  {
    title: "Numbered groups, too",
    source: "parse_regex!(\"took 12 ms\", r'(?<count>\\d+) (\\w+)', numeric_groups: true)",
    result: '{"0": "12 ms", "1": "12", "2": "ms", "count": "12"}',
  },
  {
    title: "No match",
    source: "parse_regex!(\"nothing\", r'(?P<digits>\\d+)')",
    error: 'function call error for "parse_regex" at (0:43): could not find any pattern matches',
  },
];

export const tests: readonly Example[] = [
  {
    title: "A group that took no part",
    source: "parse_regex!(\"b\", r'(?P<a>a)|(?P<b>b)')",
    result: '{"a": null, "b": "b"}',
  },
  {
    title: "Numbers leave out groups that took no part",
    source: "parse_regex!(\"b\", r'(a)?(b)', numeric_groups: true)",
    result: '{"0": "b", "1": "b"}',
  },
  { title: "No groups", source: "parse_regex!(\"b\", r'b')", result: "{}" },
  {
    title: "The first of several matches",
    source: "parse_regex!(\"k=1 k=2\", r'k=(?P<k>\\d)')",
    result: '{"k": "1"}',
  },
  {
    title: "A pattern from a variable",
    source: "p = r'(?P<x>.)$'\nparse_regex!(\"año\", p)",
    result: '{"x": "o"}',
  },
  {
    title: "A pattern made as it runs",
    source: 'parse_regex!("a1", to_regex!(.p))',
    input: '{"p": "(?P<n>\\\\d)"}',
    result: '{"n": "1"}',
  },
  {
    title: "Names that objects have themselves",
    source: "parse_regex!(\"ab\", r'(?P<__proto__>a)(?P<constructor>b)').__proto__",
    result: "a",
  },
  {
    title: "Only strings",
    source: "parse_regex!(.n, r'1')",
    input: '{"n": 1}',
    error: 'function call error for "parse_regex" at (0:22): expected string, got integer',
  },
];
