/** Longer names are not compared: the work grows with the product of both lengths. */
const CHARACTERS_MAX = 64;

/** Edits (insert, delete, replace, swap neighbours) that turn one text into the other. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, beforeLast[column - 2]! + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length]!;
}

/** The valid name that was probably meant; undefined when none is near. */
export function nearestName(name: string, valid: Iterable<string>): string | undefined {
  if (name.length > CHARACTERS_MAX) return undefined;
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of valid) {
    if (Math.abs(candidate.length - name.length) >= least || candidate.length > CHARACTERS_MAX) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    // A third of the longer name may be wrong: one letter of three, three of nine.
    if (distance < least && distance <= Math.ceil(Math.max(name.length, candidate.length) / 3)) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}
