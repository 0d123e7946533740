/** Base64 of RFC 4648: strict, so that each text means other bytes. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export type Base64Alphabet = "standard" | "url_safe";

const alphabets: Readonly<Record<Base64Alphabet, string>> = {
  standard: `${LETTERS}+/`,
  url_safe: `${LETTERS}-_`,
};

/** Values by the letters' units; 255 is none. */
const values: Readonly<Record<Base64Alphabet, Uint8Array>> = {
  standard: valuesOf(alphabets.standard),
  url_safe: valuesOf(alphabets.url_safe),
};

function valuesOf(alphabet: string): Uint8Array {
  const table = new Uint8Array(128).fill(255);
  for (let value = 0; value < 64; value++) table[alphabet.charCodeAt(value)] = value;
  return table;
}

export function base64Text(bytes: Uint8Array, alphabet: Base64Alphabet, isPadded: boolean): string {
  const letters = alphabets[alphabet];
  const whole = bytes.length - (bytes.length % 3);
  let text = "";
  for (let at = 0; at < whole; at += 3) {
    const bits = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    text +=
      letters[bits >> 18]! + letters[(bits >> 12) & 63]! + letters[(bits >> 6) & 63]! + letters[bits & 63]!;
  }
  if (bytes.length - whole === 1) {
    const bits = bytes[whole]!;
    return text + letters[bits >> 2]! + letters[(bits & 3) << 4]! + (isPadded ? "==" : "");
  }
  if (bytes.length - whole === 2) {
    const bits = (bytes[whole]! << 8) | bytes[whole + 1]!;
    return (
      text +
      letters[bits >> 10]! +
      letters[(bits >> 4) & 63]! +
      letters[(bits & 15) << 2]! +
      (isPadded ? "=" : "")
    );
  }
  return text;
}

/** Without padding; undefined: it is none. */
export function base64Bytes(text: string, alphabet: Base64Alphabet): Uint8Array | undefined {
  const table = values[alphabet];
  const rest = text.length % 4;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const value = table[text.charCodeAt(index)] ?? 255;
    if (value === 255) return undefined;
    bits = ((bits << 6) | value) & 0xff_ff_ff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = bits >> count;
    }
  }
  // Bits that belong to no byte have to be zero.
  return (bits & ((1 << count) - 1)) === 0 ? bytes : undefined;
}
