/**
 * Counts of observations by fixed upper bounds. `observe` allocates nothing; bounds are few and low values are the
 * common ones, so a walk from the lowest beats a binary search. Counts are per bucket, not cumulative.
 */
export class Histogram {
  readonly bounds: readonly number[];
  /** One per bound, and the last one for everything above all bounds. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.bounds;
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    this.counts[index]! += 1;
    this.sum += value;
    this.count += 1;
  }
}

/**
 * The value below which `fraction` of the observations lie, interpolated within its bucket; undefined without any.
 * Above the last bound the answer is that bound: it is then too low.
 */
export function quantile(
  bounds: readonly number[],
  counts: ArrayLike<number>,
  fraction: number,
): number | undefined {
  let total = 0;
  for (let index = 0; index <= bounds.length; index++) total += counts[index] ?? 0;
  if (total === 0) return undefined;
  const rank = fraction * total;
  let below = 0;
  for (let index = 0; index < bounds.length; index++) {
    const inBucket = counts[index] ?? 0;
    if (inBucket > 0 && below + inBucket >= rank) {
      const lower = index === 0 ? 0 : bounds[index - 1]!;
      return lower + (bounds[index]! - lower) * ((rank - below) / inBucket);
    }
    below += inBucket;
  }
  return bounds.at(-1);
}
