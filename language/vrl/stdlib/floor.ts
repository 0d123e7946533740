import { Part } from "../checker/kind.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Float } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { precision, roundWith, sameNumberType } from "./number/rounding.ts";

export const floor: FunctionDefinition = {
  name: "floor",
  category: "Number",
  usage: "Rounds `value` down with `precision` decimal places.",
  parameters: [
    { name: "value", kind: Part.integer | Part.float, description: "The number to round down." },
    precision,
  ],
  returns: Part.integer | Part.float,
  returnRules: ["An integer stays as it is; a float gives a float, also with no decimal places."],
  typeOf: sameNumberType,
  prepare: () => (value: Integer | Float, places: Integer) => roundWith(value, places, Math.floor),
};

export const examples: readonly Example[] = [
  { title: "To a whole number", source: "floor(3.9)", result: "3.0" },
  { title: "To a hundredth", source: "floor(2.71828, precision: 2)", result: "2.71" },
];

export const tests: readonly Example[] = [
  { title: "Negative", source: "floor(-3.1)", result: "-4.0" },
  { title: "An integer", source: "floor(-5)", result: "-5" },
  { title: "To tens", source: "floor(99.9, -1)", result: "90.0" },
  { title: "Smaller than a place", source: "floor(0.004, 2)", result: "0.0" },
  { title: "As floats are", source: "floor(0.29, 2)", result: "0.28" },
  {
    title: "Not a number",
    source: "floor!(.n)",
    input: '{"n": true}',
    error: 'function call error for "floor" at (0:10): expected integer or float, got boolean',
  },
];
