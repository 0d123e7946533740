import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { isText } from "../runtime/kind-of.ts";
import type { Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { asArray } from "./collection/restrict.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { comparable } from "./string/case-sensitive.ts";
import { mismatch } from "./type/mismatch.ts";

export const containsAll: FunctionDefinition = {
  name: "contains_all",
  category: "String",
  usage: "Whether each of `substrings` occurs in `value`.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to look through." },
    { name: "substrings", kind: Part.array, description: "The strings to look for." },
    {
      name: "case_sensitive",
      kind: Part.boolean,
      isOptional: true,
      description: "Whether upper case and lower case are different; they are where it is not given.",
    },
  ],
  failures: ["An element of `substrings` that is looked at is not a string."],
  returns: Part.boolean,
  typeOf: (call) => {
    const areStrings = Collection.ofUnknown<number>(Kind.bytes).isSupersetOf(
      asArray(call.type("substrings")),
    );
    return TypeDef.of(Kind.boolean).maybeFallible(!areStrings);
  },
  prepare:
    () =>
    (value: Text, substrings: Value[], isCaseSensitive: boolean = true) => {
      const text = comparable(value, isCaseSensitive);
      for (const substring of substrings) {
        if (!isText(substring)) return mismatch("string", substring);
        if (!text.includes(comparable(substring, isCaseSensitive))) return false;
      }
      return true;
    },
};

export const examples: readonly Example[] = [
  { title: "All of them", source: 'contains_all("error: disk full", ["disk", "error"])', result: "true" },
  { title: "Not all", source: 'contains_all("error: disk full", ["disk", "memory"])', result: "false" },
];

export const tests: readonly Example[] = [
  { title: "None to look for", source: 'contains_all("a", [])', result: "true" },
  { title: "In any case", source: 'contains_all("ÀB", ["b", "à"], case_sensitive: false)', result: "true" },
  { title: "Upper case is not lower case", source: 'contains_all("AB", ["A", "b"])', result: "false" },
  {
    title: "What comes after the first that is missing is not looked at",
    source: 'contains_all!("a", ["b", 1])',
    result: "false",
  },
  {
    title: "A number",
    source: 'contains_all!("1", ["1", 1])',
    error: 'function call error for "contains_all" at (0:28): expected string, got integer',
  },
];
