import { Decompress } from "fzstd";
import { DECOMPRESSED_BYTES_MAX, joined } from "./limit.ts";

/** Input is fed in pieces, so that what swells is noticed soon. */
const PIECE_BYTES = 16 * 1024;

/** The whole of it, all frames; undefined: it is none, or too large. */
export function zstdBytes(input: Uint8Array): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (input.length === 0) return undefined;
  const stream = new Decompress((chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  try {
    for (let at = 0; at < input.length; at += PIECE_BYTES) {
      // The library keeps and changes what it is given.
      stream.push(input.slice(at, at + PIECE_BYTES), at + PIECE_BYTES >= input.length);
      if (length > DECOMPRESSED_BYTES_MAX) return undefined;
    }
  } catch {
    return undefined;
  }
  return joined(chunks, length);
}
