import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { setKey } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { grokLibrary } from "./grok/library.ts";
import { compilePattern } from "./grok/pattern.ts";
import { invalidPattern } from "./grok/refusal.ts";

export const parseGrok: FunctionDefinition = {
  name: "parse_grok",
  category: "Parse",
  usage:
    "Parses `value` by a grok pattern: a regular expression in which `%{NAME:field}` stands for a pattern of the library, such as `%{IP:client}`, whose match becomes a field.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to parse." },
    {
      name: "pattern",
      kind: Part.bytes,
      description:
        "The pattern, in [Oniguruma's syntax](https://github.com/kkos/oniguruma/blob/master/doc/RE). It is found anywhere in the string unless it says otherwise by `^` or `$`.",
    },
  ],
  failures: ["`value` fails to parse using the provided `pattern`."],
  returns: Part.object,
  notices: [
    "Patterns that many people use have been tried on many lines: prefer the library's to your own where there is one.",
    "A pattern that would take too many steps on a string does not match it.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.anyObject()).fallible,
  prepare: (call) => {
    const source = call.constant("pattern");
    if (source === undefined) return { refused: "literal", name: "pattern" };
    const pattern = compilePattern(lossyText(source as Text), grokLibrary);
    if (typeof pattern === "string") return invalidPattern("pattern", pattern);
    return (value: Text): Value | Failure => {
      const text = lossyText(value);
      if (pattern.match(text) !== true) return new Failure("unable to parse input with grok pattern");
      const object: VrlObject = {};
      for (let field = 0; field < pattern.fieldNames.length; field++) {
        const part = pattern.valueOf(field, text);
        if (part !== undefined) setKey(object, pattern.fieldNames[field]!, part);
      }
      return object;
    };
  },
};

export const examples: readonly Example[] = [
  {
    title: "A line of a log",
    source:
      'parse_grok!("2024-02-29T10:11:12.131Z warn disk is 91% full", "%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:level} %{GREEDYDATA:text}")',
    result: '{"level": "warn", "text": "disk is 91% full", "time": "2024-02-29T10:11:12.131Z"}',
  },
  {
    title: "An access log by one name",
    source: `parse_grok!(s'192.0.2.1 - kim [29/Feb/2024:10:11:12 +0000] "GET /a HTTP/1.1" 200 51', "%{COMMONAPACHELOG}")`,
    result:
      '{"auth": "kim", "bytes": "51", "clientip": "192.0.2.1", "httpversion": "1.1", "ident": "-", "request": "/a", "response": "200", "timestamp": "29/Feb/2024:10:11:12 +0000", "verb": "GET"}',
  },
  {
    title: "A pattern of one's own",
    source: 'parse_grok!("order A-17 shipped", "order %{ORDER=[A-Z]-[0-9]+} (?<state>\\\\w+)")',
    result: '{"state": "shipped"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "What does not take part is not there",
    source: 'parse_grok!("7", "%{INT:a}|%{WORD:b}")',
    result: '{"a": "7"}',
  },
  {
    title: "Found anywhere",
    source: 'parse_grok!("see 日本 10.0.0.256 and fe80::1%eth0", "%{IPV6:v6}")',
    result: '{"v6": "fe80::1%eth0"}',
  },
  {
    title: "Further groups of a field are numbered",
    source: 'parse_grok!("a b c", "%{WORD:w} %{WORD:w} %{WORD:w}")',
    result: '{"w": "a", "w[1]": "b", "w[2]": "c"}',
  },
  {
    title: "Of a group of its own and one of the library the last is the field",
    source: 'parse_grok!("a b c", "%{WORD:w} (?<w>b) %{WORD:w}")',
    result: '{"w": "b", "w[1]": "c"}',
  },
  {
    title: "Line ends",
    source: String.raw`parse_grok!("a\nb c\nd", "^%{WORD:x} %{WORD:y}$")`,
    result: '{"x": "b", "y": "c"}',
  },
  {
    title: "No match",
    source: 'parse_grok!("nothing", "%{IP:ip}")',
    error: 'function call error for "parse_grok" at (0:34): unable to parse input with grok pattern',
  },
  {
    title: "Too many steps",
    source: 'parse_grok!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")',
    error: 'function call error for "parse_grok" at (0:75): unable to parse input with grok pattern',
  },
  {
    title: "Only strings",
    source: 'parse_grok!(.x, "a")',
    input: '{"x": true}',
    error: 'function call error for "parse_grok" at (0:20): expected string, got boolean',
  },
];
