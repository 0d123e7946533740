import { Part } from "../checker/kind.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseKeyValues } from "./key-value/parse.ts";
import { keyValueType } from "./parse-key-value.ts";

const LOGFMT = { separator: "=", delimiter: " ", isStrict: false, takesLoneKeys: true } as const;

export const parseLogfmt: FunctionDefinition = {
  name: "parse_logfmt",
  category: "Parse",
  usage:
    "Reads `value` as [logfmt](https://brandur.org/logfmt): `key=value` with spaces between. Keys and values may be " +
    'in `"`, where `\\` takes the meaning of a `"` away. A key alone is `true`.',
  parameters: [{ name: "value", kind: Part.bytes, description: "The text to read." }],
  failures: ["`value` is no logfmt."],
  returns: Part.object,
  isFresh: true,
  typeOf: keyValueType,
  prepare: () => (value: Text) => parseKeyValues(lossyText(value), LOGFMT),
};

export const examples: readonly Example[] = [
  {
    title: "Read a line",
    source: `parse_logfmt!(s'ts=12:01 lvl=warn msg="disk almost full" used=93%')`,
    result: '{"ts": "12:01", "lvl": "warn", "msg": "disk almost full", "used": "93%"}',
  },
  {
    title: "Keys alone",
    source: 'parse_logfmt!("retry user=ada")',
    result: '{"retry": true, "user": "ada"}',
  },
];

export const tests: readonly Example[] = [
  { title: "A key more than once", source: 'parse_logfmt!("a=1 a=2 a=3")', result: '{"a": ["1", "2", "3"]}' },
  {
    title: "Unicode",
    source: 'parse_logfmt!("città=Forlì 日本=東京")',
    result: '{"città": "Forlì", "日本": "東京"}',
  },
  { title: "An empty value in quotes", source: `parse_logfmt!(s'a="" b=1')`, result: '{"a": "", "b": "1"}' },
  { title: "Tabs at the ends", source: String.raw`parse_logfmt!("\ta=1\t")`, result: '{"a": "1"}' },
  {
    title: "Bytes that are not UTF-8",
    source: 'parse_logfmt!(decode_base16!("613dff"))',
    result: '{"a": "�"}',
  },
  {
    title: "Only space",
    source: 'parse_logfmt!("  ")',
    error: 'function call error for "parse_logfmt" at (0:19): 0: at line 1, in Verify:\n\n^\n\n',
  },
];
