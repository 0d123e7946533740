/** Reads fields like `key=value`, in time linear in the text's length. */
import { Failure } from "../../runtime/failure.ts";
import { getKey, setKey } from "../../runtime/object.ts";
import type { VrlObject } from "../../runtime/value.ts";
import { traceText, type TraceStep } from "../parse-error/trace.ts";

export interface KeyValueOptions {
  /** Between a key and its value. */
  readonly separator: string;
  /** Between fields. */
  readonly delimiter: string;
  /** Whether space around the separator counts. */
  readonly isStrict: boolean;
  /** Whether a key may be alone, which means `true`. */
  readonly takesLoneKeys: boolean;
}

export function parseKeyValues(input: string, options: KeyValueOptions): VrlObject | Failure {
  return new KeyValueReader(input, options).object();
}

class KeyValueReader {
  readonly #input: string;
  readonly #options: KeyValueOptions;
  readonly #separators: Occurrences;
  readonly #delimiters: Occurrences;
  #index = 0;
  #failure: readonly TraceStep[] | undefined = undefined;
  /** Of the undelimited text that ends at a place: where it ends without its trailing space. */
  #trimmedOf = -1;
  #trimmedEnd = -1;

  constructor(input: string, options: KeyValueOptions) {
    this.#input = input;
    this.#options = options;
    this.#separators = new Occurrences(input, options.separator);
    this.#delimiters = new Occurrences(input, options.delimiter);
  }

  object(): VrlObject | Failure {
    const object: VrlObject = {};
    if (!this.#field(object)) return new Failure(traceText(this.#input, this.#failure!));
    let end = this.#index;
    while (this.#delimiter(this.#index) !== -1) {
      this.#index = this.#delimiter(this.#index);
      if (!this.#field(object)) break;
      end = this.#index;
    }
    if (/\P{White_Space}/u.test(this.#input.slice(end)))
      return new Failure("could not parse whole line successfully");
    return object;
  }

  /** Whether there was one; if not, why. */
  #field(object: VrlObject): boolean {
    this.#skipSpaces();
    const start = this.#index;
    const key = this.#key();
    if (key === "") {
      this.#failure = [{ at: start, rule: "Verify" }];
      return false;
    }
    const isLone = !this.#separator();
    if (isLone && this.#failure !== undefined) return false;
    const value = this.#value();
    if (isLone) {
      if (!Object.hasOwn(object, key)) setKey(object, key, true);
    } else addValue(object, key, value);
    return true;
  }

  #separator(): boolean {
    const { separator, isStrict, takesLoneKeys } = this.#options;
    const start = this.#index;
    if (!isStrict) this.#skipSpaces();
    const at = this.#index;
    if (this.#input.startsWith(separator, at) && separator !== "") {
      this.#index += separator.length;
      if (!isStrict) this.#skipSpaces();
      return true;
    }
    this.#index = start;
    if (separator === "") this.#failure = [{ at: start, rule: "ManyMN" }];
    else if (!takesLoneKeys)
      this.#failure = [
        { at, rule: "Tag" },
        { at: start, rule: "ManyMN" },
      ];
    return false;
  }

  /** Empty: there is none. */
  #key(): string {
    const { separator, delimiter, takesLoneKeys } = this.#options;
    const quoted = this.#quoted(separator) ?? (takesLoneKeys ? this.#quoted(delimiter) : undefined);
    if (quoted !== undefined) return quoted;
    if (!takesLoneKeys) return this.#undelimited(this.#separators);
    const start = this.#index;
    const end = this.#separators.atOrAfter(start);
    const [from, to] = this.#trim(start, end);
    const within = this.#delimiters.atOrAfter(from);
    if (from < to && within + delimiter.length > to) {
      this.#index = end;
      return this.#input.slice(from, to);
    }
    return this.#undelimited(this.#delimiters);
  }

  #value(): string {
    return this.#quoted(this.#options.delimiter) ?? this.#undelimited(this.#delimiters);
  }

  #undelimited(terminators: Occurrences): string {
    const end = terminators.atOrAfter(this.#index);
    const [from, to] = this.#trim(this.#index, end);
    this.#index = end;
    return this.#input.slice(from, to);
  }

  #trim(start: number, end: number): readonly [from: number, to: number] {
    let from = start;
    while (from < end && isSpace(this.#input, from)) from++;
    if (this.#trimmedOf !== end) {
      this.#trimmedOf = end;
      this.#trimmedEnd = end;
      while (this.#trimmedEnd > from && isSpace(this.#input, this.#trimmedEnd - 1)) this.#trimmedEnd--;
    }
    return [from, Math.max(from, this.#trimmedEnd)];
  }

  /** In quotes, with a terminator or the end after them; undefined: it is not. */
  #quoted(terminator: string): string | undefined {
    const quote = this.#input[this.#index];
    if (quote !== "'" && quote !== '"') return undefined;
    let hasEscapes = false;
    let at = this.#index + 1;
    for (; at < this.#input.length; at++) {
      const unit = this.#input[at];
      if (unit === quote) break;
      if (unit === "\\") {
        hasEscapes = true;
        at++;
      }
    }
    if (at >= this.#input.length) return undefined;
    if (this.#terminator(at + 1, terminator) === -1 && !this.#isEndAfterSpaces(at + 1)) return undefined;
    const inner = this.#input.slice(this.#index + 1, at);
    this.#index = at + 1;
    return hasEscapes
      ? inner.replace(/\\([n\\"])/g, (_, letter: string) => (letter === "n" ? "\n" : letter))
      : inner;
  }

  /** Where the delimiter ends that begins here, after spaces; -1: there is none. */
  #delimiter(at: number): number {
    return this.#terminator(at, this.#options.delimiter);
  }

  #terminator(start: number, terminator: string): number {
    let at = start;
    while (this.#input[at] === " ") at++;
    if (terminator === " ") return at === start ? -1 : at;
    return this.#input.startsWith(terminator, at) ? at + terminator.length : -1;
  }

  #isEndAfterSpaces(start: number): boolean {
    let at = start;
    while (this.#input[at] === " " || this.#input[at] === "\t") at++;
    return at === this.#input.length;
  }

  #skipSpaces(): void {
    while (this.#input[this.#index] === " " || this.#input[this.#index] === "\t") this.#index++;
  }
}

/** Where a text occurs; what was found last is kept, as it is mostly asked for again. */
class Occurrences {
  readonly #input: string;
  readonly #sought: string;
  #from = 0;
  #next = -1;

  constructor(input: string, sought: string) {
    this.#input = input;
    this.#sought = sought;
  }

  /** The input's end where there is none. */
  atOrAfter(at: number): number {
    if (at < this.#from || at > this.#next) {
      const found = this.#input.indexOf(this.#sought, at);
      this.#from = at;
      this.#next = found === -1 ? this.#input.length : found;
    }
    return this.#next;
  }
}

/** More than one value of a key make an array. */
function addValue(object: VrlObject, key: string, value: string): void {
  const existing = getKey(object, key);
  if (existing === undefined || existing === true) setKey(object, key, value);
  else if (Array.isArray(existing)) existing.push(value);
  else setKey(object, key, [existing, value]);
}

function isSpace(input: string, at: number): boolean {
  const unit = input.charCodeAt(at);
  return (
    unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || (unit > 0x7f && /\p{White_Space}/u.test(input[at]!))
  );
}
