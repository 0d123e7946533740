/** Most bytes and counts a message may have; what exceeds them is refused, never cut. */
export interface Limits {
  /** A request or status line: long enough for any URL that browsers and CDNs pass on. */
  readonly startLineBytesMax: number;
  /** One header line: room for a cookie jar, which browsers cap at 4 KiB each. */
  readonly headerLineBytesMax: number;
  /** The whole head, so that one connection holds little memory before it is known to be honest. */
  readonly headBytesMax: number;
  readonly headersMax: number;
  /** All chunk extensions of one message: nobody uses them, and without a cap they are free amplification. */
  readonly chunkExtensionBytesMax: number;
  readonly trailerBytesMax: number;
  readonly trailersMax: number;
}

export const defaultLimits: Limits = {
  startLineBytesMax: 8 * 1024,
  headerLineBytesMax: 16 * 1024,
  headBytesMax: 64 * 1024,
  headersMax: 128,
  chunkExtensionBytesMax: 4 * 1024,
  trailerBytesMax: 8 * 1024,
  trailersMax: 32,
};
