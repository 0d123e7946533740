import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { display } from "../runtime/display.ts";
import { valuesEqual } from "../runtime/equal.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const assertEq: FunctionDefinition = {
  name: "assert_eq",
  category: "Debug",
  usage:
    "Fails where the two values are not equal, so that `assert_eq!` ends the program. Unlike `==` it takes 1 and 1.0 " +
    "for different.",
  parameters: [
    { name: "left", kind: Part.all, description: "What there is." },
    { name: "right", kind: Part.all, description: "What there should be." },
    {
      name: "message",
      kind: Part.bytes,
      isOptional: true,
      description: "What the failure says; both values where it is not given.",
    },
  ],
  failures: ["The values differ."],
  returns: Part.boolean,
  notices: ["Where the program should go on, use `if`: a failure costs the rest of the program."],
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.boolean).fallible,
  prepare: () => (left: Value, right: Value, message: Text | undefined) => {
    if (valuesEqual(left, right)) return true;
    if (message !== undefined) return new Failure(lossyText(message));
    return new Failure(`assertion failed: ${display(left)} == ${display(right)}`);
  },
};

export const examples: readonly Example[] = [
  { title: "Equal", source: 'assert_eq!(upcase("a"), "A")', result: "true" },
  {
    title: "Different",
    source: "assert_eq!([1, 2], [1])",
    error: 'function call error for "assert_eq" at (0:23): assertion failed: [1, 2] == [1]',
  },
];

export const tests: readonly Example[] = [
  {
    title: "With a message",
    source: 'assert_eq!(1, 2, message: "off by one")',
    error: 'function call error for "assert_eq" at (0:39): off by one',
  },
  {
    title: "An integer is no float",
    source: "assert_eq!(1, 1.5)",
    error: 'function call error for "assert_eq" at (0:18): assertion failed: 1 == 1.5',
  },
  { title: "Objects", source: 'assert_eq!({ "a": [1] }, { "a": [1] })', result: "true" },
  {
    title: "How values are shown",
    source: 'assert_eq!({ "b": t\'2024-01-01T00:00:00Z\', "a": "x" }, null)',
    error:
      'function call error for "assert_eq" at (0:60): assertion failed: { "a": "x", "b": t\'2024-01-01T00:00:00Z\' } == null',
  },
  { title: "Nothing there is null", source: "assert_eq!(.a, null)", result: "true" },
];
