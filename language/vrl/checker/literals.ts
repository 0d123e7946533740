/** Literals whose text is a language of its own. */
import { Regex } from "../runtime/regex.ts";
import { readTimestampLiteral } from "../runtime/time/read.ts";
import type { Timestamp } from "../runtime/timestamp.ts";

/** A string: what is wrong. */
export function parseRegex(source: string): Regex | string {
  const regex = Regex.compile(source);
  if (regex instanceof Regex) return regex;
  // What is wrong comes first, then the expression it is in.
  const lines = regex.message
    .split("\n")
    .filter((line) => line.trim() !== "^" && line !== "regex parse error:");
  return lines
    .map((line) => line.replace(/^(?:error: )+/, "").trim())
    .reverse()
    .join(": ");
}

/** A string: what is wrong. */
export function parseTimestamp(source: string): Timestamp | string {
  return readTimestampLiteral(source);
}
