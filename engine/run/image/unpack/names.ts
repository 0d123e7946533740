import { ENTRY_NAME_BYTES_MAX, NAME_COMPONENT_BYTES_MAX } from "../limits.ts";
import { corrupt, shownName } from "../tar/entry.ts";

/** As the image specification has them from AUFS. */
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
const AUFS_OWN = ".wh..wh.";

/** What an entry's name says: its directory's components and its own, or a layer's word about lower layers. */
export interface EntryName {
  readonly kind: "entry" | "whiteout" | "opaque" | "ignored";
  /** Components of the directory it lies in; of the directory itself for `opaque`. */
  readonly parent: readonly string[];
  /** Empty for the root, and for `opaque` and `ignored`. */
  readonly base: string;
}

const IGNORED: EntryName = { kind: "ignored", parent: [], base: "" };

/** Fault `corrupt` for what would leave the image, or is no name on Linux. */
export function readName(name: string): EntryName {
  const components = componentsOf(name);
  const base = components.at(-1) ?? "";
  const parent = components.slice(0, -1);
  for (const component of parent) {
    if (!component.startsWith(WHITEOUT)) continue;
    if (component.startsWith(AUFS_OWN)) return IGNORED;
    throw corrupt(`${shownName(name)} lies below a whiteout`);
  }
  if (!base.startsWith(WHITEOUT)) return { kind: "entry", parent, base };
  if (base === OPAQUE) return { kind: "opaque", parent, base: "" };
  if (base.startsWith(AUFS_OWN)) return IGNORED;
  const hidden = base.slice(WHITEOUT.length);
  if (hidden === "" || hidden === "." || hidden === "..") {
    throw corrupt(`${shownName(name)} is a whiteout of no name`);
  }
  return { kind: "whiteout", parent, base: hidden };
}

/** An absolute name is taken from the image's root; one with ".." is refused, as no tool that makes images writes one. */
export function componentsOf(name: string): string[] {
  if (name.length > ENTRY_NAME_BYTES_MAX) {
    throw corrupt(`${shownName(`${name.slice(0, 60)}…`)} is longer than ${ENTRY_NAME_BYTES_MAX} bytes`);
  }
  if (name === "" || name.includes("\0")) throw corrupt("an entry has no name");
  const components = name.split("/").filter((component) => component !== "" && component !== ".");
  for (const component of components) {
    if (component === "..") throw corrupt(`${shownName(name)} would leave the image by ".."`);
    if (component.length > NAME_COMPONENT_BYTES_MAX) {
      throw corrupt(`a part of ${shownName(name)} is longer than ${NAME_COMPONENT_BYTES_MAX} bytes`);
    }
  }
  return components;
}
