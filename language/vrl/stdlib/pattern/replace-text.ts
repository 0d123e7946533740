/** Replaces what is found in a text, from left to right. */
import type { Regex } from "../../runtime/regex.ts";
import { fillTemplate, type Template } from "./template.ts";

export function replaceMatches(text: string, regex: Regex, template: Template, countMax: number): string {
  const [only] = template;
  const isPlain = template.length === 1 && typeof only === "string";
  const matches = isPlain ? regex.findAll(text, countMax) : regex.execAll(text, countMax);
  if (matches.length === 0) return text;
  let result = "";
  let end = 0;
  for (const match of matches) {
    result += text.slice(end, match.start) + (isPlain ? only : fillTemplate(template, match));
    end = match.end;
  }
  return result + text.slice(end);
}

/** What is searched for may be empty: then that is between all characters, and at both ends. */
export function replaceTexts(
  text: string,
  searched: string,
  replace: (found: string) => string,
  countMax: number,
): string {
  let result = "";
  let end = 0;
  for (let count = 0, from = 0; count < countMax && from <= text.length; count++) {
    const at = text.indexOf(searched, from);
    if (at < 0) break;
    result += text.slice(end, at) + replace(searched);
    end = at + searched.length;
    from = searched === "" ? at + ((text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1) : end;
  }
  return result + text.slice(end);
}
