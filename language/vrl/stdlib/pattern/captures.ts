/** Objects of a match's groups. */
import { Collection, Kind } from "../../checker/kind.ts";
import { setKey } from "../../runtime/object.ts";
import type { GroupTexts, Regex } from "../../runtime/regex.ts";
import type { VrlObject } from "../../runtime/value.ts";

/** Names of groups and their indices. */
export type NamedGroups = readonly (readonly [name: string, index: number])[];

export function namedGroups({ groupNames }: Regex): NamedGroups {
  return groupNames.flatMap((name, index) => (name === undefined ? [] : [[name, index] as const]));
}

/**
 * Of the named groups, null where one took no part. With `numbered`, also of all groups that took part, numbered from 0
 * in their order: a group behind one that took no part has a smaller number than in the expression.
 */
export function captured(groups: GroupTexts, names: NamedGroups, numbered: boolean): VrlObject {
  const object: VrlObject = {};
  if (numbered) {
    let count = 0;
    for (let index = 0; index < groups.length; index++) {
      const text = groups[index];
      if (text !== undefined) object[count++] = text;
    }
  }
  for (let rank = 0; rank < names.length; rank++) {
    const [name, index] = names[rank]!;
    setKey(object, name, groups[index] ?? null);
  }
  return object;
}

/** Of what `captured` makes; `undefined`: the expression is not known. */
export function capturedKind(regex: Regex | undefined): Kind {
  const text = Kind.bytes.or(Kind.null);
  if (regex === undefined) return Kind.ofObject(Collection.ofUnknown(text));
  return Kind.ofObject(
    Collection.of<string>([
      ...regex.groupNames.map((_, index) => [String(index), text] as const),
      ...namedGroups(regex).map(([name]) => [name, Kind.bytes] as const),
    ]),
  );
}
