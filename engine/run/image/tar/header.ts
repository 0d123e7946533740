import { BLOCK_BYTES, corrupt, type EntryType, type TarEntry } from "./entry.ts";

/** One header block, before what extended headers say of it. */
export interface Header extends Omit<TarEntry, "type" | "mtimeNanoseconds" | "xattrs"> {
  readonly flag: string;
}

const types: Readonly<Record<string, EntryType>> = {
  "0": "file",
  "\0": "file",
  "7": "file", // contiguous: a hint for disks of the eighties
  "1": "hard-link",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

const MODE_BITS = 0o7777;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;

/** What the flag and, in the oldest archives, a final slash say; undefined for what is no entry by itself. */
export function typeOf(header: Pick<Header, "flag" | "name">): EntryType | undefined {
  return header.flag === "\0" && header.name.endsWith("/") ? "directory" : types[header.flag];
}

export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < BLOCK_BYTES; at++) if (block[at] !== 0) return false;
  return true;
}

/** Reads one block that is not all zeros; Fault `corrupt` where it is no header. */
export function decodeHeader(block: Buffer): Header {
  checkSum(block);
  const magic = block.toString("latin1", 257, 263);
  const isPosix = magic === "ustar\0";
  const hasDevices = isPosix || magic === "ustar ";
  const isStar = isPosix && block.toString("latin1", 508, 512) === "tar\0";
  // GNU's format keeps times where POSIX has the name's beginning.
  const prefix = isPosix ? text(block, 345, isStar ? 131 : 155) : "";
  const name = text(block, 0, 100);
  return {
    flag: String.fromCharCode(block[156]!),
    name: prefix === "" ? name : `${prefix}/${name}`,
    target: text(block, 157, 100),
    mode: number(block, 100, 8, "mode") & MODE_BITS,
    uid: number(block, 108, 8, "uid"),
    gid: number(block, 116, 8, "gid"),
    bytes: number(block, 124, 12, "size"),
    mtimeSeconds: number(block, 136, 12, "mtime", true),
    deviceMajor: hasDevices ? number(block, 329, 8, "device number") : 0,
    deviceMinor: hasDevices ? number(block, 337, 8, "device number") : 0,
  };
}

function text(block: Buffer, at: number, bytes: number): string {
  const zero = block.indexOf(0, at);
  return block.toString("latin1", at, zero === -1 || zero > at + bytes ? at + bytes : zero);
}

/** Octal digits, or, with the first bit set, a big-endian number in two's complement, as GNU writes large ones. */
function number(block: Buffer, at: number, bytes: number, what: string, mayBeNegative = false): number {
  const first = block[at]!;
  let value: number;
  if ((first & 0x80) === 0) {
    const digits = text(block, at, bytes).trim();
    if (!/^[0-7]*$/.test(digits)) throw corrupt(`a header's ${what} is no octal number`);
    value = digits === "" ? 0 : Number.parseInt(digits, 8);
  } else {
    const isNegative = (first & 0x40) !== 0;
    let magnitude = BigInt(isNegative ? first | -0x100 : first & 0x7f);
    for (let index = 1; index < bytes; index++) magnitude = magnitude * 256n + BigInt(block[at + index]!);
    value = Number(magnitude);
  }
  if (!Number.isSafeInteger(value) || (value < 0 && !mayBeNegative)) {
    throw corrupt(`a header's ${what} is out of bounds`);
  }
  return value;
}

/** The sum of all bytes, its own taken for spaces; some old tars summed signed bytes. */
function checkSum(block: Buffer): void {
  const stated = Number.parseInt(text(block, CHECKSUM_AT, CHECKSUM_BYTES).trim(), 8);
  let sum = CHECKSUM_BYTES * SPACE;
  let signed = sum;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at >= CHECKSUM_AT && at < CHECKSUM_AT + CHECKSUM_BYTES) continue;
    const byte = block[at]!;
    sum += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  if (stated !== sum && stated !== signed)
    throw corrupt("a header's checksum does not match: it is no tar file, or broken");
}
