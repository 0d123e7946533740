/** What this process may give to files; the rest of an image's wishes is left out, and said. */
export interface Rights {
  /** Who owns what it makes. Undefined: it may not give files away, and all of an image is its own. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly makesDevices: boolean;
  /** Where overlayfs looks for its marks: "user" with the mount option `userxattr`. */
  readonly overlayXattrs: "trusted" | "user";
}

/** Of root, and of anybody else. */
export function ownRights(): Rights {
  const uid = process.geteuid!();
  const gid = process.getegid!();
  const isRoot = uid === 0;
  return {
    owner: isRoot ? { uid, gid } : undefined,
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
