/**
 * The exact way to read JSON: integers to 64 bits, floats told from integers, and for what is wrong the message and the
 * place that VRL tells. `parse.ts` takes the platform's parser where the two cannot differ.
 */
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { INTEGER_MAX, INTEGER_MIN, wrap } from "../../runtime/integer.ts";
import { setKey } from "../../runtime/object.ts";
import { byteLength, textOf } from "../../runtime/text.ts";
import { Float, type Value, type VrlObject } from "../../runtime/value.ts";

/** Documents nest less than this deep, in VRL and so here. */
export const JSON_DEPTH_MAX = 128;

/** So many digits make an integer that a number holds for sure. */
const SAFE_DIGITS = 15;

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;

const EOF_LIST = "EOF while parsing a list";
const EOF_OBJECT = "EOF while parsing an object";
const EOF_STRING = "EOF while parsing a string";
const EOF_VALUE = "EOF while parsing a value";
const INVALID_NUMBER = "invalid number";

/** Simple escapes by their letter. */
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Whether each unit stands for a character or, for bytes that are not UTF-8, for one byte. */
export type JsonUnits = "characters" | "bytes";

/** What integers beyond 64 signed bits become. */
export type LargeIntegers = "floats" | "text";

export class JsonReader {
  readonly #text: string;
  readonly #units: JsonUnits;
  readonly #large: LargeIntegers;
  #index = 0;
  #depth = 0;
  /** What went wrong first; nothing that a method returns counts any more then. */
  #failure: string | undefined = undefined;

  constructor(text: string, units: JsonUnits = "characters", large: LargeIntegers = "floats") {
    this.#text = text;
    this.#units = units;
    this.#large = large;
  }

