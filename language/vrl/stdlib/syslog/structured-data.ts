/**
 * Elements of structured data, `[id name="value" …]` (RFC 5424, section 6.3). What can be read is; values escape `"`, `\`
 * and `]` by a backslash, and `\n` is a line's end.
 */
import { setKey } from "../../runtime/object.ts";
import type { VrlObject } from "../../runtime/value.ts";
import { isWhitespace } from "../string/whitespace.ts";
import type { Cursor } from "./cursor.ts";

/** One element; its parameters in order. */
export interface Element {
  readonly id: string;
  readonly parameters: VrlObject;
  readonly count: number;
}

/**
 * Reads elements one after the other, or `-` for none. Undefined: neither is there.
 *
 * `isLoose` is for messages that need not have any: brackets without parameters are then the message's own text. Else,
 * brackets with something unreadable in them are skipped.
 */
export function takeStructuredData(cursor: Cursor, isLoose: boolean): readonly Element[] | undefined {
  if (cursor.take("-")) return [];
  const elements: Element[] = [];
  const start = cursor.at;
  while (cursor.text.charCodeAt(cursor.at) === OPEN) {
    const before = cursor.at;
    const element = takeElement(cursor);
    if (element !== undefined && !(isLoose && element.count === 0)) {
      elements.push(element);
      continue;
    }
    cursor.at = before;
    if (isLoose) break;
    const close = cursor.text.indexOf("]", before + 1);
    if (close === -1) break;
    cursor.at = close + 1;
  }
  return cursor.at === start ? undefined : elements;
}

const OPEN = 0x5b;
const CLOSE = 0x5d;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function takeElement(cursor: Cursor): Element | undefined {
  const { text } = cursor;
  const start = ++cursor.at;
  for (; cursor.at < text.length; cursor.at++) {
    const unit = text.charCodeAt(cursor.at);
    if (unit === CLOSE || unit === EQUALS || isWhitespace(unit)) break;
  }
  if (cursor.at === start) return undefined;
  const id = text.slice(start, cursor.at);
  cursor.takeSpaces();
  const parameters: VrlObject = {};
  let count = 0;
  while (takeParameter(cursor, parameters)) {
    count++;
    if (text.charCodeAt(cursor.at) !== 0x20) break;
    // A space that no parameter follows is not part of the list.
    if (!isParameterAhead(cursor)) break;
    cursor.at++;
  }
  return cursor.take("]") ? { id, parameters, count } : undefined;
}

/** Whether after the space at the cursor something is that ends in `=` before the element does. */
function isParameterAhead(cursor: Cursor): boolean {
  const unit = cursor.text.charCodeAt(cursor.at + 1);
  return !Number.isNaN(unit) && unit !== CLOSE && unit !== EQUALS;
}

function takeParameter(cursor: Cursor, into: VrlObject): boolean {
  const { text, at } = cursor;
  let end = at;
  for (; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    if (unit === CLOSE || unit === EQUALS) break;
  }
  if (end === at || text.charCodeAt(end) !== EQUALS) return false;
  cursor.at = end + 1;
  cursor.takeSpaces();
  const value = takeQuoted(cursor);
  if (value === undefined) {
    cursor.at = at;
    return false;
  }
  setKey(into, text.slice(at, end), value);
  return true;
}

/** A quoted value without its escapes; undefined: no quote opens it, or none closes it. */
function takeQuoted(cursor: Cursor): string | undefined {
  const { text } = cursor;
  if (text.charCodeAt(cursor.at) !== QUOTE) return undefined;
  let value = "";
  let from = cursor.at + 1;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      cursor.at = at + 1;
      return value + text.slice(from, at);
    }
    if (unit !== BACKSLASH) continue;
    const escaped = text.charCodeAt(at + 1);
    if (escaped === QUOTE || escaped === CLOSE || escaped === BACKSLASH) {
      value += text.slice(from, at);
      from = at + 1;
    } else if (escaped === 0x6e) {
      value += `${text.slice(from, at)}\n`;
      from = at + 2;
    }
    at++;
  }
  return undefined;
}
