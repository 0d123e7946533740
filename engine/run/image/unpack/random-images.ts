import fc from "fast-check";
import type { FakeEntry } from "../fake-images.ts";

/** Layers of a few names, so that they meet: files in place of directories, whiteouts of what is there, and the rest. */

const name = fc.constantFrom("a", "b", "c");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const mode = fc.constantFrom(0o600, 0o644, 0o755, 0o4755, 0o1777);
const owner = fc.constantFrom(0, 0, 1000);

const entry: fc.Arbitrary<FakeEntry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ name: path, content: fc.string({ maxLength: 9 }), mode, uid: owner, gid: owner }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ name: path, type: fc.constant("directory" as const), mode, uid: owner }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: path,
      type: fc.constant("symlink" as const),
      target: path,
      mode: fc.constant(0o777),
    }),
  },
  { weight: 2, arbitrary: path.map((each) => ({ name: each.replace(/[^/]+$/, ".wh.$&") })) },
  { weight: 1, arbitrary: path.map((each) => ({ name: `${each}/.wh..wh..opq` })) },
);

export const randomLayers: fc.Arbitrary<readonly (readonly FakeEntry[])[]> = fc.array(
  fc.array(entry, { maxLength: 8 }).map(consistent),
  { minLength: 1, maxLength: 4 },
);

/** As tools write layers: a name once, nothing below what is no directory, no mark for what the layer itself has. */
function consistent(entries: readonly FakeEntry[]): readonly FakeEntry[] {
  const kept = new Map<string, FakeEntry>();
  const directories = new Set<string>();
  const others = new Set<string>();
  for (const each of entries) {
    const parts = each.name.split("/");
    const parents = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("/"));
    const isMark = parts.at(-1)!.startsWith(".wh.");
    const hidden = isMark ? each.name.replace(/\.wh\.([^/]+)$/, "$1") : each.name;
    const isDirectory = each.type === "directory";
    if (parents.some((parent) => others.has(parent)) || kept.has(hidden) || others.has(hidden)) continue;
    if (!isDirectory && directories.has(hidden)) continue;
    for (const parent of parents) directories.add(parent);
    if (isDirectory) directories.add(each.name);
    else if (!each.name.endsWith(".wh..wh..opq")) others.add(hidden);
    kept.set(each.name, each);
  }
  return [...kept.values()];
}
