import type { Limits, Rates } from "./limits.ts";
import type { Http2Stream, StreamHandler } from "./stream.ts";

/** Whoever owns the connection. */
export interface SessionOwner {
  /** Gives bytes to the connection, which keeps them; false means: no more until `drained`. */
  write(bytes: Buffer): boolean;
  /** Calls `flush` once, later: at the end of this turn of the event loop. */
  schedule(flush: () => void): void;
  /** A server's: a request begins; the handler hears the rest. */
  onStream(stream: Http2Stream): StreamHandler;
  /** The peer takes no more streams; those above `lastStreamId` have been reset as unprocessed. */
  onGoaway(lastStreamId: number, code: number): void;
  /** A client's: more streams can be opened than a moment ago. */
  onCapacity(): void;
  /** The session is over: close the connection when all bytes are written. `reason` in words; code 0 is in order. */
  onEnd(code: number, reason: string): void;
}

export interface SessionOptions {
  readonly kind: "client" | "server";
  readonly owner: SessionOwner;
  /** Those that differ from `defaultLimits`. */
  readonly limits?: Partial<Limits>;
  /** Those that differ from `rates`. */
  readonly rates?: Partial<Rates>;
  /** A server's: takes extended CONNECT (RFC 8441). Default: no. */
  readonly extendedConnect?: boolean;
}
