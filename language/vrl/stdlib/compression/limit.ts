/** A few bytes can stand for gigabytes: what an event's field decompresses to is refused beyond this many bytes. */
export const DECOMPRESSED_BYTES_MAX: number = 128 * 1024 * 1024;

export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
