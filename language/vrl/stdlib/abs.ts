import { Part } from "../checker/kind.ts";
import { floatOf, numberOfFloat } from "../runtime/float.ts";
import { negateInteger, type Integer } from "../runtime/integer.ts";
import { isFloat } from "../runtime/kind-of.ts";
import type { Float } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { sameNumberType } from "./number/rounding.ts";

export const abs: FunctionDefinition = {
  name: "abs",
  category: "Number",
  usage: "The number without its sign.",
  parameters: [{ name: "value", kind: Part.integer | Part.float, description: "The number." }],
  returns: Part.integer | Part.float,
  notices: ["The least integer has no counterpart and stays as it is."],
  typeOf: sameNumberType,
  prepare: () => (value: Integer | Float) => {
    if (isFloat(value)) return floatOf(Math.abs(numberOfFloat(value)));
    return value < 0 ? negateInteger(value) : value;
  },
};

export const examples: readonly Example[] = [
  { title: "Of an integer", source: "abs(-17)", result: "17" },
  { title: "Of a float", source: "abs(-2.5)", result: "2.5" },
];

export const tests: readonly Example[] = [
  { title: "Zero", source: "abs(0)", result: "0" },
  { title: "Negative zero", source: "abs(-0.0)", result: "0.0" },
  { title: "A float stays one", source: "abs(-4.0)", result: "4.0" },
  { title: "Beyond what floats hold exactly", source: "abs(-9007199254740993)", result: "9007199254740993" },
  { title: "The least integer", source: "abs(-9223372036854775807 - 1)", result: "-9223372036854775808" },
  {
    title: "Not a number",
    source: "abs!(.n)",
    input: '{"n": "-1"}',
    error: 'function call error for "abs" at (0:8): expected integer or float, got string',
  },
];
