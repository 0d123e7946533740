import { XATTR_VALUE_BYTES_MAX } from "../limits.ts";
import { corrupt } from "./entry.ts";

/** What an extended header says of the entry behind it; undefined where it says nothing. */
export interface Extended {
  path: string | undefined;
  linkpath: string | undefined;
  bytes: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  mtime: { readonly seconds: number; readonly nanoseconds: number } | undefined;
  xattrs: Map<string, Buffer> | undefined;
}

const XATTR_PREFIX = "SCHILY.xattr.";
/** Linux's XATTR_NAME_MAX. */
const XATTR_NAME_BYTES_MAX = 255;
const XATTRS_MAX = 256;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
/** The longest count of a record: its digits and the space behind. */
const COUNT_CHARACTERS_MAX = 12;

export function nothingExtended(): Extended {
  return {
    path: undefined,
    linkpath: undefined,
    bytes: undefined,
    uid: undefined,
    gid: undefined,
    mtime: undefined,
    xattrs: undefined,
  };
}

/** Reads records "LENGTH KEY=VALUE\n", where the length counts itself; Fault `corrupt` where one lies about it. */
export function decodePax(body: Buffer): Extended {
  const found = nothingExtended();
  for (let at = 0; at < body.length;) {
    const digits = /^([1-9][0-9]{0,8}) /.exec(body.toString("latin1", at, at + COUNT_CHARACTERS_MAX))?.[1];
    if (digits === undefined) throw corrupt("an extended header's record has no length");
    const end = at + Number(digits);
    const start = at + digits.length + 1;
    if (end > body.length || end <= start || body[end - 1] !== NEWLINE) {
      throw corrupt("an extended header's record is not as long as it says");
    }
    const equals = body.indexOf(EQUALS, start);
    if (equals === -1 || equals >= end - 1 || equals === start) {
      throw corrupt("an extended header's record has no key");
    }
    take(found, body.toString("latin1", start, equals), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return found;
}

/** An empty value takes back what the header block, or a record before, said. */
function take(found: Extended, key: string, value: Buffer): void {
  if (key.startsWith(XATTR_PREFIX)) {
    takeXattr(found, key.slice(XATTR_PREFIX.length), value);
    return;
  }
  if (key.startsWith("GNU.sparse.")) {
    throw corrupt("a file is kept sparse (GNU.sparse), which image layers do not allow");
  }
  switch (key) {
    case "path":
      found.path = name(value, key);
      break;
    case "linkpath":
      found.linkpath = name(value, key);
      break;
    case "size":
      found.bytes = count(value, key);
      break;
    case "uid":
      found.uid = count(value, key);
      break;
    case "gid":
      found.gid = count(value, key);
      break;
    case "mtime":
      found.mtime = time(value);
      break;
    default: // comments, other times, names of owners: nothing of it is unpacked
  }
}

function takeXattr(found: Extended, attribute: string, value: Buffer): void {
  if (attribute === "" || attribute.includes("\0") || attribute.length > XATTR_NAME_BYTES_MAX) {
    throw corrupt("an extended attribute's name is no name");
  }
  if (value.length > XATTR_VALUE_BYTES_MAX) {
    throw corrupt(`an extended attribute has more than ${XATTR_VALUE_BYTES_MAX} bytes`);
  }
  found.xattrs ??= new Map();
  found.xattrs.set(attribute, Buffer.from(value)); // the body's buffer is used again
  if (found.xattrs.size > XATTRS_MAX)
    throw corrupt(`an entry has more than ${XATTRS_MAX} extended attributes`);
}

function name(value: Buffer, key: string): string | undefined {
  if (value.includes(0)) throw corrupt(`an extended header's ${key} holds a zero byte`);
  return value.length === 0 ? undefined : value.toString("latin1");
}

function count(value: Buffer, key: string): number | undefined {
  if (value.length === 0) return undefined;
  const text = value.toString("latin1");
  const number = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(number)) {
    throw corrupt(`an extended header's ${key} is no number`);
  }
  return number;
}

/** Decimal seconds, with a fraction of any length. */
function time(value: Buffer): Extended["mtime"] {
  if (value.length === 0) return undefined;
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString("latin1"));
  if (match === null) throw corrupt("an extended header's mtime is no number");
  const [, sign, whole, fraction = ""] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign === "") return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}
