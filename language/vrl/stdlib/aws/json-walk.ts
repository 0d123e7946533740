/** Walks over JSON that is known to be valid, for who has to say at which place a part is not what it should be. */
import { byteLength } from "../../runtime/text.ts";

const STRING = /"(?:[^"\\]|\\[^])*"/y;
const SCALAR = /[^\s,\]}]+/y;
const SPACE = /[ \n\r\t]*/y;

export class JsonWalk {
  readonly #text: string;
  at: number = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The unit that the next token begins with. */
  peek(): string {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.#text);
    this.at = SPACE.lastIndex;
    return this.#text.charAt(this.at);
  }

  take(sign: string): boolean {
    if (this.peek() !== sign) return false;
    this.at++;
    return true;
  }

  /** The string, number or word that comes next, as it is written. */
  scalar(): string {
    const form = this.peek() === '"' ? STRING : SCALAR;
    form.lastIndex = this.at;
    const found = form.exec(this.#text)![0];
    this.at += found.length;
    return found;
  }

  string(): string {
    return JSON.parse(this.scalar()) as string;
  }

  /** ` at line 1 column 5`: in bytes, of what is read up to `ahead` units further. */
  place(ahead: number = 0): string {
    const before = this.#text.slice(0, Math.min(this.at + ahead, this.#text.length));
    const start = before.lastIndexOf("\n") + 1;
    return ` at line ${before.split("\n").length} column ${byteLength(before.slice(start))}`;
  }
}
