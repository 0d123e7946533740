/** The word of `candidates` that is nearest to `word`, the first of those equally near; undefined: there are none. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    // No fewer edits than the lengths differ by.
    if (Math.abs(candidate.length - word.length) > bestDistance) continue;
    const distance = editDistance(Array.from(word), Array.from(candidate));
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Letters inserted, removed, replaced or swapped with their neighbour. */
function editDistance(from: readonly string[], to: readonly string[]): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: from.length + 1 }, (_, index) => index);
  for (let row = 1; row <= to.length; row++) {
    const current = [row];
    for (let column = 1; column <= from.length; column++) {
      const isSame = from[column - 1] === to[row - 1];
      let cost = Math.min(current[column - 1]! + 1, last[column]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isSwapped =
        row > 1 && column > 1 && from[column - 1] === to[row - 2] && from[column - 2] === to[row - 1];
      if (isSwapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[from.length]!;
}
