import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { wrap } from "../runtime/integer.ts";
import { isText } from "../runtime/kind-of.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import { xxh32 } from "./checksum/xxh32.ts";
import { xxh3Of128, xxh3Of64 } from "./checksum/xxh3.ts";
import { xxh64 } from "./checksum/xxh64.ts";
import type { Example, FunctionDefinition } from "./define.ts";

const VARIANTS = new Set(["XXH32", "XXH64", "XXH3-64", "XXH3-128"]);

export const xxhash: FunctionDefinition = {
  name: "xxhash",
  category: "Checksum",
  usage: "Calculates an [xxHash](https://xxhash.com) of `value`: a quick one that keeps no secrets.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to calculate it of." },
    {
      name: "variant",
      kind: Part.bytes,
      isOptional: true,
      default: "XXH32",
      description: "Which one: `XXH32`, `XXH64`, `XXH3-64` or `XXH3-128`.",
    },
  ],
  returns: Part.integer | Part.bytes,
  notices: [
    "Integers have a sign here, so hashes of 64 bits above the largest integer are negative. One of 128 bits is a " +
      "string of decimal digits.",
  ],
  // VRL calls the result a string even where it is an integer.
  typeOf: (call) => {
    const variant = call.constant("variant");
    const isKnown = isText(variant) && VARIANTS.has(lossyText(variant).toUpperCase());
    return TypeDef.of(Kind.bytes).maybeFallible(!isKnown);
  },
  sureKindOf: () => Kind.bytes.or(Kind.integer),
  prepare: () => (value: Text, variant: Text) => {
    const bytes = bytesOf(value);
    switch (lossyText(variant).toUpperCase()) {
      case "XXH32":
        return xxh32(bytes);
      case "XXH64":
        return wrap(xxh64(bytes));
      case "XXH3-64":
        return wrap(xxh3Of64(bytes));
      case "XXH3-128":
        return String(xxh3Of128(bytes));
      default:
        return new Failure("Variant must be either 'XXH32', 'XXH64', 'XXH3-64', or 'XXH3-128'");
    }
  },
};

export const examples: readonly Example[] = [
  { title: "Of 32 bits", source: 'xxhash("Plinth")', result: "1036505780" },
  {
    title: "Of 128 bits",
    source: 'xxhash("Plinth", variant: "XXH3-128")',
    result: "s'106922692675576762883231051682611464305'",
  },
];

const LONG = "The quick brown fox jumps over the lazy dog. ";

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'xxhash("")', result: "46947589" },
  { title: "Nothing, of 64 bits", source: 'xxhash("", "XXH64")', result: "-1205034819632174695" },
  { title: "Nothing, by the third", source: 'xxhash("", "xxh3-64")', result: "3244421341483603138" },
  { title: "More, of 32 bits", source: `xxhash("${LONG}")`, result: "2336739220" },
  { title: "More, of 64 bits", source: `xxhash("${LONG}", "XXH64")`, result: "5638356236303636174" },
  { title: "More, by the third", source: `xxhash("${LONG}", "XXH3-64")`, result: "6122233357027470028" },
  {
    title: "More, of 128 bits",
    source: `xxhash("${LONG}", "XXH3-128")`,
    result: "s'134223749956507598006432935690301444183'",
  },
  {
    title: "Much more, by the third",
    source: `xxhash("${LONG.repeat(5)}", "XXH3-64")`,
    result: "-7575509814661328384",
  },
  {
    title: "Much more, of 128 bits",
    source: `xxhash("${LONG.repeat(5)}", "XXH3-128")`,
    result: "s'269808306864585729001212505979985510792'",
  },
  {
    title: "Long, by the third",
    source: `xxhash("${LONG.repeat(30)}", "XXH3-64")`,
    result: "-8542517607815012251",
  },
  {
    title: "Long, of 128 bits",
    source: `xxhash("${LONG.repeat(30)}", "XXH3-128")`,
    result: "s'126179027015821435262546865398263488613'",
  },
  {
    title: "An unknown one",
    source: 'xxhash!("a", "XXH16")',
    error:
      "function call error for \"xxhash\" at (0:21): Variant must be either 'XXH32', 'XXH64', 'XXH3-64', or 'XXH3-128'",
  },
];
