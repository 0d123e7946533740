/** A place in an expression's text, and the escapes that stand for one character. */
import { Refusal } from "./syntax.ts";

export class PatternReader {
  readonly text: string;
  at: number = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The next unit; empty: there is none. */
  get peek(): string {
    return this.text.charAt(this.at);
  }

  peekAt(ahead: number): string {
    return this.text.charAt(this.at + ahead);
  }

  startsWith(expected: string): boolean {
    return this.text.startsWith(expected, this.at);
  }

  hasAhead(expected: string): boolean {
    return this.text.includes(expected, this.at + 1);
  }

  next(): string {
    return this.text.charAt(this.at++);
  }

  take(expected: string): boolean {
    if (!this.startsWith(expected)) return false;
    this.at += expected.length;
    return true;
  }

  /** `form` is sticky. */
  takeMatch(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.at;
    const found = form.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }

  nextCode(): number {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) throw new Refusal("it ends too early");
    this.at += code > 0xff_ff ? 2 : 1;
    return code;
  }

  /** After a backslash. */
  escapedCode(): number {
    const letter = this.peek;
    if (Object.hasOwn(controls, letter)) {
      this.at++;
      return controls[letter]!;
    }
    const digits =
      this.takeMatch(/x\{([0-9A-Fa-f]{1,8})\}/y) ??
      this.takeMatch(/x([0-9A-Fa-f]{1,2})/y) ??
      this.takeMatch(/u([0-9A-Fa-f]{4})/y);
    if (digits !== undefined) return this.#inRange(Number.parseInt(digits[1]!, 16));
    const octal = this.takeMatch(/o\{([0-7]{1,11})\}/y) ?? this.takeMatch(/([0-7]{1,3})/y);
    if (octal !== undefined) return this.#inRange(Number.parseInt(octal[1]!, 8));
    const control = this.takeMatch(/(?:c|C-)([\0-\x7f])/y);
    if (control !== undefined) return control[1] === "?" ? 0x7f : control[1]!.charCodeAt(0) & 0x1f;
    return this.nextCode();
  }

  #inRange(code: number): number {
    if (code > 0x10_ff_ff) throw new Refusal("a character's number is too large");
    return code;
  }
}

const controls: Readonly<Record<string, number>> = {
  t: 0x09,
  n: 0x0a,
  v: 0x0b,
  f: 0x0c,
  r: 0x0d,
  a: 0x07,
  e: 0x1b,
};
