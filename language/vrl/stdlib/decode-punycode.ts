import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition, Parameter } from "./define.ts";
import { domainToUnicode } from "./url/domain.ts";
import { punycodeDecoded } from "./url/punycode.ts";

const PREFIX = "xn--";

export const validateDomain: Parameter = {
  name: "validate",
  kind: Part.boolean,
  isOptional: true,
  default: true,
  description: "Whether what is no domain name is refused.",
};

export const decodePunycode: FunctionDefinition = {
  name: "decode_punycode",
  category: "Codec",
  usage:
    "Turns the [Punycode](https://en.wikipedia.org/wiki/Punycode) of an " +
    "[international domain name](https://en.wikipedia.org/wiki/Internationalized_domain_name) back into the name. " +
    "`value` is a domain name or a part of one.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The domain name." }, validateDomain],
  failures: ["`value` is no domain name, or its Punycode is none."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, isValidated: boolean) => {
    const text = lossyText(value);
    if (!text.includes(PREFIX)) return text;
    if (isValidated) return domainToUnicode(text) ?? new Failure("unable to decode punycode");
    return text.split(".").map(decodedLabel).join(".");
  },
};

function decodedLabel(label: string): string {
  return label.startsWith(PREFIX) ? (punycodeDecoded(label.slice(PREFIX.length)) ?? label) : label;
}

export const examples: readonly Example[] = [
  {
    title: "A domain name",
    source: 'decode_punycode!("www.xn--mller-kva.example")',
    result: "www.müller.example",
  },
  {
    title: "As it is, without a check",
    source: 'decode_punycode!("xn--MLLER-kva.example", validate: false)',
    result: "MüLLER.example",
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing to decode", source: 'decode_punycode!("www.example.com")', result: "www.example.com" },
  { title: "All characters beyond ASCII", source: 'decode_punycode!("xn--wgv71a")', result: "日本" },
  {
    title: "What is none",
    source: 'decode_punycode!("xn--a")',
    error: 'function call error for "decode_punycode" at (0:25): unable to decode punycode',
  },
  { title: "What is none stays", source: 'decode_punycode!("xn--!.b", validate: false)', result: "xn--!.b" },
  { title: "Empty", source: 'decode_punycode!("")', result: "s''" },
];
