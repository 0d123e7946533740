import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { PERCENT_SETS, percentEncoder } from "./encoding/percent.ts";
import { knownVariantOf } from "./arguments/variant.ts";

export const encodePercent: FunctionDefinition = {
  name: "encode_percent",
  category: "Codec",
  usage:
    "Replaces characters that a part of a URL cannot hold by `%` and two digits " +
    "([percent-encoding](https://url.spec.whatwg.org/#percent-encoded-bytes)).",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to encode." },
    {
      name: "ascii_set",
      kind: Part.bytes,
      isOptional: true,
      default: "NON_ALPHANUMERIC",
      variants: {
        NON_ALPHANUMERIC: "All but letters and digits: safe anywhere.",
        CONTROLS: "Only [control characters](https://infra.spec.whatwg.org/#c0-control).",
        FRAGMENT: "What a [fragment](https://url.spec.whatwg.org/#fragment-percent-encode-set) cannot hold.",
        QUERY: "What a [query](https://url.spec.whatwg.org/#query-percent-encode-set) cannot hold.",
        SPECIAL:
          "What a [query of HTTP and its like](https://url.spec.whatwg.org/#special-percent-encode-set) cannot hold.",
        PATH: "What a [path](https://url.spec.whatwg.org/#path-percent-encode-set) cannot hold.",
        USERINFO:
          "What a [name or password](https://url.spec.whatwg.org/#userinfo-percent-encode-set) cannot hold.",
        COMPONENT:
          "What [part of a component](https://url.spec.whatwg.org/#component-percent-encode-set) cannot hold.",
        WWW_FORM_URLENCODED:
          "What a [form's field](https://url.spec.whatwg.org/#application-x-www-form-urlencoded-percent-encode-set) " +
          "cannot hold.",
      },
      description: "Which characters of ASCII to encode. All others are encoded in any case.",
    },
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare: (call) => {
    const set = knownVariantOf(call, "ascii_set", PERCENT_SETS);
    if (typeof set !== "string") return set;
    const encode = percentEncoder(set);
    return (value: Text) => encode(lossyText(value));
  },
};

export const examples: readonly Example[] = [
  { title: "Safe anywhere", source: 'encode_percent("café au lait")', result: "caf%C3%A9%20au%20lait" },
  {
    title: "For a path",
    source: 'encode_percent("/a b/{c}?", ascii_set: "PATH")',
    result: "/a%20b/%7Bc%7D%3F",
  },
];

export const tests: readonly Example[] = [
  { title: "Punctuation", source: 'encode_percent("a-b_c.d~e")', result: "a%2Db%5Fc%2Ed%7Ee" },
  {
    title: "Controls",
    source: String.raw`encode_percent("a b\n\u{7f}é", ascii_set: "CONTROLS")`,
    result: "a b%0A%7F%C3%A9",
  },
  {
    title: "A fragment",
    source: 'encode_percent("a b`<c>#", ascii_set: "FRAGMENT")',
    result: "a%20b%60%3Cc%3E#",
  },
  { title: "A query", source: `encode_percent("a b'#?", ascii_set: "QUERY")`, result: "a%20b'%23?" },
  {
    title: "A query of HTTP",
    source: `encode_percent("a b'#?", ascii_set: "SPECIAL")`,
    result: "a%20b%27%23?",
  },
  {
    title: "A name",
    source: String.raw`encode_percent("a:b@c[d]^|\\=", ascii_set: "USERINFO")`,
    result: "a%3Ab%40c%5Bd%5D%5E%7C%5C%3D",
  },
  {
    title: "A component",
    source: 'encode_percent("a&b+c,d%$!", ascii_set: "COMPONENT")',
    result: "a%26b%2Bc%2Cd%25%24!",
  },
  {
    title: "A form",
    source: `encode_percent("a!b'(c)~*", ascii_set: "WWW_FORM_URLENCODED")`,
    result: "a%21b%27%28c%29%7E*",
  },
  { title: "Empty", source: 'encode_percent("")', result: "s''" },
];
