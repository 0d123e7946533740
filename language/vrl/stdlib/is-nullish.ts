import type { Example, FunctionDefinition } from "./define.ts";
import { isNullishValue } from "./type/nullish.ts";
import { predicate } from "./type/predicate.ts";

export const isNullish: FunctionDefinition = {
  ...predicate("is_nullish", "null", isNullishValue),
  usage:
    "Whether `value` says no more than null does: it is null, or a string that is empty, white space alone, or `-`.",
  returnRules: [
    "White space is what has Unicode's property " +
      "[`White_Space`](https://en.wikipedia.org/wiki/Unicode_character_property#Whitespace).",
  ],
  notices: ["Empty arrays and objects are not nullish."],
};

export const examples: readonly Example[] = [
  { title: "A dash in a log line", source: 'is_nullish("-")', result: "true" },
  { title: "A missing field", source: "is_nullish(.user)", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'is_nullish("")', result: "true" },
  { title: "White space", source: 'is_nullish(" \\t\\n\u00A0\u3000\u0085")', result: "true" },
  { title: "What looks like white space", source: 'is_nullish("\u200B")', result: "false" },
  { title: "Two dashes", source: 'is_nullish("--")', result: "false" },
  { title: "An array", source: "is_nullish([])", result: "false" },
  { title: "Zero", source: "is_nullish(0)", result: "false" },
  { title: "Bytes that are no text", source: 'is_nullish(decode_base16!("ff"))', result: "false" },
];
