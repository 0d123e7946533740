import { homedir } from "node:os";
import { dirname, relative, resolve } from "node:path";
import type { Part } from "./part.ts";

/** A path as its file means it: from where the file is, `~` for the user's home. */
export function absolutePath(text: string, part: Part): string {
  const expanded = text === "~" || text.startsWith("~/") ? homedir() + text.slice(1) : text;
  return resolve(dirname(part.source.file), expanded);
}

/** A path as the config says it: from where the config is, unless it was absolute. */
export function configPath(text: string, part: Part, directory: string): string {
  const absolute = absolutePath(text, part);
  if (text.startsWith("/") || text.startsWith("~")) return absolute;
  const from = relative(directory, absolute);
  return /^\.\.(\/|$)/.test(from) ? from : `./${from}`;
}
