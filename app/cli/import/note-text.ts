import { pathText } from "@plinth/resource";
import { plainText } from "../terminal/plain-text.ts";
import { shownPath } from "../terminal/shown-path.ts";
import type { Note } from "./notes.ts";

/** A note as one sentence, for a warning. */
export function noteText(note: Note): string {
  return plainText(`${notePlace(note)}: ${pathText(note.path)}: ${noteMessage(note)}`);
}

/** Where it stands, as editors take it. */
export function notePlace({ file, line, column }: Note): string {
  return line === undefined ? shownPath(file) : `${shownPath(file)}:${line}:${column ?? 1}`;
}

/** What it says, without its place. */
export function noteMessage({ message, instead, expected, received, suggestion }: Note): string {
  const more = [
    ...(instead === undefined ? [] : [instead]),
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(received === undefined ? [] : [`received ${received}`]),
    ...(suggestion === undefined ? [] : [`did you mean ${JSON.stringify(suggestion)}?`]),
  ];
  return more.length === 0 ? message : `${message}; ${more.join(", ")}`;
}
