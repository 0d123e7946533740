import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { invalidPattern } from "./grok/refusal.ts";
import { applyRules } from "./grok/rules/apply.ts";
import { readArguments } from "./grok/rules/arguments.ts";
import { compileRule, type Rule } from "./grok/rules/compile-rule.ts";

export const parseGroks: FunctionDefinition = {
  name: "parse_groks",
  category: "Parse",
  usage:
    'Parses `value` by the first of several rules that matches all of it. A rule is a regular expression in which `%{matcher:field:filter}` stands for a pattern of the library, an alias or a matcher such as `number`, `date("…")` and `regex("…")`, the field its match goes to, and what is made of it before, such as `lowercase`, `json` or `keyvalue`.',
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to parse." },
    {
      name: "patterns",
      kind: Part.array,
      description: "The rules, tried in order. They are to be known when the program is compiled.",
    },
    {
      name: "aliases",
      kind: Part.object,
      isOptional: true,
      default: {},
      description:
        "Names that rules and other aliases can use as matchers, and the rules that they stand for.",
    },
    {
      name: "alias_sources",
      kind: Part.array,
      isOptional: true,
      default: [],
      description: "Paths of files with more aliases, each a JSON object.",
    },
  ],
  failures: [
    "`value` fails to parse using the provided `pattern`.",
    "`patterns` is not an array.",
    "`aliases` is not an object.",
    "`alias_sources` is not a string array or doesn't point to a valid file.",
  ],
  returns: Part.object,
  notices: [
    "Patterns that many people use have been tried on many lines: prefer the library's to your own where there is one.",
    "What a filter cannot be applied to is left out of the result, as are null and empty objects.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.anyObject()).fallible,
  prepare: (call) => {
    const given = readArguments(call);
    if ("refused" in given) return given;
    const rules: Rule[] = [];
    for (const pattern of given.patterns) {
      if (pattern === "") continue;
      const rule = compileRule(pattern, given.aliases, call.host);
      if (rule instanceof Failure) return invalidPattern("patterns", rule.message);
      rules.push(rule);
    }
    return (value: Text): Value | Failure => {
      const result = applyRules(lossyText(value), rules);
      if (result === undefined) return NO_MATCH;
      return result === "exhausted" ? EXHAUSTED : result;
    };
  },
};

const NO_MATCH = new Failure("unable to parse grok: value does not match any rule");
const EXHAUSTED = new Failure(
  "unable to parse grok: failure during regex engine runtime for match of the pattern against the value.",
);

