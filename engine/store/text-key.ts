import { Fault } from "@plinth/fault";
import { KEY_BYTES_MAX, KEY_SHOWN_CHARACTERS } from "./limits.ts";
import type { ByteString, KeyRange } from "./mvcc.ts";

function refuse(key: string, why: string): never {
  throw new Fault("invalid", `Cannot use key ${JSON.stringify(key.slice(0, KEY_SHOWN_CHARACTERS))}: ${why}`);
}

/** The UTF-8 bytes of a text. Fault "invalid" where it is too long or has none. */
function bytesOf(text: string): ByteString {
  if (text.length > KEY_BYTES_MAX || Buffer.byteLength(text) > KEY_BYTES_MAX) {
    refuse(text, `it is longer than ${KEY_BYTES_MAX} bytes`);
  }
  // A lone surrogate has no UTF-8 form: two such keys would be one.
  if (!text.isWellFormed()) refuse(text, "it is not well-formed Unicode");
  return Buffer.from(text, "utf8").toString("latin1");
}

/** A text's key. Fault "invalid" for what would not come back as it went. */
export function keyOf(text: string): ByteString {
  if (text.length === 0) refuse(text, "it is empty");
  return bytesOf(text);
}

export function textOf(key: ByteString): string {
  return Buffer.from(key, "latin1").toString("utf8");
}

/** All keys with a prefix, which may be empty. Fault "invalid" as for a key. */
export function rangeOf(prefix: string): KeyRange {
  if (prefix === "") return { key: "\0", end: "" };
  const key = bytesOf(prefix);
  // UTF-8 has no byte 0xff, so the last byte always has a successor.
  const successor = String.fromCharCode(key.charCodeAt(key.length - 1) + 1);
  return { key, end: key.slice(0, -1) + successor };
}
