/** Reads hashes as Ruby prints them, and tells what is wrong with the trace that VRL tells. */
import { Failure } from "../../runtime/failure.ts";
import { floatOf } from "../../runtime/float.ts";
import { setKey } from "../../runtime/object.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { traceText, type TraceStep } from "../parse-error/trace.ts";

/** Deeper ones are refused: whoever walks a value walks its depth. */
const DEPTH_MAX = 512;

const number = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf(?:inity)?|nan)/iy;
const symbol = /[0-9A-Za-z_]+/y;

export function parseHash(input: string): Value | Failure {
  return new HashReader(input).document();
}

/** What is not there, where something else may be instead. */
const NONE = Symbol("none");
type None = typeof NONE;

class HashReader {
  readonly #input: string;
  #at = 0;
  #depth = 0;
  /** Set where there is no way on; the innermost step first. */
  #trace: TraceStep[] | undefined = undefined;
  #problem: string | undefined = undefined;

  constructor(input: string) {
    this.#input = input;
  }

  document(): Value | Failure {
    const value = this.#hash();
    if (value === NONE && this.#trace === undefined)
      this.#trace = [
        { at: 0, rule: { expected: "{" } },
        { at: 0, rule: "map" },
      ];
    if (this.#problem !== undefined) return new Failure(this.#problem);
    if (this.#trace !== undefined) return new Failure(traceText(this.#input, this.#trace));
    if (/\P{White_Space}/u.test(this.#input.slice(this.#at)))
      return new Failure("could not parse whole line successfully");
    return value as Value;
  }

  #hash(): VrlObject | None {
    return this.#nested("{", "}", "map", (): VrlObject => {
      const object: VrlObject = {};
      this.#list(() => this.#entry(object));
      return object;
    });
  }

  #array(): Value[] | None {
    return this.#nested("[", "]", "array", () => {
      const array: Value[] = [];
      this.#list(() => {
        const value = this.#value();
        if (value === NONE) return false;
        array.push(value);
        return true;
      });
      return array;
    });
  }

  #nested<T>(opening: string, closing: string, rule: string, read: () => T): T | None {
    const start = this.#at;
    if (this.#input[start] !== opening) return NONE;
    if (++this.#depth > DEPTH_MAX) this.#problem ??= "nested too deeply";
    if (this.#problem !== undefined) return NONE;
    this.#at++;
    const value = read();
    if (this.#trace === undefined && this.#problem === undefined) this.#close(closing);
    this.#depth--;
    this.#extendTrace({ at: start, rule });
    return value;
  }

  /** Items with commas between; what is no item ends the list before its comma. */
  #list(item: () => boolean): void {
    for (let end = this.#at; ;) {
      const isRead = item();
      if (this.#trace !== undefined || this.#problem !== undefined) return;
      if (!isRead) {
        this.#at = end;
        return;
      }
      end = this.#at;
      this.#skipSpaces();
      if (this.#input[this.#at] !== ",") {
        this.#at = end;
        return;
      }
      this.#at++;
    }
  }

  #entry(object: VrlObject): boolean {
    this.#skipSpaces();
    const key = this.#key();
    if (key === NONE || this.#trace !== undefined) return false;
    this.#skipSpaces();
    if (this.#input.startsWith("=>", this.#at)) this.#at += 2;
    else if (this.#input[this.#at] === ":") this.#at++;
    else {
      this.#trace = [
        { at: this.#at, rule: "Tag" },
        { at: this.#at, rule: "Alt" },
      ];
      return false;
    }
    const value = this.#value();
    if (value === NONE || this.#trace !== undefined) return false;
    setKey(object, key, value);
    return true;
  }

  #key(): string | None {
    const quoted = this.#quoted();
    if (quoted !== NONE) return quoted;
    return this.#symbol() ?? this.#colonKey();
  }

  #colonKey(): string | None {
    if (this.#input[this.#at] !== ":") return NONE;
    const start = this.#at++;
    const quoted = this.#quoted();
    if (quoted !== NONE || this.#trace !== undefined) return quoted;
    const name = this.#symbol();
    if (name !== undefined) return name;
    this.#at = start;
    return NONE;
  }

  #symbol(): string | undefined {
    symbol.lastIndex = this.#at;
    const found = symbol.exec(this.#input)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #value(): Value | None {
    this.#skipSpaces();
    const start = this.#at;
    if (this.#takes("nil")) return null;
    const nested = this.#input[start] === "{" ? this.#hash() : this.#array();
    if (nested !== NONE || this.#trace !== undefined) return nested;
    const name = this.#colonKey();
    if (name !== NONE || this.#trace !== undefined) return name;
    const quoted = this.#quoted();
    this.#extendTrace({ at: start, rule: "bytes" });
    if (quoted !== NONE || this.#trace !== undefined) return quoted;
    return this.#number() ?? (this.#takes("true") ? true : this.#takes("false") ? false : NONE);
  }

  #number(): Value | undefined {
    number.lastIndex = this.#at;
    const found = number.exec(this.#input)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    if (/nan/i.test(found)) {
      this.#problem ??= "NaN is no value";
      return null;
    }
    return floatOf(/inf/i.test(found) ? (found.startsWith("-") ? -Infinity : Infinity) : Number(found));
  }

  #takes(word: string): boolean {
    const isThere = this.#input.startsWith(word, this.#at);
    if (isThere) this.#at += word.length;
    return isThere;
  }

  /** As it is written: escapes stay. */
  #quoted(): string | None {
    const start = this.#at;
    const quote = this.#input[start];
    if (quote !== '"' && quote !== "'") return NONE;
    const end = quotedEnd(this.#input, start + 1, quote);
    this.#at = end;
    if (this.#close(quote)) return this.#input.slice(start + 1, end);
    this.#extendTrace({ at: start, rule: "string" });
    return NONE;
  }

  #extendTrace(step: TraceStep): void {
    this.#trace?.push(step);
  }

  #close(expected: string): boolean {
    if (expected === "}" || expected === "]") this.#skipSpaces();
    if (this.#input[this.#at] === expected) {
      this.#at++;
      return true;
    }
    this.#trace = [{ at: this.#at, rule: { expected } }];
    return false;
  }

  #skipSpaces(): void {
    while (/[ \t\r\n]/.test(this.#input[this.#at] ?? "")) this.#at++;
  }
}

/**
 * Where the text in quotes ends. A backslash takes the meaning from a quote or another backslash; before anything else it
 * has to follow a character that is none, or else VRL finds the text to be empty.
 */
function quotedEnd(input: string, start: number, quote: string): number {
  let at = start;
  for (;;) {
    const before = at;
    while (at < input.length && input[at] !== "\\" && input[at] !== quote) at++;
    if (input[at] !== "\\") return at;
    const isPlain = input[at + 1] === "\\" || input[at + 1] === quote;
    if (!isPlain && (at === before || at + 1 >= input.length)) return start;
    at += 2;
  }
}
