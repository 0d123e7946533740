/** Modes of AES that the library has not: they make a key stream, or pad in their own way. */
import { cbc, unsafe } from "@noble/ciphers/aes.js";

const BLOCK_BYTES = 16;

/** What is added to each block of the stream before the next: nothing, as the last one is its own seed (OFB). */
export type StreamMode = "OFB" | "CTR-LE" | "CTR-BE";

/** The same both ways. `iv` is a block. */
export function aesStream(mode: StreamMode, key: Uint8Array, iv: Uint8Array, input: Uint8Array): Uint8Array {
  const expanded = unsafe.expandKeyLE(key);
  const output = new Uint8Array(input.length);
  let seed = Uint8Array.from(iv);
  for (let at = 0; at < input.length; at += BLOCK_BYTES) {
    const stream = unsafe.encryptBlock(expanded, Uint8Array.from(seed));
    const end = Math.min(at + BLOCK_BYTES, input.length);
    for (let index = at; index < end; index++) output[index] = input[index]! ^ stream[index - at]!;
    if (mode === "OFB") seed = Uint8Array.from(stream);
    else count(seed, mode === "CTR-LE");
  }
  return output;
}

/** Counts in 64 bits: the first eight bytes from their low end, or the last eight. */
function count(counter: Uint8Array, isLittleEndian: boolean): void {
  const view = new DataView(counter.buffer);
  const at = isLittleEndian ? 0 : 8;
  view.setBigUint64(at, view.getBigUint64(at, isLittleEndian) + 1n, isLittleEndian);
}

/** How the last block of CBC is filled up, always by one byte at least. */
export type Padding = "PKCS7" | "ANSIX923" | "ISO7816" | "ISO10126";

export function encryptCbc(padding: Padding, key: Uint8Array, iv: Uint8Array, input: Uint8Array): Uint8Array {
  const added = BLOCK_BYTES - (input.length % BLOCK_BYTES);
  const padded = new Uint8Array(input.length + added);
  padded.set(input);
  // VRL fills up for ISO 10126, which asks for random bytes, as for PKCS #7.
  if (padding === "PKCS7" || padding === "ISO10126") padded.fill(added, input.length);
  else if (padding === "ANSIX923") padded[padded.length - 1] = added;
  else padded[input.length] = 0x80;
  return cbc(key, iv, { disablePadding: true }).encrypt(padded);
}

/** Undefined: it does not end as it has to. */
export function decryptCbc(
  padding: Padding,
  key: Uint8Array,
  iv: Uint8Array,
  input: Uint8Array,
): Uint8Array | undefined {
  if (input.length === 0 || input.length % BLOCK_BYTES !== 0) return undefined;
  const padded = cbc(key, iv, { disablePadding: true }).decrypt(input);
  const added = paddingBytes(padding, padded.subarray(padded.length - BLOCK_BYTES));
  return added === undefined ? undefined : padded.subarray(0, padded.length - added);
}

function paddingBytes(padding: Padding, last: Uint8Array): number | undefined {
  if (padding === "ISO7816") {
    let at = last.length - 1;
    while (at >= 0 && last[at] === 0) at--;
    return last[at] === 0x80 ? last.length - at : undefined;
  }
  const added = last.at(-1)!;
  if (added === 0 || added > BLOCK_BYTES) return undefined;
  const filler = last.subarray(BLOCK_BYTES - added, -1);
  if (padding === "PKCS7" && filler.some((byte) => byte !== added)) return undefined;
  return padding === "ANSIX923" && filler.some((byte) => byte !== 0) ? undefined : added;
}
