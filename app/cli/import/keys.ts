import { quoted } from "@plinth/resource";
import type { Notes } from "./notes.ts";
import { type Part, plain, scalarText } from "./part.ts";
import type { Values } from "./values.ts";

/** What becomes of a key: `brought` over by what reads it, or noted. */
type Fate =
  | { readonly kind: "brought" }
  | {
      readonly kind: "ignored" | "refused";
      readonly says: string;
      readonly instead?: string | undefined;
      /** Values that ask for nothing that is not so anyway. */
      readonly unless?: RegExp | undefined;
    };

export type KeyTable = Readonly<Record<string, Fate>>;

export const brought: Fate = { kind: "brought" };
export const ignored = (says: string, instead?: string, unless?: RegExp): Fate => ({
  kind: "ignored",
  says,
  instead,
  unless,
});
export const refused = (says: string, instead?: string, unless?: RegExp): Fate => ({
  kind: "refused",
  says,
  instead,
  unless,
});

/** Notes every key of a map that is not brought over; `x-` keys are the user's own and say nothing. */
export function checkKeys(part: Part | undefined, table: KeyTable, notes: Notes, values: Values): void {
  for (const [key, value] of values.map(part)) {
    if (key.startsWith("x-")) continue;
    const fate = Object.hasOwn(table, key) ? table[key] : undefined;
    if (fate === undefined) notes.unknown(value, "key", key, Object.keys(table));
    else if (fate.kind !== "brought" && !asksNothing(value) && fate.unless?.test(scalarText(value)) !== true)
      notes[fate.kind](value, fate.says, fate.instead);
  }
}

/** True for what is left empty or switched off. */
function asksNothing(part: Part): boolean {
  const value = plain(part);
  if (value === null || value === false || value === "" || value === "false") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Names as a reader would list them. */
export const namesText = (names: Iterable<string>): string => [...names].map(quoted).join(", ");
