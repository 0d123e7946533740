import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const assert: FunctionDefinition = {
  name: "assert",
  category: "Debug",
  usage: "Fails where `condition` is false, so that `assert!` ends the program.",
  parameters: [
    { name: "condition", kind: Part.boolean, description: "What should be true." },
    {
      name: "message",
      kind: Part.bytes,
      isOptional: true,
      description: "What the failure says; `assertion failed` where it is not given.",
    },
  ],
  failures: ["`condition` is false."],
  returns: Part.boolean,
  notices: ["Where the program should go on, use `if`: a failure costs the rest of the program."],
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.boolean).fallible,
  prepare: () => (condition: boolean, message: Text | undefined) =>
    condition || new Failure(message === undefined ? "assertion failed" : lossyText(message)),
};

export const examples: readonly Example[] = [
  { title: "It holds", source: "assert!(.status == 200)", input: '{"status": 200}', result: "true" },
  {
    title: "It does not",
    source: 'assert!(.status == 200, message: "not OK")',
    input: '{"status": 500}',
    error: 'function call error for "assert" at (0:42): not OK',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Without a message",
    source: "assert!(1 > 2)",
    error: 'function call error for "assert" at (0:14): assertion failed',
  },
  {
    title: "Its failure can be handled",
    source: 'ok, err = assert(false, "no")\n[ok, err]',
    result: '[false, "function call error for \\"assert\\" at (10:29): no"]',
  },
  {
    title: "An empty message",
    source: 'assert!(false, "")',
    error: 'function call error for "assert" at (0:18): ',
  },
  {
    title: "A message is made before it is known whether it is needed",
    source: 'assert!(true, "got " + to_string(.n) ?? "")',
    input: '{"n": 1}',
    result: "true",
  },
  {
    title: "Not a boolean",
    source: "assert!(.n)",
    input: '{"n": "true"}',
    error: 'function call error for "assert" at (0:11): expected boolean, got string',
  },
];
