import { floatOf } from "../../../runtime/float.ts";
import { integerOfNumber, integerToNumber } from "../../../runtime/integer.ts";
import type { Value } from "../../../runtime/value.ts";

/** An integer where it is one of 64 bits, else a float. */
export function numberOf(number: number): Value {
  return Number.isInteger(number) && integerToNumber(integerOfNumber(number)) === number
    ? integerOfNumber(number)
    : floatOf(number);
}
