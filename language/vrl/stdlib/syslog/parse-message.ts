/**
 * Reads syslog messages: RFC 5424 as it stands, else what is found in the wild of RFC 3164, where the timestamp alone is
 * sure: `<priority>timestamp [host] [tag[process]]: message`. In one pass over the text.
 */
import type { Timestamp } from "../../runtime/timestamp.ts";
import { trimmed } from "../string/whitespace.ts";
import { Cursor } from "./cursor.ts";
import { facilityOf, severityOf } from "./severity.ts";
import { type Element, takeStructuredData } from "./structured-data.ts";
import { type DateReader, takeLooseTimestamp, takeTimestamp } from "./timestamp.ts";

export interface Message {
  readonly text: string;
  /** Undefined: not of RFC 5424. */
  readonly version: number | undefined;
  readonly facility: string | undefined;
  readonly severity: string | undefined;
  readonly timestamp: Timestamp;
  readonly hostname: string | undefined;
  readonly appname: string | undefined;
  readonly procid: string | undefined;
  readonly msgid: string | undefined;
  readonly elements: readonly Element[];
}

/** Undefined: it is no syslog message. */
export function parseMessage(text: string, reader: DateReader): Message | undefined {
  const cursor = new Cursor(trimmed(text));
  const priority = takePriority(cursor);
  const start = cursor.at;
  const strict = takeStrict(cursor, priority);
  if (strict !== undefined) return strict;
  cursor.at = start;
  return takeLoose(cursor, priority, reader);
}

const PRIORITY_MAX = 255;
const VERSION_MAX = 2 ** 32 - 1;

/** -1: none. */
function takePriority(cursor: Cursor): number {
  if (!cursor.take("<")) return -1;
  const priority = cursor.takeNumber(PRIORITY_MAX);
  if (priority !== -1 && cursor.take(">")) return priority;
  cursor.at = 0;
  return -1;
}

/** RFC 5424, section 6. */
function takeStrict(cursor: Cursor, priority: number): Message | undefined {
  const version = cursor.takeNumber(VERSION_MAX);
  if (version === -1 || !cursor.takeSpaces()) return undefined;
  const timestamp = takeTimestamp(cursor);
  if (timestamp === undefined || !cursor.takeSpaces()) return undefined;
  const hostname = cursor.takeWord(false);
  // A colon here ends a loose message's header.
  if (hostname === "" || hostname.endsWith(":") || !cursor.takeSpaces()) return undefined;
  const appname = cursor.takeWord(false);
  if (isNoField(appname) || !cursor.takeSpaces()) return undefined;
  const procid = cursor.takeWord(false);
  if (isNoField(procid) || !cursor.takeSpaces()) return undefined;
  const msgid = cursor.takeWord(false);
  if (isNoField(msgid)) return undefined;
  cursor.takeSpaces();
  const elements = takeStructuredData(cursor, false);
  if (elements === undefined) return undefined;
  cursor.takeSpaces();
  return {
    text: cursor.rest,
    version,
    facility: facilityOf(priority),
    severity: priority === -1 ? undefined : severityOf(priority),
    timestamp,
    hostname: given(hostname),
    appname: given(appname),
    procid: given(procid),
    msgid: given(msgid),
    elements,
  };
}

function isNoField(word: string): boolean {
  return word === "" || word === ":";
}

function given(word: string): string | undefined {
  return word === "-" ? undefined : word;
}

/** RFC 3164 and what resembles it. */
function takeLoose(cursor: Cursor, priority: number, reader: DateReader): Message | undefined {
  cursor.takeSpaces();
  const timestamp = takeLooseTimestamp(cursor, reader);
  if (timestamp === undefined) return undefined;
  const first = takeHost(cursor);
  const second = takeTag(cursor);
  cursor.takeSpaces();
  cursor.take(":");
  cursor.takeSpaces();
  const elements = takeStructuredData(cursor, true) ?? [];
  cursor.takeSpaces();
  const tag = tagOf(first, second);
  return {
    text: cursor.rest,
    version: undefined,
    facility: facilityOf(priority),
    severity: priority === -1 ? undefined : severityOf(priority),
    timestamp,
    hostname: tag.hostname,
    appname: tag.appname,
    procid: tag.procid,
    msgid: undefined,
    elements,
  };
}

/** The word after one space, less the colon that ends it; undefined: there is none. */
function takeHost(cursor: Cursor): string | undefined {
  const start = cursor.at;
  if (cursor.take(" ")) {
    const word = cursor.takeWord(false);
    if (word.endsWith(":") && word !== ":") {
      cursor.at--;
      return word.slice(0, -1);
    }
    if (!isNoField(word)) return word;
  }
  cursor.at = start;
  return undefined;
}

/** The word after one space, up to a colon. */
function takeTag(cursor: Cursor): string | undefined {
  const start = cursor.at;
  if (cursor.take(" ")) {
    const word = cursor.takeWord(true);
    if (word !== "") return word;
  }
  cursor.at = start;
  return undefined;
}

interface Tag {
  readonly hostname: string | undefined;
  readonly appname: string | undefined;
  readonly procid: string | undefined;
}

const NO_TAG: Tag = { hostname: undefined, appname: undefined, procid: undefined };

/** Of two words the first is the host; one alone is the host unless a process in brackets shows it to be the tag. */
function tagOf(first: string | undefined, second: string | undefined): Tag {
  if (first === undefined) return NO_TAG;
  if (second === undefined) {
    if (first === "-") return NO_TAG;
    const open = processStart(first);
    if (open === -1) return { hostname: first, appname: undefined, procid: undefined };
    return { hostname: undefined, appname: first.slice(0, open), procid: first.slice(open + 1, -1) };
  }
  if (second === "-") return NO_TAG;
  const open = processStart(second);
  if (open === -1) return { hostname: given(first), appname: second, procid: undefined };
  return { hostname: given(first), appname: second.slice(0, open), procid: second.slice(open + 1, -1) };
}

/** Where the bracket of `name[process]` opens; -1: it is not of that form. */
function processStart(word: string): number {
  const open = word.indexOf("[");
  if (open === -1 || word.indexOf("]", open) !== word.length - 1 || word.length - open < 3) return -1;
  const colon = word.indexOf(":");
  return colon !== -1 && colon < open ? -1 : open;
}
