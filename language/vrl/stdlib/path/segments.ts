import { Failure } from "../../runtime/failure.ts";
import { isInteger, isText } from "../../runtime/kind-of.ts";
import type { Segment } from "../../runtime/path.ts";
import { lossyText } from "../../runtime/text.ts";
import type { Value } from "../../runtime/value.ts";
import { kindText } from "../type/mismatch.ts";

/** The path that an array of keys and indices spells. */
export function segmentsOf(array: readonly Value[]): Segment[] | Failure {
  const segments: Segment[] = [];
  for (const segment of array) {
    if (isText(segment)) segments.push(lossyText(segment));
    else if (isInteger(segment)) segments.push(Number(segment));
    else return new Failure(`path segment must be either string or integer, not ${kindText(segment)}`);
  }
  return segments;
}
