import { Part } from "../checker/kind.ts";
import { removeAt, type Path } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const del: FunctionDefinition = {
  name: "del",
  category: "Path",
  usage:
    "Removes what the path leads to from the event, its metadata or a variable. For paths that are known only when " +
    "the program runs, see [`remove`](#remove).",
  parameters: [
    { name: "target", kind: Part.all, isPath: true, description: "The path of what is removed." },
    {
      name: "compact",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether the objects and arrays around it that become empty go with it, all but the root.",
    },
  ],
  returns: Part.all,
  returnRules: ["What was removed; null where there was nothing."],
  notices: ["It changes the event itself."],
  isImpure: true,
  removesPath: true,
  typeOf: (call) => call.type("target").impure,
  prepare: () => (root: Value, path: Path, isCompact: boolean) => removeAt(root, path, isCompact) ?? null,
};

export const examples: readonly Example[] = [
  {
    title: "Remove a field",
    source: "del(.password)\n.",
    input: '{"user": "ada", "password": "x"}',
    result: '{"user": "ada"}',
  },
  {
    title: "Rename a field",
    source: ".message = del(.msg)\n.",
    input: '{"msg": "hi"}',
    result: '{"message": "hi"}',
  },
  {
    title: "With what becomes empty",
    source: "del(.http.request.id, compact: true)\n.",
    input: '{"http": {"request": {"id": 1}}, "ok": true}',
    result: '{"ok": true}',
  },
];

export const tests: readonly Example[] = [
  { title: "It yields what it removes", source: "del(.a.b)", input: '{"a": {"b": [1]}}', result: "[1]" },
  { title: "Nothing there", source: "[del(.a.b[0]), .]", input: '{"a": 1}', result: '[null, {"a": 1}]' },
  { title: "An empty object is left", source: "del(.a.b)\n.", input: '{"a": {"b": 1}}', result: '{"a": {}}' },
  {
    title: "An element; the array closes the gap",
    source: "del(.l[-2])\n.l",
    input: '{"l": [1, 2, 3]}',
    result: "[1, 3]",
  },
  { title: "The whole event", source: "x = del(.)\n[x, .]", input: '{"a": 1}', result: '[{"a": 1}, {}]' },
  { title: "Of a variable", source: 'v = { "a": 1, "b": 2 }\nx = del(v.a)\n[x, v]', result: '[1, {"b": 2}]' },
  { title: "Of a value", source: 'del({ "a": 5 }.a)', result: "5" },
  { title: "Its type is known", source: 'v = { "a": "x" }\nupcase(del(v.a))', result: "X" },
];
