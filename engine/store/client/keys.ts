import type { ByteString, KeyRange } from "../mvcc.ts";

/** A key or a value: text stands for its UTF-8 bytes. */
export type Text = string | Uint8Array;

/** One key, all that begin alike, or all from one up to but without another (or to the end). */
export type KeySpan = Text | { readonly prefix: Text } | { readonly from: Text; readonly to?: Text };

export function bytesOf(text: Text): Uint8Array {
  return typeof text === "string" ? Buffer.from(text) : text;
}

export function byteStringOf(text: Text): ByteString {
  const bytes = bytesOf(text);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The text of bytes; what is no UTF-8 is replaced by U+FFFD. */
export function textOf(bytes: ByteString | Uint8Array): string {
  if (typeof bytes === "string") return Buffer.from(bytes, "latin1").toString();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

export function keyRangeOf(span: KeySpan): KeyRange {
  if (typeof span === "string" || span instanceof Uint8Array) return { key: byteStringOf(span) };
  if ("prefix" in span) return prefixRange(byteStringOf(span.prefix));
  // The empty key is no key; the least one is a zero byte.
  const key = byteStringOf(span.from) || "\0";
  return { key, end: span.to === undefined ? "" : byteStringOf(span.to) };
}

/** Every key that begins so; the empty prefix: every key. */
export function prefixRange(prefix: ByteString): KeyRange {
  return { key: prefix === "" ? "\0" : prefix, end: prefixEnd(prefix) };
}

/** The least byte string behind all that begin so; "" where there is none. */
function prefixEnd(prefix: ByteString): ByteString {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1);
    if (last < 0xff) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1);
  }
  return "";
}
