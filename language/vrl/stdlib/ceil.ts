import { Part } from "../checker/kind.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Float } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { precision, roundWith, sameNumberType } from "./number/rounding.ts";

export const ceil: FunctionDefinition = {
  name: "ceil",
  category: "Number",
  usage: "Rounds `value` up with `precision` decimal places.",
  parameters: [
    { name: "value", kind: Part.integer | Part.float, description: "The number to round up." },
    precision,
  ],
  returns: Part.integer | Part.float,
  returnRules: ["An integer stays as it is; a float gives a float, also with no decimal places."],
  typeOf: sameNumberType,
  prepare: () => (value: Integer | Float, places: Integer) => roundWith(value, places, Math.ceil),
};

export const examples: readonly Example[] = [
  { title: "To a whole number", source: "ceil(3.2)", result: "4.0" },
  { title: "To a tenth", source: "ceil(3.14159, precision: 1)", result: "3.2" },
];

export const tests: readonly Example[] = [
  { title: "Negative", source: "ceil(-3.7)", result: "-3.0" },
  { title: "To negative zero", source: "to_string(ceil(-0.2))", result: "s'-0'" },
  { title: "An integer", source: "ceil(17, 1)", result: "17" },
  { title: "To hundreds", source: "ceil(1234.5, -2)", result: "1300.0" },
  { title: "Already there", source: "ceil(2.0)", result: "2.0" },
  { title: "More places than a float can have", source: "ceil(1.5, 400)", result: "0.0" },
  {
    title: "Not a number",
    source: "ceil!(.n)",
    input: '{"n": null}',
    error: 'function call error for "ceil" at (0:9): expected integer or float, got null',
  },
];
