import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { matcherOf } from "./datadog/matcher.ts";
import { parseQuery } from "./datadog/parse-query.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const matchDatadogQuery: FunctionDefinition = {
  name: "match_datadog_query",
  category: "Object",
  usage:
    "Whether a search in the [syntax of Datadog's log search](https://docs.datadoghq.com/logs/explorer/search_syntax/) finds the object. Words are looked for in its message, `name:text` in its list of tags, `@name:text` in its field of that name.",
  parameters: [
    { name: "value", kind: Part.object, description: "The object." },
    {
      name: "query",
      kind: Part.bytes,
      description: "The search. It is to be known when the program is compiled.",
    },
  ],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: (call) => {
    const value = call.constant("query");
    if (value === undefined) return { refused: "literal", name: "query" };
    const source = lossyText(value as Text);
    const query = parseQuery(source);
    if (query === undefined)
      return {
        refused: "program",
        name: "query",
        code: 0,
        message: `cannot parse the search ${source}`,
        labels: [],
      };
    return (
      matcherOf(query) ?? { refused: "argument", name: "query", value, error: "failed to build matcher" }
    );
  },
};

export const examples: readonly Example[] = [
  {
    title: "Words of a message",
    source: 'match_datadog_query({ "message": "disk is almost full" }, "disk AND (full OR broken)")',
    result: "true",
  },
  {
    title: "A field's beginning and a range",
    source:
      'match_datadog_query({ "host": { "name": "db-7" }, "ms": 81 }, "@host.name:db-* @ms:[50 TO 100]")',
    result: "true",
  },
  {
    title: "A tag",
    source: 'match_datadog_query({ "tags": ["env:test", "team:blue"] }, "env:prod OR -team:blue")',
    result: "false",
  },
];

function found(title: string, object: string, query: string, result: boolean): Example {
  return { title, source: `match_datadog_query(${object}, s'${query}')`, result: String(result) };
}

export const tests: readonly Example[] = [
  found("Nothing asked", "{}", " ", true),
  found("All", '{ "x": 1 }', "*:*", true),
  found("None", '{ "x": 1 }', "NOT *", false),
  found("Words one after the other", '{ "message": "the disk is full" }', "disk is", true),
  found("Words in another order", '{ "message": "the disk is full" }', "is disk", false),
  found("A word is no part of a word", '{ "message": "diskette" }', "disk", false),
  found("The beginning of a word", '{ "message": "diskette" }', "disk*", true),
  found("Quotes", '{ "message": "a (b) c" }', '"a (b"', true),
  found("Words beyond ASCII", '{ "message": "größe 日本" }', "größe", true),
  found("Other fields that are searched", '{ "custom": { "title": "hot" } }', "hot", true),
  found("A number is no word", '{ "message": 7 }', "7", false),
  found("And before or", '{ "message": "c" }', "a AND b OR c", true),
  found("A minus", '{ "message": "a" }', "- b", true),
  found("A field of every log", '{ "service": "web" }', "service:web", true),
  found("A field of every log, not a tag", '{ "tags": ["service:web"] }', "service:web", false),
  found("The list of tags", '{ "tags": ["web", "db"] }', "tags:db", true),
  found("A tag that is there", '{ "tags": ["env"] }', "_exists_:env", true),
  found("A tag that is not there", '{ "tags": ["environment:x"] }', "_missing_:env", true),
  found("A field that is null is there", '{ "a": null }', "_exists_:@a", true),
  found("A tag by wildcard", '{ "tags": ["env:prod-1"] }', "env:p*-?", false),
  found("A tag in a range of text", '{ "tags": ["b:y"] }', 'b:["x" TO "z"]', true),
  found("A range without its ends", '{ "n": 10 }', "@n:{10 TO 20}", false),
  found("A range open above", '{ "n": 11 }', "@n:{10 TO *}", true),
  found("Numbers as numbers", '{ "n": 9 }', "@n:<10", true),
  found("A float and an integer", '{ "n": 9.5 }', "@n:>=9", true),
  found("Text as text", '{ "n": "9" }', "@n:<10", false),
  found("A number in scientific notation", '{ "n": 0.5 }', "@n:>5E-2", true),
  found("A field within a field", '{ "a": { "b": "d e" } }', String.raw`@a.b:d\ e`, true),
  found("Parentheses give their field to what is in them", '{ "tags": ["env:b"] }', "env:(a OR b)", true),
  found("A wildcard within a line", String.raw`{ "x": "a\nb" }`, "@x:a*b", false),
];
