/** √ good, ‼ weaker than it could be, × in the way. */
export type Level = "good" | "weak" | "bad";

export interface Check {
  readonly name: string;
  readonly level: Level;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Where more is said. */
  readonly page?: Page;
}

/** Headings of the documents, which lie beside the programs. */
export type Page =
  | "docs/explanation/modes.md#two-modes"
  | "docs/explanation/modes.md#commands-and-containers"
  | "docs/explanation/modes.md#containers-without-root"
  | "docs/explanation/modes.md#what-holds"
  | "docs/explanation/modes.md#who-else-is-on-the-machine"
  | "docs/how-to/deploy.md#after-a-restart-of-the-machine"
  | "docs/how-to/deploy.md#reached-from-outside"
  | "docs/how-to/second-host.md#when-a-machine-goes-without-a-word"
  | "docs/how-to/secrets.md#where-it-is-and-who-can-read-it"
  | "docs/reference/config.md#resources";

export const good = (name: string, message: string): Check => ({ name, level: "good", message });
export const weak = (name: string, message: string, hint: string, page?: Page): Check =>
  notGood("weak", { name, message, hint, page });
export const bad = (name: string, message: string, hint: string, page?: Page): Check =>
  notGood("bad", { name, message, hint, page });

function notGood(
  level: Level,
  { page, ...check }: Omit<Check, "level" | "page"> & { page: Page | undefined },
): Check {
  return { level, ...check, ...(page === undefined ? {} : { page }) };
}
