import type { UserMaps } from "../../container/id-maps.ts";

/** What unpacking asks of the kernel that Node has no call for, and the attributes of what is made that way. */
export type Deed =
  /** A device, a FIFO, or overlayfs's whiteout (character device 0:0). `type` is its S_IF bits. */
  | {
      readonly kind: "node";
      readonly path: Buffer;
      readonly type: number;
      readonly major: number;
      readonly minor: number;
    }
  | { readonly kind: "owner"; readonly path: Buffer; readonly uid: number; readonly gid: number }
  | { readonly kind: "mode"; readonly path: Buffer; readonly mode: number }
  | { readonly kind: "xattr"; readonly path: Buffer; readonly name: string; readonly value: Buffer }
  | { readonly kind: "times"; readonly path: Buffer; readonly seconds: number; readonly nanoseconds: number };

/**
 * Does deeds in their order; no symlink at the end of a path is followed. Fault that names the path it failed at.
 * `maps`: as root of a user namespace with these ids.
 */
export type DoDeeds = (deeds: readonly Deed[], maps?: UserMaps) => Promise<void>;

export const S_IFIFO = 0o010_000;
export const S_IFCHR = 0o020_000;
export const S_IFBLK = 0o060_000;
