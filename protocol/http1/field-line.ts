import { COLON, CR, HTAB, LF, octets, SP, TOKEN, VALUE } from "./octets.ts";
import type { Problem } from "./problem.ts";

/** Outcome of a scan: more bytes are needed, the thing is complete, or it is wrong. */
export const MORE = 0;
export const COMPLETE = 1;
export const WRONG = 2;

/** Scans one `name: value CRLF` line; the result is in its fields, so that nothing is allocated per line. */
export class FieldLine {
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  /** Behind the line feed. */
  next = 0;
  problem: Problem | undefined = undefined;

  /**
   * Scans from `start`. Bytes up to `limit` are there; a line that reaches `bound` without its end is too long.
   * Every verdict depends on the bytes before it only, never on how they were cut.
   */
  scan(buffer: Buffer, start: number, limit: number, bound: number): number {
    const stop = limit < bound ? limit : bound;
    let at = start;
    while (at < stop && (octets[buffer[at]!]! & TOKEN) !== 0) at++;
    if (at === stop) return this.#outOfBytes(at, bound);
    if (buffer[at] !== COLON || at === start) return this.#wrong("header-name");
    this.nameEnd = at;
    at++;
    while (at < stop && (buffer[at] === SP || buffer[at] === HTAB)) at++;
    this.valueStart = at;
    while (at < stop && (octets[buffer[at]!]! & VALUE) !== 0) at++;
    if (at === stop) return this.#outOfBytes(at, bound);
    const code = buffer[at]!;
    if (code !== CR) return this.#wrong(code === LF ? "bare-lf" : "header-value");
    if (at + 1 === limit) return MORE;
    if (buffer[at + 1] !== LF) return this.#wrong("bare-cr");
    this.next = at + 2;
    while (at > this.valueStart && (buffer[at - 1] === SP || buffer[at - 1] === HTAB)) at--;
    this.valueEnd = at;
    return COMPLETE;
  }

  #outOfBytes(at: number, bound: number): number {
    return at === bound ? this.#wrong("header-too-long") : MORE;
  }

  #wrong(problem: Problem): number {
    this.problem = problem;
    return WRONG;
  }
}
