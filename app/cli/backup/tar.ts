import { Fault } from "@plinth/fault";

/** POSIX.1-1988 ("ustar") with POSIX.1-2001's extended headers for long names: what every tar reads. */

export const BLOCK_BYTES = 512;
/** Two of zeros end an archive. */
export const END: Buffer = Buffer.alloc(2 * BLOCK_BYTES);
/** Larger sizes are written in base 256, as GNU tar does. */
const OCTAL_SIZE_MAX = 8 ** 11 - 1;
const NAME_BYTES_MAX = 100;

export type EntryType = "file" | "directory" | "link";

export interface TarEntry {
  readonly name: string;
  readonly type: EntryType;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  /** Of a link: its text; else empty. */
  readonly target: string;
}

const flags: Readonly<Record<EntryType | "extended", string>> = {
  file: "0",
  link: "2",
  directory: "5",
  extended: "x",
};

/** The header's blocks: one, and those of an extended header before it where a name is long or not ASCII. */
export function encodeHeader(entry: TarEntry): Buffer {
  const records = [
    ...(fits(entry.name) ? [] : [extendedRecord("path", entry.name)]),
    ...(fits(entry.target) ? [] : [extendedRecord("linkpath", entry.target)]),
  ];
  const header = headerBlock({ ...entry, flag: flags[entry.type] });
  if (records.length === 0) return header;
  const body = Buffer.concat(records);
  const before = { name: "extended", mode: 0o600, bytes: body.length, target: "", flag: flags.extended };
  return Buffer.concat([headerBlock(before), body, Buffer.alloc(paddingOf(body.length)), header]);
}

/** Zeros behind so many bytes of content. */
export function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function fits(text: string): boolean {
  return text.length <= NAME_BYTES_MAX && /^[\u0020-\u007e]*$/.test(text);
}

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
function extendedRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function headerBlock(of: Omit<TarEntry, "type"> & { readonly flag: string }): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const text = (value: string, at: number, bytes: number): void =>
    void block.write(value, at, bytes, "latin1");
  text(fits(of.name) ? of.name : "long", 0, NAME_BYTES_MAX);
  text(octal(of.mode, 7), 100, 8);
  text(octal(0, 7), 108, 8); // owner and group are whoever restores
  text(octal(0, 7), 116, 8);
  if (of.bytes <= OCTAL_SIZE_MAX) text(octal(of.bytes, 11), 124, 12);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(of.bytes), 128);
  }
  text(octal(0, 11), 136, 12); // the manifest says when
  text(of.flag, 156, 1);
  text(fits(of.target) ? of.target : "", 157, NAME_BYTES_MAX);
  text("ustar\u000000", 257, 8);
  text(`${octal(checksumOf(block), 6)}\0 `, 148, 8);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** The sum of all bytes, those of the checksum itself taken for spaces. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK_BYTES; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum;
}

export interface Header {
  readonly flag: string;
  readonly entry: TarEntry;
}

/** Reads one block as `encodeHeader` writes it; undefined for zeros, Fault `corrupt` for anything else. */
export function decodeHeader(block: Buffer): Header | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (at: number, bytes: number): string => {
    const field = block.toString("latin1", at, at + bytes);
    const end = field.indexOf("\0");
    return end === -1 ? field : field.slice(0, end);
  };
  const flag = text(156, 1);
  const type = (Object.keys(flags) as (keyof typeof flags)[]).find((each) => flags[each] === flag);
  const bytes = block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : Number.parseInt(text(124, 12), 8);
  const entry: TarEntry = {
    name: text(0, NAME_BYTES_MAX),
    type: type === "extended" || type === undefined ? "file" : type,
    mode: Number.parseInt(text(100, 8), 8),
    bytes,
    target: text(157, NAME_BYTES_MAX),
  };
  // What is not as it is written here was written elsewhere, or changed: nothing of it is guessed at.
  const isOurs =
    type !== undefined &&
    Number.isSafeInteger(bytes) &&
    Number.isSafeInteger(entry.mode) &&
    headerBlock({ ...entry, flag }).equals(block);
  if (!isOurs) throw new Fault("corrupt", "a header is not as Plinth writes it");
  return { flag, entry };
}

/** What an extended header says; Fault `corrupt` where it is no list of records. */
export function decodeExtended(body: Buffer): { readonly path?: string; readonly linkpath?: string } {
  const found: { path?: string; linkpath?: string } = {};
  for (let at = 0; at < body.length;) {
    const [digits = ""] = /^\d{1,5}/.exec(body.toString("latin1", at, at + 5)) ?? [];
    const record = body.toString("utf8", at + digits.length, at + Number(digits));
    const match = /^ (path|linkpath)=([^\0]+)\n$/.exec(record);
    if (match === null) throw new Fault("corrupt", "an extended header is not as Plinth writes it");
    found[match[1] as "path" | "linkpath"] = match[2]!;
    at += Number(digits);
  }
  return found;
}

export const EXTENDED_FLAG: string = flags.extended;
