/** How VRL spells booleans in texts, in small letters. */
export const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["t", true],
  ["yes", true],
  ["y", true],
  ["false", false],
  ["f", false],
  ["no", false],
  ["n", false],
]);
