import { createHash, hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, isInside } from "./listing.ts";

/** The content of every entry, by path: a file's hash, a link's text. */
export function contentsOf(directory: string, entries: readonly Entry[]): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  for (const { path, type, target } of entries) {
    if (type === "file") contents.set(path, hash("sha256", readFileSync(join(directory, path)), "hex"));
    else contents.set(path, target);
  }
  return contents;
}

/** SHA-256 over names, modes and contents; `entries` must be sorted. */
export function fingerprint(entries: readonly Entry[], contents: ReadonlyMap<string, string>): string {
  const digest = createHash("sha256");
  for (const { path, type, mode } of entries) {
    digest.update(JSON.stringify([type, mode, path, contents.get(path)]));
  }
  return digest.digest("hex");
}

/**
 * What a service can see: its own directory, and whatever is in no other service's. So an edit replaces the services
 * it can matter to and leaves the others running.
 */
export function visibleTo(
  service: string,
  directories: ReadonlyMap<string, string>,
  entries: readonly Entry[],
): Entry[] {
  const own = directories.get(service) ?? "";
  const others = [...directories.values()].filter((directory) => directory !== own && directory !== "");
  return entries.filter(({ path }) => {
    if (own === "" || isInside(own, path)) return true;
    return !others.some((directory) => isInside(directory, path));
  });
}
