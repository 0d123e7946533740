/**
 * Reads JSON by the platform's own parser where a cheap look proves that it yields exactly what VRL does, else by
 * `JsonReader`. The look may err only towards the exact way.
 */
import { Failure } from "../../runtime/failure.ts";
import { setKey } from "../../runtime/object.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { JSON_DEPTH_MAX, JsonReader } from "./reader.ts";

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;

/** So many digits make an integer that a number holds for sure, and a fraction that no rounding makes an integer. */
const EXACT_DIGITS = 15;

/** `text` has no half of a surrogate pair; a failure's message tells what and where. */
export function parseJsonText(text: string): Value | Failure {
  if (isPlausible(text) && isExactByPlatform(text)) {
    try {
      return JSON.parse(text) as Value;
    } catch {
      // The reader says what is wrong with it.
    }
  }
  return new JsonReader(text).document();
}

/** Whether it begins and ends as JSON does; spares plain text the cost of an exception. */
function isPlausible(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  if (first === 0x7b) return last === 0x7d || last <= 0x20;
  if (first === 0x5b) return last === 0x5d || last <= 0x20;
  if (first === QUOTE) return last === QUOTE || last <= 0x20;
  return first <= 0x20;
}

/**
 * Whether the platform's parser cannot but yield what VRL does, if this is JSON at all: no number that only looks like an
 * integer to it or that it would round to one, no half of a surrogate pair, no more depth than VRL allows. Looks at each
 * unit once, in less time than the parser itself takes.
 */
function isExactByPlatform(text: string): boolean {
  const { length } = text;
  let depth = 0;
  let at = 0;
  while (at < length) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      at = stringEnd(text, at + 1);
      if (at === -1) return false;
    } else if (unit === MINUS || (unit >= ZERO && unit <= NINE)) {
      at = numberEnd(text, at);
      if (at === -1) return false;
    } else {
      // Of what JSON has between strings and numbers only brackets and braces have these bits.
      if ((unit & 0xdd) === 0x59 && ++depth === JSON_DEPTH_MAX) return false;
      if ((unit & 0xdd) === 0x5d) depth--;
      at++;
    }
  }
  return true;
}

/** From after the quote; -1: it does not end, or holds an escape that begins with half a surrogate pair. */
function stringEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at + 1;
    if (unit === BACKSLASH) {
      at++;
      if (
        text.charCodeAt(at) === 0x75 &&
        (text.charCodeAt(at + 1) | 0x20) === 0x64 &&
        text.charCodeAt(at + 2) >= 0x38
      )
        return -1;
    }
  }
  return -1;
}

/** -1: the platform's parser might make an integer of a float, or round. */
function numberEnd(text: string, start: number): number {
  let at = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let digits = 0;
  let isFraction = false;
  let hasFraction = false;
  for (; ; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= ZERO && unit <= NINE) {
      digits++;
      if (isFraction && unit !== ZERO) hasFraction = true;
    } else if (unit === DOT) isFraction = true;
    else if ((unit | 0x20) === 0x65) return exponentEnd(text, start, at + 1);
    else break;
  }
  const isExact = isFraction ? hasFraction && digits <= EXACT_DIGITS : digits <= EXACT_DIGITS;
  if (isExact && (isFraction || text.charCodeAt(start) !== MINUS || text.charCodeAt(start + 1) !== ZERO))
    return at;
  return isNoInteger(text, start, at) ? at : -1;
}

function exponentEnd(text: string, start: number, exponentAt: number): number {
  let at = exponentAt;
  const sign = text.charCodeAt(at);
  if (sign === MINUS || sign === 0x2b) at++;
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
  return isNoInteger(text, start, at) ? at : -1;
}

/** What the platform takes for no integer either, it reads as VRL does. */
function isNoInteger(text: string, start: number, end: number): boolean {
  const number = Number(text.slice(start, end));
  return Number.isFinite(number) && !Number.isInteger(number);
}

/** Arrays and objects below `depth` layers stay as they are written. */
export function parseJsonLayers(text: string, depth: number): Value | Failure {
  if (text.charCodeAt(0) !== 0x7b && text.charCodeAt(0) !== 0x5b)
    return new JsonReader(text, "characters", "text").document();
  if (depth === 0) return text;
  const layer = new JsonReader(text).layer();
  if (layer instanceof Failure) return layer;
  if (layer.items !== undefined) {
    const array: Value[] = [];
    for (const raw of layer.items) {
      const value = parseJsonLayers(raw, depth - 1);
      if (value instanceof Failure) return value;
      array.push(value);
    }
    return array;
  }
  const object: VrlObject = {};
  for (const [key, raw] of layer.entries) {
    const value = parseJsonLayers(raw, depth - 1);
    if (value instanceof Failure) return value;
    setKey(object, key, value);
  }
  return object;
}
