import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseQuery } from "./url/query.ts";

export const parseQueryString: FunctionDefinition = {
  name: "parse_query_string",
  category: "Parse",
  usage: "Reads `value` as the query of a URL. A `?` before it does not matter.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The query." }],
  returns: Part.object,
  notices: [
    "Values are strings, or arrays of strings where a key comes more than once. Keys and values may be empty. Convert " +
      "them to what you need by functions such as `to_int`.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.ofObject(Collection.ofUnknown(Kind.bytes.or(Kind.anyArray())))),
  prepare: () => (value: Text) => parseQuery(value),
};

export const examples: readonly Example[] = [
  {
    title: "Read a query",
    source: 'parse_query_string("?q=caf%C3%A9+au+lait&page=2")',
    result: '{"page": "2", "q": "café au lait"}',
  },
  { title: "A key more than once", source: 'parse_query_string("id=1&id=2")', result: '{"id": ["1", "2"]}' },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'parse_query_string("")', result: "{}" },
  {
    title: "Empty keys and values",
    source: 'parse_query_string("a&b=&=c&&")',
    result: '{"": "c", "a": "", "b": ""}',
  },
  { title: "More signs", source: 'parse_query_string("a=b=c&d=?")', result: '{"a": "b=c", "d": "?"}' },
  { title: "Brackets", source: 'parse_query_string("a%5B%5D=1&a[]=2")', result: '{"a[]": ["1", "2"]}' },
  { title: "Not UTF-8", source: 'parse_query_string("a=%ff")', result: '{"a": "�"}' },
  {
    title: "Names that objects have already",
    source: 'encode_json(parse_query_string("__proto__=1&toString=2"))',
    result: `s'{"__proto__":"1","toString":"2"}'`,
  },
];
