/** Walks through the characters of an expression; with the flag `x`, blanks and comments are passed over. */
import { RegexSyntaxError, type Place } from "./problem.ts";

const blank = /^\p{White_Space}$/u;

export class Reader {
  readonly characters: readonly string[];
  at = 0;
  ignoresBlanks = false;

  constructor(characters: readonly string[]) {
    this.characters = characters;
  }

  get isAtEnd(): boolean {
    return this.at >= this.characters.length;
  }

  /** This character; empty at the end. */
  now(): string {
    return this.characters[this.at] ?? "";
  }

  get isAtBlank(): boolean {
    return blank.test(this.now());
  }

  /** Whether there is something after it. */
  next(): boolean {
    if (this.isAtEnd) return false;
    this.at++;
    return !this.isAtEnd;
  }

  nextIf(text: string): boolean {
    for (let index = 0; index < text.length; index++)
      if (this.characters[this.at + index] !== text[index]) return false;
    this.at += text.length;
    return true;
  }

  nextAndBlanks(): boolean {
    if (!this.next()) return false;
    this.skipBlanks();
    return !this.isAtEnd;
  }

  skipBlanks(): void {
    if (!this.ignoresBlanks) return;
    while (!this.isAtEnd) {
      if (this.isAtBlank) this.next();
      else if (this.now() === "#") {
        while (!this.isAtEnd && this.now() !== "\n") this.at++;
        this.next();
      } else return;
    }
  }

  /** The character after this one; undefined: none. */
  peek(): string | undefined {
    return this.characters[this.at + 1];
  }

  /**
   * As `peek` beyond blanks. After a `#` it tells the first letter of the comment: so does what this agrees with.
   */
  peekBeyondBlanks(): string | undefined {
    if (!this.ignoresBlanks || this.isAtEnd) return this.peek();
    let isComment = false;
    for (let index = this.at + 1; index < this.characters.length; index++) {
      const character = this.characters[index]!;
      if (blank.test(character)) continue;
      if (isComment || character !== "#") return character;
      isComment = true;
    }
    return this.peek();
  }

  /** The place of this character. */
  get here(): Place {
    return { start: this.at, end: Math.min(this.at + 1, this.characters.length) };
  }

  /** Between this character and the one before. */
  get point(): Place {
    return { start: this.at, end: this.at };
  }

  from(start: number): Place {
    return { start, end: this.at };
  }

  fail(message: string, place: Place, other?: Place): never {
    throw new RegexSyntaxError(message, place, other);
  }
}
