import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { validateDomain } from "./decode-punycode.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { domainToAscii } from "./url/domain.ts";
import { punycodeEncoded } from "./url/punycode.ts";

const PREFIX = "xn--";

export const encodePunycode: FunctionDefinition = {
  name: "encode_punycode",
  category: "Codec",
  usage:
    "Turns an [international domain name](https://en.wikipedia.org/wiki/Internationalized_domain_name) into ASCII by " +
    "[Punycode](https://en.wikipedia.org/wiki/Punycode). `value` is a domain name or a part of one.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The domain name." }, validateDomain],
  failures: ["`value` is no domain name."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, isValidated: boolean) => {
    const text = lossyText(value);
    if (isValidated) return domainToAscii(text) ?? new Failure("unable to encode to punycode");
    return text.split(".").map(encodedLabel).join(".");
  },
};

function encodedLabel(label: string): string {
  const lower = label.toLowerCase();
  if (label.startsWith(PREFIX) || /^[\u0000-\u007f]*$/.test(label)) return lower;
  return PREFIX + (punycodeEncoded(lower) ?? lower);
}

export const examples: readonly Example[] = [
  {
    title: "A domain name",
    source: 'encode_punycode!("www.Müller.example")',
    result: "www.xn--mller-kva.example",
  },
  {
    title: "Without a check",
    source: 'encode_punycode!("müller", validate: false)',
    result: "xn--mller-kva",
  },
];

export const tests: readonly Example[] = [
  { title: "ASCII", source: 'encode_punycode!("www.Example.com")', result: "www.example.com" },
  { title: "All characters beyond ASCII", source: 'encode_punycode!("日本")', result: "xn--wgv71a" },
  { title: "One that is encoded already", source: 'encode_punycode!("xn--wgv71a")', result: "xn--wgv71a" },
  {
    title: "Some of all kinds",
    source: 'encode_punycode!("bücher.日本.com", validate: false)',
    result: "xn--bcher-kva.xn--wgv71a.com",
  },
  {
    title: "What no name can be",
    source: 'encode_punycode!("xn--é")',
    error: 'function call error for "encode_punycode" at (0:26): unable to encode to punycode',
  },
  { title: "Empty", source: 'encode_punycode!("")', result: "s''" },
];
