/**
 * The characters of an expression, put together where it never tells them apart: few symbols stand for all of them, and
 * whether a class holds a symbol is one look into a table.
 */
import { CODE_POINT_MAX, type Ranges } from "./ranges.ts";

/** Below it a table tells the symbol, above it a search. */
const TABLE_END = 0x8_00;

/** What a half of a surrogate pair stands for where it is alone. */
export const REPLACEMENT = 0xff_fd;

/** Beyond all characters: a byte that is part of none. In no class. */
export const NO_CHARACTER: number = CODE_POINT_MAX + 1;

export class Alphabet {
  readonly symbolCount: number;
  /** Where runs of characters of one symbol begin, and their symbols. */
  readonly #starts: Int32Array;
  readonly #symbols: Uint16Array;
  readonly #table: Uint16Array;
  /** By class and symbol. */
  readonly #members: Uint8Array;

  constructor(classes: readonly Ranges[]) {
    const starts = new Set([0, NO_CHARACTER]);
    for (const ranges of classes) {
      for (let index = 0; index < ranges.length; index += 2)
        starts.add(ranges[index]!).add(ranges[index + 1]! + 1);
    }
    const sorted = Int32Array.from(starts).sort();
    const held = Array.from(sorted, () => "");
    for (const [id, ranges] of classes.entries()) mark(held, sorted, ranges, `${id},`);
    const symbolOf = new Map<string, number>();
    for (const text of held) if (!symbolOf.has(text)) symbolOf.set(text, symbolOf.size);
    this.symbolCount = symbolOf.size;
    this.#starts = sorted;
    this.#symbols = Uint16Array.from(held, (text) => symbolOf.get(text)!);
    this.#members = new Uint8Array(classes.length * symbolOf.size);
    for (const [text, symbol] of symbolOf) {
      for (const id of text.split(",")) if (id !== "") this.#members[Number(id) * symbolOf.size + symbol] = 1;
    }
    this.#table = Uint16Array.from({ length: TABLE_END }, (_, code) => this.#search(code));
  }

  symbolOf(codePoint: number): number {
    return codePoint < TABLE_END ? this.#table[codePoint]! : this.#search(codePoint);
  }

  holds(classId: number, symbol: number): boolean {
    return this.#members[classId * this.symbolCount + symbol] === 1;
  }

  #search(codePoint: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= codePoint) low = middle;
      else high = middle;
    }
    return this.#symbols[low]!;
  }
}

/** Adds `text` to all runs within `ranges`; both are in order. */
function mark(held: string[], starts: Int32Array, ranges: Ranges, text: string): void {
  let run = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    while (starts[run]! < ranges[index]!) run++;
    while (starts[run]! <= ranges[index + 1]!) held[run++] += text;
  }
}
