/**
 * VRL's strings are bytes. Those that are UTF-8 are JavaScript strings here, all others `Uint8Array`s. A string that a
 * host puts into an event with half a surrogate pair in it stands for the replacement character there.
 */

/** A VRL string: text, or bytes that are not UTF-8. */
export type Text = string | Uint8Array;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** What `Value` holds for these bytes; takes them over. */
export function textOf(bytes: Uint8Array): Text {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

export function bytesOf(text: Text): Uint8Array {
  return typeof text === "string" ? encoder.encode(text) : text;
}

/** As `String::from_utf8_lossy` in Rust: what is not UTF-8 becomes U+FFFD, one for each longest broken piece. */
export function lossyText(text: Text): string {
  return typeof text === "string" ? text : lossy.decode(text);
}

export function byteLength(text: Text): number {
  if (typeof text !== "string") return text.length;
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A pair is four bytes in two units; a lone half is three in one.
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd8_00 && unit <= 0xdb_ff && isLow(text.charCodeAt(index + 1))) {
      length += 2;
      index++;
    } else length += 2;
  }
  return length;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc_00 && unit <= 0xdf_ff;
}

export function concatTexts(left: Text, right: Text): Text {
  if (typeof left === "string" && typeof right === "string") return left + right;
  const [a, b] = [bytesOf(left), bytesOf(right)];
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  // Two halves of a character make text.
  return textOf(both);
}

/** The order of the bytes: -1, 0 or 1. */
export function compareTexts(left: Text, right: Text): number {
  if (typeof left === "string" && typeof right === "string") return compareStrings(left, right);
  const [a, b] = [bytesOf(left), bytesOf(right)];
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! < b[index]! ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

/** The order of UTF-8 bytes, which is that of code points and not quite that of UTF-16 units. */
export function compareStrings(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    let a = left.charCodeAt(index);
    let b = right.charCodeAt(index);
    if (a === b) continue;
    // Surrogates stand for what is above every other unit.
    if (a >= 0xd8_00 && b >= 0xd8_00) {
      a += a >= 0xe0_00 ? -0x08_00 : 0x20_00;
      b += b >= 0xe0_00 ? -0x08_00 : 0x20_00;
    }
    return a < b ? -1 : 1;
  }
  return Math.sign(left.length - right.length);
}

export function textsEqual(left: Text, right: Text): boolean {
  if (typeof left === "string" || typeof right === "string") return left === right;
  return compareTexts(left, right) === 0;
}
