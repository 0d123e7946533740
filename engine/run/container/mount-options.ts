import * as kernel from "./kernel.ts";

/** What the options of one mount of config.json ask for. */
export interface MountOptions {
  /** MS_* that are set; for a file system mounted anew. */
  readonly flags: number;
  /** MOUNT_ATTR_* to set and to clear, for a bind mount. */
  readonly set: number;
  readonly clear: number;
  /** The same for the mount and all below it (rro, rnosuid …). */
  readonly recursive: { readonly set: number; readonly clear: number };
  readonly isBind: boolean;
  /** With all that is mounted below the source. */
  readonly isRecursive: boolean;
  /** MS_SHARED and so on, MS_REC with it; undefined: as it is. */
  readonly propagation: number | undefined;
  /** What the file system itself is told. */
  readonly data: string;
  /** Copy what the image has there into the new tmpfs. */
  readonly copiesUp: boolean;
}

interface Flag {
  readonly flag: number;
  readonly attribute?: number;
  /** Clears the flag. */
  readonly clears?: true;
}

const { MOUNT_ATTR_ATIME } = kernel;

/** Options of mount(8) that are flags. */
const flags: Readonly<Record<string, Flag>> = {
  async: { flag: kernel.MS_SYNCHRONOUS, clears: true },
  atime: { flag: kernel.MS_NOATIME, attribute: kernel.MOUNT_ATTR_NOATIME, clears: true },
  dev: { flag: kernel.MS_NODEV, attribute: kernel.MOUNT_ATTR_NODEV, clears: true },
  diratime: { flag: kernel.MS_NODIRATIME, attribute: kernel.MOUNT_ATTR_NODIRATIME, clears: true },
  dirsync: { flag: kernel.MS_DIRSYNC },
  exec: { flag: kernel.MS_NOEXEC, attribute: kernel.MOUNT_ATTR_NOEXEC, clears: true },
  iversion: { flag: kernel.MS_I_VERSION },
  lazytime: { flag: kernel.MS_LAZYTIME },
  loud: { flag: kernel.MS_SILENT, clears: true },
  mand: { flag: kernel.MS_MANDLOCK },
  noatime: { flag: kernel.MS_NOATIME, attribute: kernel.MOUNT_ATTR_NOATIME },
  nodev: { flag: kernel.MS_NODEV, attribute: kernel.MOUNT_ATTR_NODEV },
  nodiratime: { flag: kernel.MS_NODIRATIME, attribute: kernel.MOUNT_ATTR_NODIRATIME },
  noexec: { flag: kernel.MS_NOEXEC, attribute: kernel.MOUNT_ATTR_NOEXEC },
  noiversion: { flag: kernel.MS_I_VERSION, clears: true },
  nolazytime: { flag: kernel.MS_LAZYTIME, clears: true },
  nomand: { flag: kernel.MS_MANDLOCK, clears: true },
  norelatime: { flag: kernel.MS_RELATIME, clears: true },
  nostrictatime: { flag: kernel.MS_STRICTATIME, attribute: kernel.MOUNT_ATTR_STRICTATIME, clears: true },
  nosuid: { flag: kernel.MS_NOSUID, attribute: kernel.MOUNT_ATTR_NOSUID },
  nosymfollow: { flag: kernel.MS_NOSYMFOLLOW, attribute: kernel.MOUNT_ATTR_NOSYMFOLLOW },
  relatime: { flag: kernel.MS_RELATIME, attribute: 0 },
  ro: { flag: kernel.MS_RDONLY, attribute: kernel.MOUNT_ATTR_RDONLY },
  rw: { flag: kernel.MS_RDONLY, attribute: kernel.MOUNT_ATTR_RDONLY, clears: true },
  silent: { flag: kernel.MS_SILENT },
  strictatime: { flag: kernel.MS_STRICTATIME, attribute: kernel.MOUNT_ATTR_STRICTATIME },
  suid: { flag: kernel.MS_NOSUID, attribute: kernel.MOUNT_ATTR_NOSUID, clears: true },
  symfollow: { flag: kernel.MS_NOSYMFOLLOW, attribute: kernel.MOUNT_ATTR_NOSYMFOLLOW, clears: true },
  sync: { flag: kernel.MS_SYNCHRONOUS },
};

const propagations: Readonly<Record<string, number>> = {
  shared: kernel.MS_SHARED,
  slave: kernel.MS_SLAVE,
  private: kernel.MS_PRIVATE,
  unbindable: kernel.MS_UNBINDABLE,
};

/** MS_SHARED and so on for "shared", with MS_REC for "rshared"; undefined for anything else. */
export function propagationFlag(name: string): number | undefined {
  const plain = Object.hasOwn(propagations, name) ? propagations[name] : undefined;
  if (plain !== undefined) return plain;
  const recursive = name.startsWith("r") && Object.hasOwn(propagations, name.slice(1));
  return recursive ? propagations[name.slice(1)]! | kernel.MS_REC : undefined;
}

/** Names of all options that are not the file system's own; for `features`. */
export const MOUNT_OPTION_NAMES: readonly string[] = [
  ...Object.keys(flags),
  ...Object.entries(flags).flatMap(([name, { attribute }]) => (attribute === undefined ? [] : [`r${name}`])),
  ...Object.keys(propagations).flatMap((name) => [name, `r${name}`]),
  "bind",
  "rbind",
  "defaults",
  "remount",
  "tmpcopyup",
].sort();

export function parseMountOptions(options: readonly string[], type: string | undefined): MountOptions {
  let ms = 0;
  const plain = { set: 0, clear: 0 };
  const recursive = { set: 0, clear: 0 };
  let isBind = type === "bind";
  let isRecursive = false;
  let propagation: number | undefined;
  let copiesUp = false;
  const data: string[] = [];
  for (const option of options) {
    const spread = propagationFlag(option);
    if (spread !== undefined) propagation = spread;
    else if (option === "bind") isBind = true;
    else if (option === "rbind") isBind = isRecursive = true;
    else if (option === "tmpcopyup") copiesUp = true;
    else if (option === "defaults" || option === "remount") continue;
    else if (Object.hasOwn(flags, option)) {
      const { flag, attribute, clears } = flags[option]!;
      ms = clears ? ms & ~flag : ms | flag;
      if (attribute !== undefined) change(plain, attribute, clears === true);
    } else if (option.startsWith("r") && flags[option.slice(1)]?.attribute !== undefined) {
      const { attribute, clears } = flags[option.slice(1)]!;
      change(recursive, attribute!, clears === true);
    } else data.push(option);
  }
  return {
    flags: ms,
    ...plain,
    recursive,
    isBind,
    isRecursive,
    propagation,
    data: data.join(","),
    copiesUp,
  };
}

/** The kernel wants all bits of the access time cleared before one of them is set; relatime is none of them. */
function change(attributes: { set: number; clear: number }, attribute: number, clears: boolean): void {
  const isTime = attribute === 0 || (attribute & MOUNT_ATTR_ATIME) !== 0;
  if (isTime) {
    attributes.clear |= MOUNT_ATTR_ATIME;
    attributes.set = (attributes.set & ~MOUNT_ATTR_ATIME) | (clears ? 0 : attribute);
  } else if (clears) {
    attributes.clear |= attribute;
    attributes.set &= ~attribute;
  } else {
    attributes.set |= attribute;
    attributes.clear &= ~attribute;
  }
}
