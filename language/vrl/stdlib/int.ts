import { Kind, Part } from "../checker/kind.ts";
import { isInteger } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const int: FunctionDefinition = guard({
  name: "int",
  kindName: "integer",
  article: "an",
  part: Part.integer,
  kindOf: () => Kind.integer,
  isOfKind: isInteger,
});

export const examples: readonly Example[] = [
  { title: "A field that should be one", source: "int!(.count) + 1", input: '{"count": 41}', result: "42" },
];

export const tests: readonly Example[] = [
  { title: "Large", source: "int(9223372036854775807)", result: "9223372036854775807" },
  { title: "In its place", source: "int(.n) ?? 7", input: '{"n": "1"}', result: "7" },
  { title: "Negative", source: "int(-1)", result: "-1" },
  {
    title: "A float",
    source: "int!(.n)",
    input: '{"n": 2.0}',
    error: 'function call error for "int" at (0:8): expected integer, got float',
  },
  {
    title: "A string",
    source: "int!(.n)",
    input: '{"n": "2"}',
    error: 'function call error for "int" at (0:8): expected integer, got string',
  },
];
