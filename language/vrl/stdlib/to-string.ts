import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { numberOfFloat, plainText } from "../runtime/float.ts";
import { isFloat, isText } from "../runtime/kind-of.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { kindText } from "./type/mismatch.ts";

export const toString: FunctionDefinition = {
  name: "to_string",
  category: "Coerce",
  usage: "Makes a string of a scalar.",
  parameters: [{ name: "value", kind: Part.all, description: "The scalar." }],
  failures: ["`value` is an array, an object or a regular expression."],
  returns: Part.bytes,
  returnRules: [
    "A float has no exponent, and no fraction where there is none.",
    "A timestamp is written as RFC 3339 has it, in UTC.",
    "Null gives an empty string.",
  ],
  typeOf: (call) =>
    TypeDef.of(Kind.bytes).maybeFallible(call.type("value").kind.has(Part.array | Part.object | Part.regex)),
  prepare: () => (value: Value) => {
    if (isText(value)) return value;
    if (isFloat(value)) return plainText(numberOfFloat(value));
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
      return String(value);
    if (value instanceof Timestamp) return value.toString();
    return (value ?? null) === null ? "" : new Failure(`unable to coerce ${kindText(value)} into string`);
  },
};

export const examples: readonly Example[] = [
  { title: "A number", source: 'to_string(8080) + "/tcp"', result: "8080/tcp" },
  {
    title: "A timestamp",
    source: "to_string(t'2024-02-29T12:00:00.5Z')",
    result: "s'2024-02-29T12:00:00.500Z'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Floats",
    source: '[to_string(1.0), to_string(-0.5), to_string(to_float!("1e21")), to_string(0.0000001)]',
    result: '["1", "-0.5", "1000000000000000000000", "0.0000001"]',
  },
  { title: "A large integer", source: "to_string(-9223372036854775807)", result: "s'-9223372036854775807'" },
  { title: "Booleans", source: "to_string(true) + to_string(false)", result: "truefalse" },
  { title: "Null", source: "to_string(null)", result: "s''" },
  { title: "A string", source: 'to_string("a")', result: "a" },
  {
    title: "An array",
    source: "to_string!([])",
    error: 'function call error for "to_string" at (0:14): unable to coerce array into string',
  },
  {
    title: "A regex",
    source: "to_string!(r'a')",
    error: 'function call error for "to_string" at (0:16): unable to coerce regex into string',
  },
];
