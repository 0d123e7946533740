/** Each power of two is divided into so many parts: 1.6 % at most between a figure and the truth. */
const PARTS = 64;
const PARTS_BITS = 6;
/** Over an hour of microseconds: what takes longer is counted as this. */
const MICROS_MAX = 2 ** 32 - 1;

/** Counts durations without keeping them. */
export class Histogram {
  readonly #counts: Uint32Array = new Uint32Array((32 - PARTS_BITS + 1) * PARTS);
  count = 0;
  maxMs = 0;

  add(milliseconds: number): void {
    this.count++;
    if (milliseconds > this.maxMs) this.maxMs = milliseconds;
    const micros = Math.min(MICROS_MAX, Math.max(0, Math.round(milliseconds * 1000)));
    this.#counts[bucketOf(micros)]!++;
  }

  /** The longest of the given share of durations, from above, in milliseconds; 0 without any. */
  quantileMs(share: number): number {
    let left = Math.ceil(share * this.count);
    if (left === 0) return 0;
    for (let bucket = 0; ; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return Math.min(this.maxMs, lastOf(bucket) / 1000);
    }
  }
}

function bucketOf(micros: number): number {
  const shift = Math.max(0, 31 - Math.clz32(micros) - PARTS_BITS);
  return shift * PARTS + (micros >>> shift);
}

/** The most microseconds that a bucket counts. */
function lastOf(bucket: number): number {
  if (bucket < 2 * PARTS) return bucket;
  const shift = Math.floor(bucket / PARTS) - 1;
  return (bucket - shift * PARTS + 1) * 2 ** shift - 1;
}
