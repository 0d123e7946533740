/**
 * How many bytes the UTF-8 character at `at` has; of what is none, the length of the longest piece that could have
 * begun one, but at least 1, as a negative number.
 */
export function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) return -1;
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index];
    if (byte === undefined || byte < leastOf(first, index) || byte > mostOf(first, index)) return -index;
  }
  return length;
}

/** Whether it is UTF-8 all through; for short bytes, of which many may be broken. */
export function isUtf8(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length < 0) return false;
    at += length;
  }
  return true;
}

/** Of the second byte: neither a longer form of a shorter character, nor a surrogate, nor beyond Unicode. */
function leastOf(first: number, index: number): number {
  if (index > 1) return 0x80;
  return first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
}

function mostOf(first: number, index: number): number {
  if (index > 1) return 0xbf;
  return first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
}
