/** A place in a text; lines and columns count from 1. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** Where the parts of a config stand in its file. */
export interface SourceMap {
  /** The place of a key or of its value; undefined where it cannot be told for sure. */
  place(path: readonly (string | number)[], part: "key" | "value"): Span | undefined;
}

/** Turns offsets into lines and columns. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  span(start: number, end: number): Span {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= start) low = middle;
      else high = middle - 1;
    }
    const lineEnd = this.#starts[low + 1] ?? Number.POSITIVE_INFINITY;
    // What spans several lines is marked on its first.
    const length = Math.max(1, Math.min(end, lineEnd - 1) - start);
    return { line: low + 1, column: start - this.#starts[low]! + 1, length };
  }
}
