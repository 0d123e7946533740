import { Fault } from "@plinth/fault";

/** POSIX.1-1988 ("ustar"), POSIX.1-2001 ("pax") and GNU's tar format, as far as image layers use them. */

export const BLOCK_BYTES = 512;

export type EntryType = "file" | "hard-link" | "symlink" | "character" | "block" | "directory" | "fifo";

/** Names, link targets and attributes are bytes on Linux: each character of these strings is one byte (latin1). */
export interface TarEntry {
  readonly type: EntryType;
  readonly name: string;
  /** Of a link; else empty. */
  readonly target: string;
  /** Permission bits, with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file's content; 0 for all else. */
  readonly bytes: number;
  /** Since the epoch; may be negative. */
  readonly mtimeSeconds: number;
  /** 0 to 999,999,999, added to the seconds. */
  readonly mtimeNanoseconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by name. */
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
}

/** What a file's entry says where nothing else is known: root's, to be read by all. */
export function fileEntry(
  name: string,
  { bytes, mtimeSeconds }: Pick<TarEntry, "bytes" | "mtimeSeconds">,
): TarEntry {
  return {
    type: "file",
    name,
    target: "",
    mode: 0o644,
    uid: 0,
    gid: 0,
    bytes,
    mtimeSeconds,
    mtimeNanoseconds: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: undefined,
  };
}

/** Zeros behind so many bytes of content. */
export function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** For messages: bytes that are no UTF-8 are shown as such. */
export function shownName(name: string): string {
  return JSON.stringify(Buffer.from(name, "latin1").toString("utf8"));
}

export function corrupt(why: string): Fault {
  return new Fault("corrupt", why);
}
