import { Failure } from "../../runtime/failure.ts";
import { lossyText, type Text } from "../../runtime/text.ts";
import type { Float } from "../../runtime/value.ts";
import { debugText } from "./debug.ts";
import { floatValueOf, NumberFault, parseFloatText } from "./parse-number.ts";

/** The float that a string spells. */
export function floatOfText(value: Text): number | Float | Failure {
  const text = lossyText(value);
  const parsed = parseFloatText(text);
  if (parsed instanceof NumberFault)
    return new Failure(`Invalid floating point number ${debugText(text)}: ${parsed.message}`);
  return floatValueOf(parsed) ?? new Failure(`NaN number not supported ${debugText(text)}`);
}
