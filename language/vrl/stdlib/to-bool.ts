import { booleanWords } from "./conversion/boolean-words.ts";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { numberOfFloat } from "../runtime/float.ts";
import { isFloat, isInteger, isText } from "../runtime/kind-of.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import { debugText } from "./conversion/debug.ts";
import { NumberFault, parseRadix } from "./conversion/parse-number.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { kindText } from "./type/mismatch.ts";

export const toBool: FunctionDefinition = {
  name: "to_bool",
  category: "Coerce",
  usage: "Makes a boolean of what stands for one.",
  parameters: [{ name: "value", kind: Part.all, description: "What stands for a boolean." }],
  failures: ["`value` is a string that spells none, or neither string, number, boolean nor null."],
  returns: Part.boolean,
  returnRules: [
    "Zero is false; every other number is true.",
    'The strings `"true"`, `"t"`, `"yes"` and `"y"` in any case are true, as are integers but zero.',
    'The strings `"false"`, `"f"`, `"no"` and `"n"` in any case are false, as is `"0"`.',
    "Null is false.",
  ],
  typeOf: (call) =>
    TypeDef.of(Kind.boolean).maybeFallible(
      call.type("value").kind.has(Part.bytes | Part.timestamp | Part.array | Part.object | Part.regex),
    ),
  prepare: () => (value: Value) => {
    if (typeof value === "boolean") return value;
    if (isText(value)) return spelled(lossyText(value));
    if (isInteger(value)) return value !== 0;
    if (isFloat(value)) return numberOfFloat(value) !== 0;
    return (value ?? null) === null ? false : new Failure(`unable to coerce ${kindText(value)} into boolean`);
  },
};

function spelled(text: string): boolean | Failure {
  const word = booleanWords.get(text);
  if (word !== undefined) return word;
  const number = parseRadix(text, 10);
  if (!(number instanceof NumberFault)) return number !== 0;
  return booleanWords.get(text.toLowerCase()) ?? new Failure(`Invalid boolean value ${debugText(text)}`);
}

export const examples: readonly Example[] = [
  { title: "A word", source: 'to_bool!("Yes")', result: "true" },
  { title: "A number", source: "to_bool(0)", result: "false" },
];

export const tests: readonly Example[] = [
  {
    title: "Words",
    source: '[to_bool!("t"), to_bool!("TRUE"), to_bool!("y"), to_bool!("f"), to_bool!("No"), to_bool!("n")]',
    result: "[true, true, true, false, false, false]",
  },
  {
    title: "Integers as strings",
    source: '[to_bool!("0"), to_bool!("-0"), to_bool!("00"), to_bool!("+7"), to_bool!("-1")]',
    result: "[false, false, false, true, true]",
  },
  { title: "Floats", source: "[to_bool(0.0), to_bool(-0.0), to_bool(0.1)]", result: "[false, false, true]" },
  {
    title: "Null and booleans",
    source: "[to_bool(null), to_bool(true), to_bool(false)]",
    result: "[false, true, false]",
  },
  {
    title: "A float as a string",
    source: 'to_bool!("1.5")',
    error: 'function call error for "to_bool" at (0:15): Invalid boolean value "1.5"',
  },
  {
    title: "What cannot be seen is told",
    source: 'to_bool!("\\"\\t\u200B")',
    error: 'function call error for "to_bool" at (0:19): Invalid boolean value "\\"\\t\\u{200b}"',
  },
  {
    title: "A timestamp",
    source: "to_bool!(t'2024-01-01T00:00:00Z')",
    error: 'function call error for "to_bool" at (0:33): unable to coerce timestamp into boolean',
  },
];
