import { Kind, Part } from "../checker/kind.ts";
import { isFloat } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const float: FunctionDefinition = guard({
  name: "float",
  kindName: "float",
  article: "a",
  part: Part.float,
  kindOf: () => Kind.float,
  isOfKind: isFloat,
});

export const examples: readonly Example[] = [
  { title: "A field that should be one", source: "round(float!(.ms))", input: '{"ms": 2.75}', result: "3.0" },
];

export const tests: readonly Example[] = [
  { title: "Without a fraction", source: "float(2.0)", result: "2.0" },
  { title: "In its place", source: "float(.n) ?? 0.5", input: '{"n": "1.5"}', result: "0.5" },
  { title: "Negative", source: "float(-0.5)", result: "-0.5" },
  {
    title: "An integer",
    source: "float!(.n)",
    input: '{"n": 2}',
    error: 'function call error for "float" at (0:10): expected float, got integer',
  },
  {
    title: "Nothing",
    source: "float!(.n)",
    error: 'function call error for "float" at (0:10): expected float, got null',
  },
];
