/** Rounding of floats to decimal places, as VRL does it: in floats, with their errors. */
import { Kind, Part } from "../../checker/kind.ts";
import { TypeDef } from "../../checker/type-def.ts";
import { floatOf, numberOfFloat } from "../../runtime/float.ts";
import { integerToNumber, type Integer } from "../../runtime/integer.ts";
import { isFloat } from "../../runtime/kind-of.ts";
import type { Float } from "../../runtime/value.ts";
import type { CallView, Parameter } from "../define.ts";

export const precision: Parameter = {
  name: "precision",
  kind: Part.integer,
  isOptional: true,
  default: 0,
  description: "How many decimal places are kept; a negative number rounds to tens, hundreds and so on.",
};

/** Integers stay as they are. */
export function roundWith(
  value: Integer | Float,
  places: Integer,
  round: (number: number) => number,
): Integer | Float {
  return isFloat(value) ? floatOrZero(roundToPlaces(numberOfFloat(value), places, round)) : value;
}

export function roundToPlaces(number: number, places: Integer, round: (number: number) => number): number {
  const factor = Number(`1e${integerToNumber(places)}`);
  return round(number * factor) / factor;
}

/** To the nearest integer; the middle goes away from zero. */
export function roundHalfAway(number: number): number {
  const whole = Math.trunc(number);
  return Math.abs(number - whole) >= 0.5 ? whole + Math.sign(number) : whole;
}

/** A float of the number; 0.0 for what is none. */
export function floatOrZero(number: number): number | Float {
  return floatOf(Number.isNaN(number) ? 0 : number);
}

/** An integer for an integer, a float for a float, either where that is not known. */
export function sameNumberType(call: CallView): TypeDef {
  const { kind } = call.type("value");
  return TypeDef.of(
    kind.isOnly(Part.float) || kind.isOnly(Part.integer) ? kind : Kind.integer.or(Kind.float),
  );
}
