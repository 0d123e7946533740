/** What matches are replaced with: text in which `$1`, `$name` and `${name}` stand for groups, `$$` for `$`. */
import type { Match, Regex } from "../../runtime/regex.ts";

/** Texts, and indices of groups. */
export type Template = readonly (string | number)[];

/** Names go as far as letters, digits and underscores, also where only a shorter name has a group. */
const reference = /\$(?:\$|\{([^}]*)\}|([0-9A-Za-z_]+))/g;

export function parseTemplate(text: string, { groupNames, groupCount }: Regex): Template {
  if (!text.includes("$")) return [text];
  const parts: (string | number)[] = [];
  let end = 0;
  for (const match of text.matchAll(reference)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const name = match[1] ?? match[2];
    if (name === undefined) parts.push("$");
    else {
      const index = /^\+?[0-9]+$/.test(name) ? Number(name) : groupNames.indexOf(name);
      // A group that is not there stands for nothing.
      if (index >= 0 && index <= groupCount) parts.push(index);
    }
  }
  parts.push(text.slice(end));
  return parts;
}

export function fillTemplate(template: Template, match: Match): string {
  let text = "";
  for (const part of template) text += typeof part === "string" ? part : (match.group(part) ?? "");
  return text;
}
