/** Functions that tests of the checker call: each shows one thing that a definition can ask for. */
import type { FunctionDefinition } from "../stdlib/define.ts";
import { Kind, Part } from "./kind.ts";
import { TypeDef } from "./type-def.ts";

const COLLECTION = Part.array | Part.object;

type Described = Pick<FunctionDefinition, "name" | "parameters" | "typeOf"> & Partial<FunctionDefinition>;

function define(described: Described): FunctionDefinition {
  return {
    category: "Debug",
    usage: "",
    returns: Part.all,
    prepare: () => () => null,
    ...described,
  };
}

const value = (kind: number): FunctionDefinition["parameters"][number] => ({
  name: "value",
  kind,
  description: "",
});

/** Strings in, a string out; cannot fail. */
const shout = define({
  name: "shout",
  parameters: [value(Part.bytes)],
  typeOf: () => TypeDef.of(Kind.bytes),
});

/** Anything in, an integer out; can fail. */
const number = define({
  name: "number",
  parameters: [value(Part.all)],
  typeOf: () => TypeDef.of(Kind.integer).fallible,
});

/** Takes several kinds, and optional arguments. */
const cut = define({
  name: "cut",
  parameters: [
    value(Part.bytes | Part.array),
    { name: "from", kind: Part.integer, description: "" },
    { name: "to", kind: Part.integer, description: "", isOptional: true, default: 9 },
  ],
  typeOf: (call) => call.type("value"),
});

/** Returns an array where the argument is one, and says that it returns objects. */
const guess = define({
  name: "guess",
  parameters: [value(Part.all)],
  returns: COLLECTION,
  typeOf: () => TypeDef.of(Kind.anyObject()),
});

/** Reads the clock. */
const clock = define({
  name: "clock",
  parameters: [],
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.timestamp).impure,
});

/** Known where its argument is; fails for what is no digit. */
const digits = define({
  name: "digits",
  parameters: [value(Part.bytes)],
  isFolded: true,
  typeOf: () => TypeDef.of(Kind.integer).fallible,
  prepare: () => (text: string) => Number.parseInt(text, 10),
});

/** Is as fallible as its constant makes it. */
const limit = define({
  name: "limit",
  parameters: [{ name: "max", kind: Part.integer, description: "" }],
  typeOf: (call) => TypeDef.of(Kind.integer).maybeFallible(call.constant("max") === undefined),
});

/** Refuses calls, each mode for its own reason. */
const refuse = define({
  name: "refuse",
  parameters: [
    { name: "mode", kind: Part.bytes, description: "" },
    { name: "of", kind: Part.all, description: "", isOptional: true },
  ],
  typeOf: () => TypeDef.of(Kind.null),
  prepare(call) {
    const mode = call.constant("mode");
    const name = "of";
    if (mode === undefined) return { refused: "static", name: "mode" };
    if (mode === "literal" && call.constant(name) === undefined) return { refused: "literal", name };
    if (mode === "array" && call.argument(name)?.elements === undefined) return { refused: "array", name };
    if (mode === "object" && call.argument(name)?.fields === undefined) return { refused: "object", name };
    if (mode === "regex") return { refused: "regex", name };
    if (mode === "variant") return { refused: "variant", name, value: "c", variants: ["a", "b"] };
    if (mode === "argument") return { refused: "argument", name, value: 7, error: "too much" };
    return () => null;
  },
});

const path = { name: "path", kind: Part.all, description: "", isPath: true } as const;

const exists = define({
  name: "exists",
  parameters: [path],
  typeOf: () => TypeDef.of(Kind.boolean),
});

const del = define({
  name: "del",
  parameters: [path, { name: "compact", kind: Part.boolean, description: "", isOptional: true }],
  removesPath: true,
  typeOf: (call) => call.type("path").impure,
});

const get = define({
  name: "get",
  parameters: [value(Part.object)],
  typeOf: () => TypeDef.of(Kind.any).fallible,
});

/** A closure for each part, whatever it yields. */
const each = define({
  name: "each",
  parameters: [value(COLLECTION)],
  closure: {
    variables: [
      { of: "key", parameter: "value" },
      { of: "value", parameter: "value" },
    ],
    parameter: "value",
    kind: COLLECTION,
    yields: Kind.any,
    isIterator: true,
    example: "each([1]) -> |i, v| { v }",
  },
  typeOf: () => TypeDef.of(Kind.null),
});

/** A closure that must yield a boolean. */
const keep = define({
  name: "keep",
  parameters: [value(COLLECTION)],
  closure: { ...each.closure!, yields: Kind.boolean },
  typeOf: (call) => call.type("value"),
});

/** A closure that gets the argument itself and a string; what it yields is the call's. */
const apply = define({
  name: "apply",
  parameters: [value(Part.bytes | Part.integer)],
  closure: {
    variables: [
      { of: "target", parameter: "value" },
      { of: "kind", kind: Kind.bytes },
    ],
    parameter: "value",
    kind: Part.bytes | Part.integer,
    yields: Kind.any,
    isIterator: false,
  },
  typeOf: (call) => TypeDef.of(call.closure?.kind ?? Kind.never),
});

export const testFunctions: readonly FunctionDefinition[] = [
  shout,
  number,
  cut,
  guess,
  clock,
  digits,
  limit,
  refuse,
  exists,
  del,
  get,
  each,
  keep,
  apply,
];
