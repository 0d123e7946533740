import { Kind, Part } from "../checker/kind.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const bool: FunctionDefinition = guard({
  name: "bool",
  kindName: "boolean",
  article: "a",
  part: Part.boolean,
  kindOf: () => Kind.boolean,
  isOfKind: (value) => typeof value === "boolean",
});

export const examples: readonly Example[] = [
  { title: "A field that should be one", source: "!bool!(.ok)", input: '{"ok": false}', result: "true" },
];

export const tests: readonly Example[] = [
  { title: "True", source: "bool(true)", result: "true" },
  { title: "Of a comparison", source: "bool(1 < 2)", result: "true" },
  { title: "In its place", source: "bool(.n) ?? false", input: '{"n": 1}', result: "false" },
  {
    title: "A string",
    source: "bool!(.n)",
    input: '{"n": "true"}',
    error: 'function call error for "bool" at (0:9): expected boolean, got string',
  },
  {
    title: "A number",
    source: "bool!(.n)",
    input: '{"n": 0}',
    error: 'function call error for "bool" at (0:9): expected boolean, got integer',
  },
];
