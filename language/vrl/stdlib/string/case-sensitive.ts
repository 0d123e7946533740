import { Part } from "../../checker/kind.ts";
import { lossyText, type Text } from "../../runtime/text.ts";
import type { Parameter } from "../define.ts";

export const caseSensitive: Parameter = {
  name: "case_sensitive",
  kind: Part.boolean,
  isOptional: true,
  default: true,
  description: "Whether upper case and lower case are different.",
};

/** What is compared: the text itself, or all of it in lower case. */
export function comparable(text: Text, isCaseSensitive: boolean): string {
  const lossy = lossyText(text);
  return isCaseSensitive ? lossy : lossy.toLowerCase();
}
