/** A place in a message that moves on as its parts are read. A reader that finds nothing leaves it where it was. */
import { isWhitespace } from "../string/whitespace.ts";

export class Cursor {
  readonly text: string;
  at: number = 0;

  constructor(text: string) {
    this.text = text;
  }

  take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  /** Spaces and tabs; whether there was one. */
  takeSpaces(): boolean {
    const start = this.at;
    while (isSpace(this.text.charCodeAt(this.at))) this.at++;
    return this.at > start;
  }

  /** A decimal number of at most `max`; -1: there is none, or it is larger. */
  takeNumber(max: number): number {
    let end = this.at;
    let value = 0;
    for (; end < this.text.length; end++) {
      const digit = this.text.charCodeAt(end) - 0x30;
      if (digit < 0 || digit > 9) break;
      // Stays above `max` once it is: no float of that size rounds back.
      value = value * 10 + digit;
    }
    if (end === this.at || value > max) return -1;
    this.at = end;
    return value;
  }

  /** One word, which a colon ends where `colonEnds`; empty: there is none. */
  takeWord(colonEnds: boolean): string {
    const { text, at } = this;
    let end = at;
    for (; end < text.length; end++) {
      const unit = text.charCodeAt(end);
      if (isWhitespace(unit) || (colonEnds && unit === COLON)) break;
    }
    this.at = end;
    return text.slice(at, end);
  }

  get rest(): string {
    return this.text.slice(this.at);
  }
}

const COLON = 0x3a;

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
