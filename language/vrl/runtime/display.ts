/** Values as VRL shows them. */
import { numberOfFloat, plainText } from "./float.ts";
import { isFloat, isObject, isText } from "./kind-of.ts";
import { sortedKeys } from "./object.ts";
import { Regex } from "./regex.ts";
import { lossyText } from "./text.ts";
import { Timestamp } from "./timestamp.ts";
import type { Value } from "./value.ts";

/** As VRL shows a value: `{ "a": 1, "b": ["x", t'2024-02-29T12:00:00Z', r'\d'] }`. A float of 1 shows as `1`. */
export function display(value: Value | undefined): string {
  if (isText(value)) {
    const escaped = lossyText(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    return `"${escaped}"`;
  }
  if (Array.isArray(value)) return `[${value.map(display).join(", ")}]`;
  if (value instanceof Timestamp) return `t'${value.toString()}'`;
  if (value instanceof Regex) return `r'${value.source}'`;
  if (isFloat(value)) return plainText(numberOfFloat(value));
  if (!isObject(value)) return String(value ?? null);
  // An empty object keeps both spaces.
  const fields = sortedKeys(value).map((key) => `"${key.toWellFormed()}": ${display(value[key])}`);
  return `{ ${fields.join(", ")} }`;
}
