/** -1, 0 or 1, as `sort` and comparisons want it. */
export function orderOf(left: number | bigint, right: number | bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
