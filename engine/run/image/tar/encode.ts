import { BLOCK_BYTES, type EntryType, paddingOf, type TarEntry } from "./entry.ts";

const flags: Readonly<Record<EntryType, string>> = {
  file: "0",
  "hard-link": "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

const NAME_BYTES_MAX = 100;
/** What fits the octal fields of 12 and 8 bytes. */
const SIZE_MAX = 8 ** 11 - 1;
const ID_MAX = 8 ** 7 - 1;
const EXTENDED_NAME = "extended";

/** Two blocks of zeros end an archive. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

/**
 * An entry's header: one ustar block, with a pax header before it only where that does not hold everything. The same
 * entry gives the same bytes.
 */
export function encodeEntry(entry: TarEntry): Buffer {
  const records = recordsOf(entry);
  const block = headerBlock(entry, flags[entry.type]);
  if (records.length === 0) return block;
  const body = Buffer.concat(records);
  const before: TarEntry = {
    ...entry,
    name: EXTENDED_NAME,
    target: "",
    mode: 0o600,
    uid: 0,
    gid: 0,
    bytes: body.length,
    mtimeSeconds: 0,
    deviceMajor: 0,
    deviceMinor: 0,
  };
  return Buffer.concat([headerBlock(before, "x"), body, Buffer.alloc(paddingOf(body.length)), block]);
}

function recordsOf(entry: TarEntry): Buffer[] {
  const { mtimeSeconds, mtimeNanoseconds } = entry;
  const isOrdinaryTime = mtimeSeconds >= 0 && mtimeSeconds <= SIZE_MAX && mtimeNanoseconds === 0;
  return [
    ...(fits(entry.name) ? [] : [record("path", Buffer.from(entry.name, "latin1"))]),
    ...(fits(entry.target) ? [] : [record("linkpath", Buffer.from(entry.target, "latin1"))]),
    ...(entry.bytes <= SIZE_MAX ? [] : [record("size", Buffer.from(String(entry.bytes)))]),
    ...(entry.uid <= ID_MAX ? [] : [record("uid", Buffer.from(String(entry.uid)))]),
    ...(entry.gid <= ID_MAX ? [] : [record("gid", Buffer.from(String(entry.gid)))]),
    ...(isOrdinaryTime ? [] : [record("mtime", Buffer.from(timeText(mtimeSeconds, mtimeNanoseconds)))]),
    ...[...(entry.xattrs ?? [])]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => record(`SCHILY.xattr.${name}`, value)),
  ];
}

function timeText(seconds: number, nanoseconds: number): string {
  const isNegative = seconds < 0;
  const whole = isNegative && nanoseconds > 0 ? -seconds - 1 : Math.abs(seconds);
  const fraction = isNegative && nanoseconds > 0 ? 1e9 - nanoseconds : nanoseconds;
  const digits = fraction === 0 ? "" : `.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
  return `${isNegative ? "-" : ""}${whole}${digits}`;
}

/** Other readers take bytes beyond ASCII for one encoding or another: those go into a pax header, which is UTF-8. */
function fits(text: string): boolean {
  return text.length <= NAME_BYTES_MAX && /^[\u0020-\u007e]*$/.test(text);
}

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, "latin1"), value, Buffer.from("\n")]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function headerBlock(entry: TarEntry, flag: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const put = (text: string, at: number): void => void block.write(text, at, "latin1");
  put(entry.name.slice(0, NAME_BYTES_MAX), 0);
  put(octal(entry.mode, 7), 100);
  put(octal(Math.min(entry.uid, ID_MAX), 7), 108);
  put(octal(Math.min(entry.gid, ID_MAX), 7), 116);
  put(octal(Math.min(entry.bytes, SIZE_MAX), 11), 124);
  put(octal(Math.min(Math.max(entry.mtimeSeconds, 0), SIZE_MAX), 11), 136);
  put(flag, 156);
  put(entry.target.slice(0, NAME_BYTES_MAX), 157);
  put("ustar\u000000", 257);
  put(octal(entry.deviceMajor, 7), 329);
  put(octal(entry.deviceMinor, 7), 337);
  let sum = 8 * 0x20;
  for (const byte of block) sum += byte;
  put(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
