/** Where things are in a program's text, as people and other tools count. */
import { byteLength } from "../runtime/text.ts";
import type { Span } from "./span.ts";

export interface Position {
  /** From 1. */
  readonly line: number;
  /** In characters (code points) of the line, from 1. */
  readonly column: number;
}

export class SourceText {
  readonly text: string;
  /** The offset of each line's first unit. */
  readonly #lineStarts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let index = text.indexOf("\n"); index !== -1; index = text.indexOf("\n", index + 1)) {
      this.#lineStarts.push(index + 1);
    }
  }

  /** The line that holds the UTF-16 offset, from 0; a newline belongs to the line that it ends. */
  lineIndex(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** What the line spans, with its newline. */
  lineSpan(lineIndex: number): Span {
    return {
      start: this.#lineStarts[lineIndex] ?? this.text.length,
      end: this.#lineStarts[lineIndex + 1] ?? this.text.length,
    };
  }

  /** Of a UTF-16 offset; one past the text is taken for the text's end. */
  position(offset: number): Position {
    const lineIndex = this.lineIndex(offset);
    const { start, end } = this.lineSpan(lineIndex);
    let column = 1;
    for (let index = start; index < Math.min(offset, end); column++) {
      index += this.text.codePointAt(index)! > 0xff_ff ? 2 : 1;
    }
    return { line: lineIndex + 1, column };
  }

  /** How many bytes of UTF-8 stand before a UTF-16 offset. */
  byteOffset(offset: number): number {
    return byteLength(this.text.slice(0, offset));
  }
}
