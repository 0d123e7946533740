/** What is known of a user agent while rules are tried on it. What is undefined is not known. */
import { LinearRegex } from "../../log/regex.ts";

export interface Agent {
  name: string | undefined;
  version: string | undefined;
  os: string | undefined;
  osVersion: string | undefined;
  category: string | undefined;
}

export function unknownAgent(): Agent {
  return { name: undefined, version: undefined, os: undefined, osVersion: undefined, category: undefined };
}

/** Tells what an expression's first group matches: of linear time whatever the text. */
export type Extract = (text: string) => string | undefined;

export function extract(source: string): Extract {
  const regex = new LinearRegex(source);
  return (text) => regex.groups(text)?.[1];
}

export function containsAny(text: string, parts: readonly string[]): boolean {
  return parts.some((part) => text.includes(part));
}

export function startsWithAny(text: string, starts: readonly string[]): boolean {
  return starts.some((start) => text.startsWith(start));
}
