import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { componentsOf } from "./string/file-path.ts";

export const splitPath: FunctionDefinition = {
  name: "split_path",
  category: "String",
  usage: "The parts of a path of a file, as Unix writes it: the root `/` if it starts there, and the names.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The path." }],
  failures: ["`value` is not a string."],
  returns: Part.array,
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.anyArray()),
  prepare: () => (value: Text) => componentsOf(lossyText(value)).map(({ name }) => name),
};

export const examples: readonly Example[] = [
  { title: "A path from the root", source: 'split_path("/etc/hosts")', result: '["/", "etc", "hosts"]' },
  { title: "A path from here", source: 'split_path("src/main.ts")', result: '["src", "main.ts"]' },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'split_path("")', result: "[]" },
  { title: "The root", source: 'split_path("//")', result: '["/"]' },
  { title: "Empty parts", source: 'split_path("a//b/")', result: '["a", "b"]' },
  {
    title: "Dots",
    source: '[split_path("./a/./../."), split_path("/./a")]',
    result: '[[".", "a", ".."], ["/", "a"]]',
  },
  {
    title: "Not a string",
    source: "split_path!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "split_path" at (0:15): expected string, got integer',
  },
];
