/**
 * The Common Event Format: `CEF:version|vendor|product|version|class|name|severity|key=value key=value…`. In a header a
 * backslash stands before `|` and itself; in a value before `=`, itself, and `n` or `r` for a line's end.
 */
import { trimmed } from "../string/whitespace.ts";
import { type TraceStep, traceText } from "../parse-error/trace.ts";

export interface Event {
  /** Seven, in order. */
  readonly header: readonly string[];
  readonly extension: readonly (readonly [key: string, value: string])[];
}

/** Why it is none, as a string, where it is none. */
export function readEvent(text: string, isStrict: boolean): Event | string {
  const mark = text.indexOf("CEF:");
  if (mark === -1) return traceText(text, [step("TakeUntil", 0)]);
  const start = mark + 4;
  const header: string[] = [];
  let at = start;
  while (header.length < 7) {
    const field = readHeaderField(text, at);
    if (typeof field.value !== "string")
      return traceText(text, [
        step(field.value.expected, field.end),
        step("Alt", field.value.start),
        step("Count", start),
      ]);
    header.push(field.value);
    at = field.end;
  }
  const extension = new ExtensionReader(text, at, isStrict);
  const pairs = extension.read();
  if (pairs.length === 0 && text[at] !== "|") return traceText(text, [step("Tag", at), step("Alt", at)]);
  const end = pairs.length === 0 ? at + 1 : extension.at;
  const last = pairs.at(-1);
  if (last !== undefined) last[1] = last[1].replace(/ +$/, "");
  if (isStrict && trimmed(text.slice(end)) !== "") return "Could not parse whole line successfully";
  return { header, extension: pairs };
}

function step(rule: string, at: number): TraceStep {
  return { rule, at };
}

interface HeaderField {
  /** Or what was expected at `end` of the field that starts at `start`. */
  readonly value: string | { readonly expected: string; readonly start: number };
  readonly end: number;
}

function readHeaderField(text: string, from: number): HeaderField {
  const start = text[from] === "|" ? from + 1 : from;
  let value = "";
  let copied = start;
  let at = start;
  for (; at < text.length && text[at] !== "|"; at++) {
    if (text[at] !== "\\") continue;
    if (at + 1 === text.length) return { value: { expected: "EscapedTransform", start }, end: at };
    const escaped = text[at + 1];
    if (escaped !== "\\" && escaped !== "|") return { value: { expected: "Satisfy", start }, end: at + 1 };
    value += text.slice(copied, at);
    copied = ++at;
  }
  return { value: trimmed(value + text.slice(copied, at)), end: at };
}

/** Reads pairs. A value ends where spaces and a next key with its `=` begin. */
class ExtensionReader {
  readonly #text: string;
  readonly #isStrict: boolean;
  /** Where what has been read ends. */
  at: number;
  /** The first of space, `=` and backslash at or after the place last asked for: each is looked for once. */
  #keyEnd: number = -1;

  constructor(text: string, at: number, isStrict: boolean) {
    this.#text = text;
    this.at = at;
    this.#isStrict = isStrict;
  }

  read(): [key: string, value: string][] {
    const pairs: [string, string][] = [];
    for (;;) {
      const keyStart = this.#skipSeparators(this.at);
      const keyEnd = this.#keyEndAfter(this.at, keyStart);
      if (keyEnd === -1) return pairs;
      const value = this.#readValue(keyEnd + 1);
      if (value === undefined) return pairs;
      pairs.push([this.#text.slice(keyStart, keyEnd), value]);
    }
  }

  /** Moves on to the value's end; undefined: there is none, and it stays. */
  #readValue(start: number): string | undefined {
    const text = this.#text;
    let value = "";
    let copied = start;
    let at = start;
    while (at < text.length) {
      const unit = text.charCodeAt(at);
      if (unit === BACKSLASH) {
        if (at + 1 === text.length) return undefined;
        value += text.slice(copied, at);
        const escaped = escapes.get(text.charCodeAt(at + 1));
        value += escaped ?? "\\";
        at += escaped === undefined ? 1 : 2;
        copied = at;
      } else if (unit === EQUALS && this.#isStrict) {
        if (at === start) return undefined;
        break;
      } else if (isSeparator(unit)) {
        const keyStart = this.#skipSeparators(at);
        if (this.#keyEndAfter(at, keyStart) !== -1) break;
        at = keyStart;
      } else at++;
    }
    this.at = at;
    return value + text.slice(copied, at);
  }

  #skipSeparators(from: number): number {
    let at = from;
    while (isSeparator(this.#text.charCodeAt(at))) at++;
    return at;
  }

  /** Where the key that starts at `keyStart` ends in `=`; -1: no separator stands before it, or it is none. */
  #keyEndAfter(from: number, keyStart: number): number {
    if (keyStart === from) return -1;
    if (this.#keyEnd < keyStart) {
      let end = keyStart;
      while (end < this.#text.length && !endsKey(this.#text.charCodeAt(end))) end++;
      this.#keyEnd = end;
    }
    const end = this.#keyEnd;
    return end > keyStart && this.#text.charCodeAt(end) === EQUALS ? end : -1;
  }
}

const BACKSLASH = 0x5c;
const EQUALS = 0x3d;

const escapes: ReadonlyMap<number, string> = new Map([
  [EQUALS, "="],
  [BACKSLASH, "\\"],
  [0x6e, "\n"],
  [0x72, "\n"],
]);

function isSeparator(unit: number): boolean {
  return unit === 0x20 || unit === 0x7c;
}

function endsKey(unit: number): boolean {
  return unit === 0x20 || unit === EQUALS || unit === BACKSLASH;
}
