import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const join: FunctionDefinition = {
  name: "join",
  category: "String",
  usage: "Puts the strings in `value` together to one, with `separator` between them.",
  parameters: [
    { name: "value", kind: Part.array, description: "The strings to join." },
    {
      name: "separator",
      kind: Part.bytes,
      isOptional: true,
      description: "What stands between two of them.",
    },
  ],
  failures: ["An element of `value` is not a string."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare:
    () =>
    (value: Value[], separator: Text = "") => {
      const texts: string[] = [];
      for (const element of value) {
        if (!isText(element)) return new Failure("all array items must be strings");
        texts.push(lossyText(element));
      }
      return texts.join(lossyText(separator));
    },
};

export const examples: readonly Example[] = [
  { title: "A list", source: 'join!(["bread", "milk", "eggs"], ", ")', result: "bread, milk, eggs" },
  { title: "Without a separator", source: 'join!(["a", "b"])', result: "ab" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'join!([], ",")', result: "s''" },
  { title: "One", source: 'join!(["a"], ",")', result: "a" },
  { title: "Empty ones", source: 'join!(["", ""], separator: "-")', result: "-" },
  {
    title: "A number",
    source: 'join!(["a", 1])',
    error: 'function call error for "join" at (0:15): all array items must be strings',
  },
  {
    title: "Not an array",
    source: "join!(.n)",
    input: '{"n": "ab"}',
    error: 'function call error for "join" at (0:9): expected array, got string',
  },
];
