import { Part } from "../checker/kind.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Float } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { precision, roundHalfAway, roundWith, sameNumberType } from "./number/rounding.ts";

export const round: FunctionDefinition = {
  name: "round",
  category: "Number",
  usage: "Rounds `value` to the nearest number with `precision` decimal places.",
  parameters: [
    { name: "value", kind: Part.integer | Part.float, description: "The number to round." },
    precision,
  ],
  returns: Part.integer | Part.float,
  returnRules: ["An integer stays as it is; a float gives a float, also with no decimal places."],
  typeOf: sameNumberType,
  prepare: () => (value: Integer | Float, places: Integer) => roundWith(value, places, roundHalfAway),
};

export const examples: readonly Example[] = [
  { title: "To a whole number", source: "round(2.4)", result: "2.0" },
  { title: "To a hundredth", source: "round(2.71828, precision: 2)", result: "2.72" },
];

export const tests: readonly Example[] = [
  {
    title: "The middle goes away from zero",
    source: "[round(0.5), round(1.5), round(-0.5), round(-2.5)]",
    result: "[1.0, 2.0, -1.0, -3.0]",
  },
  { title: "Just below the middle", source: "round(0.49999999999999994)", result: "0.0" },
  { title: "An integer", source: "round(7, 3)", result: "7" },
  { title: "To thousands", source: "round(123456.7, -3)", result: "123000.0" },
  { title: "Large floats are whole", source: "round(4503599627370497.5)", result: "4503599627370498.0" },
  {
    title: "Not a number",
    source: "round!(.n)",
    input: '{"n": [1.5]}',
    error: 'function call error for "round" at (0:10): expected integer or float, got [float]',
  },
];
