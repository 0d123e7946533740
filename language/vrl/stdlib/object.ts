import { Collection, Kind, Part } from "../checker/kind.ts";
import { isObject } from "../runtime/kind-of.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { guard } from "./type/guard.ts";

export const object: FunctionDefinition = guard({
  name: "object",
  kindName: "object",
  article: "an",
  part: Part.object,
  kindOf: (argument) => Kind.ofObject(argument.object ?? Collection.any()),
  isOfKind: isObject,
});

export const examples: readonly Example[] = [
  {
    title: "A field that should be one",
    source: "keys(object!(.user))",
    input: '{"user": {"id": 1}}',
    result: '["id"]',
  },
];

export const tests: readonly Example[] = [
  { title: "Known fields stay known", source: 'upcase(object({ "a": "x" }).a)', result: "X" },
  { title: "Empty", source: "object({})", result: "{}" },
  { title: "In its place", source: "object(.n) ?? {}", input: '{"n": [1]}', result: "{}" },
  {
    title: "An array",
    source: "object!(.n)",
    input: '{"n": []}',
    error: 'function call error for "object" at (0:11): expected object, got array',
  },
  {
    title: "A string",
    source: "object!(.n)",
    input: '{"n": "{}"}',
    error: 'function call error for "object" at (0:11): expected object, got string',
  },
];
