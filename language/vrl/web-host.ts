/** The host of any runtime with the web's interfaces: clock and randomness, nothing else. */
import type { Host } from "./stdlib/host.ts";

/** What `crypto.getRandomValues` fills at once, by its specification. */
const RANDOM_BYTES_MAX = 65_536;

/** What the clock and randomness of Node.js, Bun and browsers give. Spread it into one that can do more. */
export function webHost(): Host {
  return {
    // oxlint-disable-next-line eslint/no-restricted-globals -- here time comes from
    now: () => BigInt(Date.now()) * 1_000_000n,
    randomBytes,
    random: () => {
      const [high = 0, low = 0] = new Uint32Array(randomBytes(8).buffer);
      // 53 bits, as a float holds.
      return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
    },
    localTimezone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_BYTES_MAX)
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES_MAX));
  return bytes;
}
