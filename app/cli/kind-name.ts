import { type KindName, kinds } from "@plinth/resource";
import { UsageFault } from "./exit-code.ts";
import { nearestName } from "./terminal/nearest-name.ts";

/** Every way to write a kind: its plural, its name and its short names. */
export function kindWords(): string[] {
  return Object.values(kinds).flatMap(({ kind, plural, shortNames }) => [
    plural,
    kind.toLowerCase(),
    ...shortNames,
  ]);
}

/** The kind a word on the command line means. */
export function kindNamed(word: string, words: readonly string[]): KindName {
  const lower = word.toLowerCase();
  const found = Object.values(kinds).find(
    ({ kind, plural, shortNames }) =>
      plural === lower || kind.toLowerCase() === lower || shortNames.includes(lower),
  );
  if (found !== undefined) return found.kind;
  const nearest = nearestName(lower, kindWords());
  throw new UsageFault(
    `There is no kind "${word}"`,
    words,
    nearest === undefined
      ? `Kinds: ${Object.values(kinds)
          .map(({ plural }) => plural)
          .join(", ")}.`
      : `Did you mean "${nearest}"?`,
  );
}
