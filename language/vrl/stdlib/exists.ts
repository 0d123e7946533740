import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { getAt, type Path } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const exists: FunctionDefinition = {
  name: "exists",
  category: "Path",
  usage:
    "Whether the path leads to something, which may be null. Reading a path does not tell: it is null in both cases.",
  parameters: [{ name: "field", kind: Part.all, isPath: true, description: "The path to look at." }],
  returns: Part.boolean,
  typeOf: () => TypeDef.of(Kind.boolean),
  prepare: () => (root: Value | undefined, path: Path) => getAt(root, path) !== undefined,
};

export const examples: readonly Example[] = [
  { title: "There", source: "exists(.user.id)", input: '{"user": {"id": null}}', result: "true" },
  { title: "Not there", source: "exists(.user.name)", input: '{"user": {"id": null}}', result: "false" },
];

export const tests: readonly Example[] = [
  {
    title: "An element from the end",
    source: "[exists(.l[-1]), exists(.l[-2])]",
    input: '{"l": [0]}',
    result: "[true, false]",
  },
  { title: "The event itself", source: "exists(.)", result: "true" },
  { title: "Through a scalar", source: "exists(.a.b)", input: '{"a": "b"}', result: "false" },
  { title: "What objects have of their own", source: "exists(.constructor)", result: "false" },
  {
    title: "In a variable",
    source: 'v = { "a": [1] }\n[exists(v.a[0]), exists(v.b)]',
    result: "[true, false]",
  },
  { title: "In a value", source: 'exists({ "a": 1 }.a)', result: "true" },
];
