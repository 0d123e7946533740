import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { wrap } from "../runtime/integer.ts";
import { bytesOf, type Text } from "../runtime/text.ts";
import { seahash as hash } from "./checksum/seahash.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const seahash: FunctionDefinition = {
  name: "seahash",
  category: "Cryptography",
  usage:
    "Calculates the [SeaHash](https://docs.rs/seahash) of `value`: a quick one that keeps no secrets. Integers have a " +
    "sign here, so hashes above the largest integer are negative.",
  parameters: [{ name: "value", kind: Part.bytes, description: "What to calculate it of." }],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer),
  prepare: () => (value: Text) => wrap(hash(bytesOf(value))),
};

export const examples: readonly Example[] = [
  { title: "Hash a string", source: 'seahash("Plinth")', result: "744126341354649538" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'seahash("")', result: "-3953938083091587911" },
  { title: "Eight bytes", source: 'seahash("12345678")', result: "8739073611186757572" },
  {
    title: "More than all lanes",
    source: 'seahash("The quick brown fox jumps over the lazy dog")',
    result: "-5347679245320120724",
  },
  { title: "Negative", source: 'seahash("a")', result: "3009532316786026829" },
];