export const examples: readonly Example[] = [
  {
    title: "The first rule that matches",
    source: `
      parse_groks!(
        "2024-02-29T10:11:12Z warn disk is 91% full",
        patterns: ["%{_head} %{integer:code} %{_text}", "%{_head} %{_text}"],
        aliases: {
          "_head": "%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:level}",
          "_text": "%{greedyData:text}"
        }
      )
    `,
    result: '{"level": "warn", "text": "disk is 91% full", "time": "2024-02-29T10:11:12Z"}',
  },
  {
    title: "Numbers, paths and a filter",
    source: `parse_groks!("GET /a 200 0.25s", ["%{word:http.method:lowercase} %{notSpace:http.path} %{integer:http.status} %{number:ms:scale(1000)}s"])`,
    result: '{"http": {"method": "get", "path": "/a", "status": 200}, "ms": 250}',
  },
  {
    title: "Pairs of keys and values",
    source: `parse_groks!(s'user=kim age=37 note="a b" ok=true', ["%{data::keyvalue}"])`,
    result: '{"age": 37, "note": "a b", "ok": true, "user": "kim"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "A rule has to match all",
    source: 'parse_groks!("a b", ["%{word:x}"])',
    error:
      'function call error for "parse_groks" at (0:34): unable to parse grok: value does not match any rule',
  },
  {
    title: "Too many steps",
    source: 'parse_groks!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", ["(a+)+"])',
    error:
      'function call error for "parse_groks" at (0:73): unable to parse grok: failure during regex engine runtime for match of the pattern against the value.',
  },
  {
    title: "The same field twice",
    source: 'parse_groks!("1 2 x", ["%{integer:n} %{integer:n} %{word:n}"])',
    result: '{"n": [1, 2, "x"]}',
  },
  {
    title: "Keys that are paths",
    source: `parse_groks!(s'{"a.b": 1, "a.c": {}, "d": null, "e": [{"f.g": 2}]}', ["%{data::json}"])`,
    result: '{"a": {"b": 1}, "e": [{"f": {"g": 2}}]}',
  },
  {
    title: "Text at the root has no place",
    source: 'parse_groks!("x", ["%{data::uppercase}"])',
    result: "{}",
  },
  {
    title: "What a filter cannot be applied to",
    source: 'parse_groks!("x 99999999999999999999", ["%{word:w:json} %{integer:n}"])',
    result: "{}",
  },
  {
    title: "Lists",
    source: `parse_groks!("[1,2] (a;b) x|y", [s'%{data:n:array(number)} %{data:p:array("()", ";")} %{data:q:array("", "|", uppercase)}'])`,
    result: '{"n": [1, 2], "p": ["a", "b"], "q": ["X", "Y"]}',
  },
  {
    title: "Other filters",
    source: `parse_groks!("TRUE - a%20%C3%A9 x=1&y=&x=2", [s'%{notSpace:b:boolean} %{notSpace:n:nullIf("-")} %{notSpace:u:decodeuricomponent} %{data:q:querystring}'])`,
    result: '{"b": true, "q": {"x": ["1", "2"]}, "u": "a é"}',
  },
  {
    title: "Numbers",
    source: `parse_groks!("1e3 +2.50 -7 1.5e2", ["%{numberExt:a} %{number:b} %{integer:c} (?:%{integerExt:d}|%{numberExt:e})"])`,
    result: '{"a": 1000, "b": 2.5, "c": -7, "e": 150}',
  },
  {
    title: "Keys and values between other signs",
    source: `parse_groks!(s'a:1|b:<x y>|a:08|c:nullable|d:1e2', [s'%{data:p:keyvalue(":", "", "<>", "|")}'])`,
    result: '{"p": {"a": [1, "08"], "b": "x y", "d": 100}}',
  },
  {
    title: "Expressions, groups of one's own, and newlines",
    source: String.raw`parse_groks!("id=7\nok", [s'id=%{regex("[0-9]+"):id}.(?<rest>%{word})'])`,
    result: '{"id": "7", "rest": "ok"}',
  },
  {
    title: "Dates",
    source: `parse_groks!("29/Feb/2024:10:11:12 +0100 2024-02-29 10:11:12,250", [s'%{date("dd/MMM/yyyy:HH:mm:ss Z"):a} %{date("yyyy-MM-dd HH:mm:ss,SSS", "Europe/Paris"):b}'])`,
    result: '{"a": 1709197872000, "b": 1709197872250}',
  },
  {
    title: "Dates that tell less, or a timezone's name",
    source: `parse_groks!("2024-02-29|2024-07-01 12:00 America/New_York|Nov 14 22:13:20|1:05 PM", [s'%{date("yyyy-MM-dd"):day}\\|%{date("yyyy-MM-dd HH:mm zzzz"):named}\\|%{date("MMM d HH:mm:ss"):this_year}\\|%{data:rest:uppercase}'])`,
    result: '{"day": 1709164800000, "named": 1719849600000, "rest": "1:05 PM", "this_year": 1700000000000}',
  },
  {
    title: "What looks like a date and is none",
    source: `parse_groks!("2024-02-30 x", [s'%{date("yyyy-MM-dd"):d} %{word:w}'])`,
    result: '{"w": "x"}',
  },
  {
    title: "Quoted segments of a path",
    source: `parse_groks!("1", [s'%{integer:a["b.c"].d-e}'])`,
    result: '{"a": {"b.c": {"d-e": 1}}}',
  },
  {
    title: "Prototypes are names like any other",
    source: 'parse_groks!("1 2", ["%{integer:__proto__.x} %{integer:constructor}"])',
    result: '{"__proto__": {"x": 1}, "constructor": 2}',
  },
  {
    title: "Only strings",
    source: 'parse_groks!(.x, ["a"])',
    input: '{"x": 1.5}',
    error: 'function call error for "parse_groks" at (0:23): expected string, got float',
  },
];
