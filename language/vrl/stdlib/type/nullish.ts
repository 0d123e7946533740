import { lossyText } from "../../runtime/text.ts";
import type { Value } from "../../runtime/value.ts";
import { isBlank } from "../string/whitespace.ts";

/** Null, `"-"` or a string of nothing but white space. */
export function isNullishValue(value: Value | undefined): boolean {
  if (value === null || value === undefined || value === "" || value === "-") return true;
  if (typeof value === "string") return isBlank(value);
  return value instanceof Uint8Array && isBlank(lossyText(value));
}
