import type { UserMaps } from "../../container/id-maps.ts";

/** What this process may give to files; the rest of an image's wishes is left out, and said. */
export interface Rights {
  /** Who owns what it makes. Undefined: it may not give files away, and all of an image is its own. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Ids of images, as an ordinary user may have them: who owns what it makes is said in a user namespace at the end. */
  readonly maps: UserMaps | undefined;
  readonly makesDevices: boolean;
  /** Where overlayfs looks for its marks: "user" with the mount option `userxattr`. */
  readonly overlayXattrs: "trusted" | "user";
}

/** Of root, and of anybody else: `maps` are that one's ids, where there are more than one. */
export function ownRights(maps?: UserMaps): Rights {
  const uid = process.geteuid!();
  const gid = process.getegid!();
  const isRoot = uid === 0;
  return {
    owner: isRoot ? { uid, gid } : undefined,
    maps: isRoot ? undefined : maps,
    makesDevices: isRoot,
    overlayXattrs: isRoot ? "trusted" : "user",
  };
}

const FOR_ROOT = /^(?:security\.capability|system\.posix_acl_(?:access|default))$/;
/** A layer with marks of its own could have overlayfs look elsewhere (`redirect`, `metacopy`). */
const FOR_ALL = /^user\.(?!overlay\.)/;

/** The extended attributes that are kept: capabilities, access lists, and users' own. */
export function xattrsToSet(
  xattrs: ReadonlyMap<string, Buffer>,
  rights: Rights,
  onLeftOut: (notice: string) => void,
): (readonly [name: string, value: Buffer])[] {
  return [...xattrs].filter(([name]) => {
    const isKept = FOR_ALL.test(name) || (rights.owner !== undefined && FOR_ROOT.test(name));
    // Names of unknown origin are not repeated; their kind is.
    if (!isKept)
      onLeftOut(`extended attributes left out: ${/^[a-z]{1,16}(?=\.)/.exec(name)?.[0] ?? "unknown"}.*`);
    return isKept;
  });
}
