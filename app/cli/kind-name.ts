import { type KindName, kinds } from "@plinth/resource";
import { UsageFault } from "./exit-code.ts";

/** The kind a word on the command line means. */
export function kindNamed(word: string, words: readonly string[]): KindName {
  const lower = word.toLowerCase();
  const found = Object.values(kinds).find(
    ({ kind, plural, shortNames }) =>
      plural === lower || kind.toLowerCase() === lower || shortNames.includes(lower),
  );
  if (found !== undefined) return found.kind;
  const all = Object.values(kinds);
  throw new UsageFault(`There is no kind "${word}"`, words, {
    hint: `Kinds: ${all.map(({ plural }) => plural).join(", ")}.`,
    mistyped: { word: lower, among: all.flatMap(({ kind, plural }) => [plural, kind.toLowerCase()]) },
  });
}