  /** The whole document; a failure's message tells what and where, without saying of what. */
  document(): Value | Failure {
    const value = this.#value();
    if (this.#failure === undefined && this.#peekToken() !== -1) this.#refuseNext("trailing characters");
    return this.#failure === undefined ? value : new Failure(this.#failure);
  }

  /** Goes over a document without keeping it: where it begins and ends in the text. */
  skimDocument(): readonly [start: number, end: number] | Failure {
    this.#peekToken();
    const start = this.#index;
    this.#skim();
    const end = this.#index;
    if (this.#failure === undefined && this.#units === "bytes" && !isUtf8(this.#text.slice(start, end)))
      this.#refuse("invalid unicode code point");
    if (this.#failure === undefined && this.#peekToken() !== -1) this.#refuseNext("trailing characters");
    return this.#failure === undefined ? [start, end] : new Failure(this.#failure);
  }

  /** The document's outermost array or object with its parts as they are written. */
  layer(): RawLayer | Failure {
    const isArray = this.#peekToken() === LEFT_BRACKET;
    this.#index++;
    const items: string[] = [];
    const entries: [string, string][] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (isArray ? !this.#hasElement(isFirst) : !this.#hasEntry(isFirst)) break;
      const key = isArray ? "" : this.#key();
      if (this.#failure !== undefined) break;
      this.#peekToken();
      const start = this.#index;
      this.#skim();
      const raw = this.#text.slice(start, this.#index);
      if (isArray) items.push(raw);
      else entries.push([key, raw]);
    }
    if (this.#failure !== undefined) return new Failure(this.#failure);
    return isArray ? { items, entries: undefined } : { items: undefined, entries };
  }

  #value(): Value {
    const unit = this.#peekToken();
    switch (unit) {
      case -1:
        return this.#refuseNext(EOF_VALUE);
      case QUOTE:
        this.#index++;
        return this.#string();
      case LEFT_BRACE:
        return this.#nested(unit);
      case LEFT_BRACKET:
        return this.#nested(unit);
      case MINUS:
        this.#index++;
        return this.#number(true);
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return unit >= ZERO && unit <= NINE ? this.#number(false) : this.#refuseNext("expected value");
    }
  }

  #nested(opening: number): Value {
    if (++this.#depth === JSON_DEPTH_MAX) return this.#refuseNext("recursion limit exceeded");
    this.#index++;
    const value = opening === LEFT_BRACE ? this.#object() : this.#array();
    this.#depth--;
    return value;
  }

  #array(): Value {
    const array: Value[] = [];
    for (let isFirst = true; this.#hasElement(isFirst); isFirst = false) {
      array.push(this.#value());
      if (this.#failure !== undefined) break;
    }
    return array;
  }

  #object(): Value {
    const object: VrlObject = {};
    for (let isFirst = true; this.#hasEntry(isFirst); isFirst = false) {
      const key = this.#key();
      if (this.#failure !== undefined) break;
      const value = this.#value();
      if (this.#failure !== undefined) break;
      setKey(object, key, value);
    }
    return object;
  }

  /** Takes the comma between elements, or the closing bracket. */
  #hasElement(isFirst: boolean): boolean {
    const unit = this.#peekToken();
    if (unit === -1) return this.#stop(EOF_LIST);
    if (unit === RIGHT_BRACKET) {
      this.#index++;
      return false;
    }
    if (isFirst) return true;
    if (unit !== COMMA) return this.#stop("expected `,` or `]`");
    this.#index++;
    const next = this.#peekToken();
    if (next === RIGHT_BRACKET) return this.#stop("trailing comma");
    return next === -1 ? this.#stop(EOF_VALUE) : true;
  }

  /** Takes the comma between entries, or the closing brace; if there is an entry, a quote comes next. */
  #hasEntry(isFirst: boolean): boolean {
    let unit = this.#peekToken();
    if (unit === -1) return this.#stop(EOF_OBJECT);
    if (unit === RIGHT_BRACE) {
      this.#index++;
      return false;
    }
    if (!isFirst) {
      if (unit !== COMMA) return this.#stop("expected `,` or `}`");
      this.#index++;
      unit = this.#peekToken();
      if (unit === RIGHT_BRACE) return this.#stop("trailing comma");
      if (unit === -1) return this.#stop(EOF_VALUE);
    }
    return unit === QUOTE ? true : this.#stop("key must be a string");
  }

  /** The key whose quote is next, and the colon after it. */
  #key(): string {
    this.#index++;
    const key = this.#string();
    if (this.#failure === undefined) this.#colon();
    return key;
  }

  #colon(): void {
    const unit = this.#peekToken();
    if (unit === COLON) this.#index++;
    else this.#refuseNext(unit === -1 ? EOF_OBJECT : "expected `:`");
  }

  #word<T extends Value>(word: string, value: T): T {
    for (let offset = 0; offset < word.length; offset++) {
      if (this.#index >= this.#text.length) {
        this.#refuse(EOF_VALUE);
        break;
      }
      if (this.#text[this.#index] !== word[offset]) {
        this.#refuseNext("expected ident");
        break;
      }
      this.#index++;
    }
    return value;
  }

  /** Its sign has been taken. */
  #number(isNegative: boolean): Value {
    const start = this.#index;
    const isFloat = this.#numberToken();
    if (this.#failure !== undefined) return null;
    const digits = this.#text.slice(start, this.#index);
    const number = isNegative ? -Number(digits) : Number(digits);
    if (isFloat) {
      if (!Number.isFinite(number)) return this.#refuse("number out of range");
      return floatOf(number);
    }
    if (number === 0 && isNegative) return new Float(-0);
    if (digits.length <= SAFE_DIGITS) return number;
    const exact = isNegative ? -BigInt(digits) : BigInt(digits);
    if (exact >= INTEGER_MIN && exact <= INTEGER_MAX) return wrap(exact);
    if (!Number.isFinite(number)) return this.#refuse("number out of range");
    return this.#large === "text" && exact > 0n && exact < 2n ** 64n ? digits : floatOf(number);
  }

  /** Goes over a number without its sign: whether it is a float. */
  #numberToken(): boolean {
    const text = this.#text;
    if (this.#index >= text.length) {
      this.#refuse(EOF_VALUE);
      return false;
    }
    const first = text.charCodeAt(this.#index);
    if (!isDigit(first)) {
      this.#refuseNext(INVALID_NUMBER);
      return false;
    }
    this.#index++;
    if (first === ZERO) {
      if (isDigit(text.charCodeAt(this.#index))) this.#refuseNext(INVALID_NUMBER);
    } else this.#digits();
    let isFloat = false;
    if (text.charCodeAt(this.#index) === DOT) {
      isFloat = true;
      this.#index++;
      if (!this.#digits()) this.#refuseNext(this.#index < text.length ? INVALID_NUMBER : EOF_VALUE);
    }
    if (this.#failure !== undefined) return isFloat;
    const unit = text.charCodeAt(this.#index);
    if (unit === 0x65 || unit === 0x45) {
      isFloat = true;
      this.#index++;
      const sign = text.charCodeAt(this.#index);
      if (sign === PLUS || sign === MINUS) this.#index++;
      if (!this.#digits()) {
        this.#refuseNext(this.#index >= text.length ? EOF_VALUE : INVALID_NUMBER);
      }
    }
    return isFloat;
  }

  /** Whether there was one. */
  #digits(): boolean {
    const start = this.#index;
    while (isDigit(this.#text.charCodeAt(this.#index))) this.#index++;
    return this.#index > start;
  }

  /** Its quote has been taken. */
  #string(): string {
    const text = this.#text;
    let start = this.#index;
    let whole = "";
    for (;;) {
      const unit = text.charCodeAt(this.#index);
      if (unit === QUOTE) {
        whole += text.slice(start, this.#index);
        this.#index++;
        if (this.#units === "bytes" && !isUtf8(whole)) this.#refuse("invalid unicode code point");
        return whole;
      }
      if (unit === BACKSLASH) {
        whole += text.slice(start, this.#index);
        this.#index++;
        whole += this.#escape();
        if (this.#failure !== undefined) return "";
        start = this.#index;
      } else if (unit >= SPACE) this.#index++;
      else return this.#badString();
    }
  }

  #badString(): string {
    if (this.#index >= this.#text.length) this.#refuse(EOF_STRING);
    else {
      this.#index++;
      this.#refuse("control character (\\u0000-\\u001F) found while parsing a string");
    }
    return "";
  }

  /** Its backslash has been taken. */
  #escape(): string {
    if (this.#index >= this.#text.length) return this.#refuseText(EOF_STRING);
    const letter = this.#text[this.#index]!;
    if (letter !== "u" && !Object.hasOwn(escapes, letter)) return this.#refuseNextText("invalid escape");
    this.#index++;
    if (letter !== "u") return escapes[letter]!;
    const high = this.#hex();
    if (high < 0xd8_00 || high > 0xdf_ff) return this.#inUnits(String.fromCharCode(high));
    if (high >= 0xdc_00) return this.#refuseText("lone leading surrogate in hex escape");
    for (const expected of "\\u") {
      if (this.#index >= this.#text.length) return this.#refuseText(EOF_STRING);
      if (this.#text[this.#index] !== expected) return this.#refuseNextText("unexpected end of hex escape");
      this.#index++;
    }
    const low = this.#hex();
    if (this.#failure !== undefined) return "";
    if (low < 0xdc_00 || low > 0xdf_ff) return this.#refuseText("lone leading surrogate in hex escape");
    return this.#inUnits(String.fromCharCode(high, low));
  }

  #inUnits(text: string): string {
    return this.#units === "characters" ? text : latin1Of(new TextEncoder().encode(text));
  }

  /** Four digits; 0 where something went wrong. */
  #hex(): number {
    const digits = this.#text.slice(this.#index, this.#index + 4);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) {
      this.#badHex();
      return 0;
    }
    this.#index += 4;
    return Number.parseInt(digits, 16);
  }

  /** Four bytes are looked at together. */
  #badHex(): void {
    let bytes = 0;
    for (const character of this.#text.slice(this.#index, this.#index + 5)) {
      this.#index += character.length;
      bytes += this.#units === "bytes" ? 1 : byteLength(character);
      if (bytes >= 4) break;
    }
    if (bytes < 4) {
      this.#index = this.#text.length;
      this.#refuse(EOF_STRING);
    } else this.#refuseAt("invalid escape", this.#index, 4 - bytes);
  }

  /** Goes over one value of any depth. VRL tells some faults otherwise where it does so. */
  #skim(): void {
    const open: number[] = [];
    for (;;) {
      const unit = this.#peekToken();
      if (unit === LEFT_BRACE || unit === LEFT_BRACKET) {
        open.push(unit);
        this.#index++;
        if (!this.#skimParts(open, false)) return;
      } else {
        this.#skimScalar(unit);
        if (this.#failure !== undefined || open.length === 0 || !this.#skimParts(open, true)) return;
      }
    }
  }

  #skimScalar(unit: number): void {
    if (unit === QUOTE) {
      this.#index++;
      this.#skimString();
    } else if (unit === MINUS || isDigit(unit)) {
      if (unit === MINUS) this.#index++;
      this.#numberToken();
    } else if (unit === 0x74) this.#word("true", true);
    else if (unit === 0x66) this.#word("false", false);
    else if (unit === 0x6e) this.#word("null", null);
    else this.#refuseNext(unit === -1 ? EOF_VALUE : "expected value");
  }

  /** From after a part (or an opening) to the next part's value: whether there is one. */
  #skimParts(open: number[], isAfterPart: boolean): boolean {
    let mayComma = isAfterPart;
    for (;;) {
      const inList = open.at(-1) === LEFT_BRACKET;
      const unit = this.#peekToken();
      if (unit === -1) return this.#stop(inList ? EOF_LIST : EOF_OBJECT);
      if (unit === (inList ? RIGHT_BRACKET : RIGHT_BRACE)) {
        this.#index++;
        open.pop();
        if (open.length === 0) return false;
        mayComma = true;
        continue;
      }
      if (mayComma) {
        if (unit !== COMMA) return this.#stop(inList ? "expected `,` or `]`" : "expected `,` or `}`");
        this.#index++;
      }
      if (inList) return true;
      const quote = this.#peekToken();
      if (quote !== QUOTE) return this.#stop(quote === -1 ? EOF_OBJECT : "key must be a string");
      this.#index++;
      this.#skimString();
      if (this.#failure === undefined) this.#colon();
      return this.#failure === undefined;
    }
  }

  #skimString(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#index);
      if (unit === QUOTE) {
        this.#index++;
        return;
      }
      if (unit === BACKSLASH) {
        this.#index++;
        if (this.#index >= this.#text.length) return void this.#refuse(EOF_STRING);
        const letter = this.#text[this.#index]!;
        if (letter !== "u" && !Object.hasOwn(escapes, letter)) this.#refuseNext("invalid escape");
        else this.#index++;
        if (letter === "u") this.#hex();
        if (this.#failure !== undefined) return;
      } else if (unit >= SPACE) this.#index++;
      else return void this.#badString();
    }
  }

  /** The next unit that is no space; -1 at the end. */
  #peekToken(): number {
    for (; ; this.#index++) {
      const unit = this.#text.charCodeAt(this.#index);
      if (unit === SPACE || unit === NEWLINE || unit === RETURN || unit === TAB) continue;
      return this.#index < this.#text.length ? unit : -1;
    }
  }

  #stop(reason: string): false {
    this.#refuseNext(reason);
    return false;
  }

  #refuseText(reason: string): string {
    this.#refuse(reason);
    return "";
  }

  #refuseNextText(reason: string): string {
    this.#refuseNext(reason);
    return "";
  }

  /** Of what has just been taken. */
  #refuse(reason: string): null {
    return this.#refuseAt(reason, this.#index);
  }

  /** Of what comes next and has not been taken. */
  #refuseNext(reason: string): null {
    return this.#refuseAt(reason, Math.min(this.#index + 1, this.#text.length));
  }

  /** Lines from 1; columns are bytes of the line up to `end`, and `more` of them. */
  #refuseAt(reason: string, end: number, more: number = 0): null {
    if (this.#failure !== undefined) return null;
    const lineStart = end === 0 ? 0 : this.#text.lastIndexOf("\n", end - 1) + 1;
    let line = 1;
    for (
      let at = this.#text.indexOf("\n");
      at !== -1 && at < lineStart;
      at = this.#text.indexOf("\n", at + 1)
    )
      line++;
    const peeked = end - this.#index;
    const upTo = this.#text.slice(lineStart, end - peeked);
    const before = this.#units === "bytes" ? upTo.length : byteLength(upTo);
    const column = before + (lineStart < end ? peeked : 0) + more;
    this.#failure = `${reason} at line ${line} column ${column}`;
    return null;
  }
}

/** An array's items or an object's entries as JSON. */
export type RawLayer =
  | { readonly items: readonly string[]; readonly entries: undefined }
  | { readonly items: undefined; readonly entries: readonly (readonly [key: string, raw: string])[] };

/** A text whose units are the bytes. */
export function latin1Of(bytes: Uint8Array): string {
  let text = "";
  // As many arguments as every engine takes.
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function isUtf8(latin1: string): boolean {
  return typeof textOf(Uint8Array.from(latin1, (unit) => unit.charCodeAt(0))) === "string";
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}
