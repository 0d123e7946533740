/** Tables of finite-state entropy (RFC 8878, section 4.1), by the way a decoder goes through them. */

export class EntropyTable {
  /** Of the number of states, as a power of two. */
  readonly accuracy: number;
  /** By state: how many bits lead on from it. */
  readonly bits: Uint8Array;
  /** By state: where they count from. */
  readonly baselines: Uint8Array;
  /** By symbol and state: the state of that symbol that leads to it. */
  readonly #before: readonly Uint8Array[];
  readonly #first: Uint8Array;

  constructor(accuracy: number, symbols: Uint8Array, symbolCount: number) {
    this.accuracy = accuracy;
    const size = symbols.length;
    this.bits = new Uint8Array(size);
    this.baselines = new Uint8Array(size);
    this.#before = Array.from({ length: symbolCount }, () => new Uint8Array(size));
    this.#first = new Uint8Array(symbolCount);
    const counts = new Uint8Array(symbolCount);
    for (const symbol of symbols) counts[symbol]!++;
    for (let state = 0; state < size; state++) {
      const symbol = symbols[state]!;
      const next = counts[symbol]!++;
      const bits = accuracy - (31 - Math.clz32(next));
      this.bits[state] = bits;
      this.baselines[state] = (next << bits) - size;
      this.#first[symbol] = state;
      this.#before[symbol]!.fill(state, this.baselines[state], this.baselines[state]! + (1 << bits));
    }
  }

  firstState(symbol: number): number {
    return this.#first[symbol]!;
  }

  stateBefore(symbol: number, next: number): number {
    return this.#before[symbol]![next]!;
  }
}

/** `likelihoods` add up to the number of states; -1 is less than once, and takes one. */
export function decodingTable(accuracy: number, likelihoods: readonly number[]): EntropyTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  let high = size;
  for (const [symbol, likelihood] of likelihoods.entries()) {
    if (likelihood === -1) symbols[--high] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (const [symbol, likelihood] of likelihoods.entries()) {
    for (let count = 0; count < likelihood; count++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  return new EntropyTable(accuracy, symbols, likelihoods.length);
}
