import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { isText } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { VrlObject } from "../runtime/value.ts";
import type { CallRefusal, Example, FunctionDefinition, PrepareView } from "./define.ts";
import { builtInSuffix, suffixFinderOf, type SuffixFinder } from "./etld/suffix.ts";

export const parseEtld: FunctionDefinition = {
  name: "parse_etld",
  category: "Parse",
  usage:
    "Finds the [public suffix](https://developer.mozilla.org/en-US/docs/Glossary/eTLD) of a domain name, under which " +
    "people register names, such as `co.uk`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The domain name." },
    {
      name: "plus_parts",
      kind: Part.integer,
      isOptional: true,
      default: 0,
      description:
        "How many more labels `etld_plus` has. With 1 it is what one organization has registered; with more, what that " +
        "has made below it.",
    },
    {
      name: "psl",
      kind: Part.bytes,
      isOptional: true,
      description:
        "The path of another list in the format of https://publicsuffix.org/list/public_suffix_list.dat.",
    },
  ],
  failures: ["`value` is no domain name."],
  returns: Part.object,
  isFresh: true,
  typeOf: () =>
    TypeDef.of(Kind.object({ etld: Kind.bytes, etld_plus: Kind.bytes, known_suffix: Kind.boolean })).fallible,
  prepare: (call) => {
    const find = finderOf(call);
    if (typeof find !== "function") return find;
    return (value: Text, plusParts: Integer) =>
      suffixOf(lossyText(value), Math.max(0, Number(plusParts)), find);
  },
};

function finderOf(call: PrepareView): SuffixFinder | CallRefusal {
  const psl = call.argument("psl");
  if (psl === undefined) return builtInSuffix;
  if (!isText(psl.constant)) return { refused: "static", name: "psl" };
  const path = lossyText(psl.constant);
  const refusal = (error: string): CallRefusal => ({ refused: "argument", name: "psl", value: path, error });
  let list: string;
  try {
    const bytes = call.host.readFile?.(path);
    if (bytes === undefined) return refusal("Unable to read psl file");
    list = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refusal("Unable to read psl file");
  }
  return suffixFinderOf(list) ?? refusal("Unable to parse psl file");
}

function suffixOf(domain: string, plusParts: number, find: SuffixFinder): VrlObject | Failure {
  const found = find(domain);
  if (found === undefined) return new Failure(`unable to determine eTLD for ${domain}`);
  const labels = domain.split(".");
  const count = found.suffix.split(".").length + plusParts;
  return {
    etld: found.suffix,
    etld_plus: labels.slice(Math.max(0, labels.length - count)).join("."),
    known_suffix: found.isKnown,
  };
}

export const examples: readonly Example[] = [
  {
    title: "The suffix",
    source: 'parse_etld!("www.shop.co.uk")',
    result: '{"etld": "co.uk", "etld_plus": "co.uk", "known_suffix": true}',
  },
  {
    title: "What was registered",
    source: 'parse_etld!("www.shop.co.uk", plus_parts: 1)',
    result: '{"etld": "co.uk", "etld_plus": "shop.co.uk", "known_suffix": true}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "An unknown one",
    source: 'parse_etld!("db1.internal-net")',
    result: '{"etld": "internal-net", "etld_plus": "internal-net", "known_suffix": false}',
  },
  {
    title: "More labels than there are",
    source: 'parse_etld!("a.com", plus_parts: 9)',
    result: '{"etld": "com", "etld_plus": "a.com", "known_suffix": true}',
  },
  {
    title: "Fewer than none",
    source: 'parse_etld!("a.com", plus_parts: -1)',
    result: '{"etld": "com", "etld_plus": "com", "known_suffix": true}',
  },
  {
    title: "Of a company",
    source: 'parse_etld!("me.github.io", 1)',
    result: '{"etld": "github.io", "etld_plus": "me.github.io", "known_suffix": true}',
  },
  {
    title: "An exception",
    source: 'parse_etld!("www.ck", 1)',
    result: '{"etld": "ck", "etld_plus": "www.ck", "known_suffix": true}',
  },
  {
    title: "A wildcard",
    source: 'parse_etld!("a.b.ck", 1)',
    result: '{"etld": "b.ck", "etld_plus": "a.b.ck", "known_suffix": true}',
  },
  {
    title: "Unicode",
    source: 'parse_etld!("a.公司.cn", 1)',
    result: '{"etld": "公司.cn", "etld_plus": "a.公司.cn", "known_suffix": true}',
  },
  {
    title: "Upper case is not known",
    source: 'parse_etld!("A.COM")',
    result: '{"etld": "COM", "etld_plus": "COM", "known_suffix": false}',
  },
  {
    title: "A dot at the end",
    source: 'parse_etld!("a.com.")',
    result: '{"etld": "com.", "etld_plus": "com.", "known_suffix": true}',
  },
  {
    title: "Empty",
    source: 'parse_etld!("")',
    error: 'function call error for "parse_etld" at (0:15): unable to determine eTLD for ',
  },
];
