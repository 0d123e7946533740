import { Fault } from "@plinth/fault";
import { WINDOW_BYTES_DEFAULT } from "./frame.ts";

/** Most a peer may ask of one session; every one is there because without it somebody could ask for more. */
export interface Limits {
  /** Streams the peer may have open at once: gRPC clients open one per call under way. */
  readonly streamsMax: number;
  /** A stream's receive window: what a sender has under way at 1 ms and 2 Gbit/s, and what a slow consumer holds. */
  readonly streamWindowBytes: number;
  /** The connection's receive window: all that is held for slow consumers. */
  readonly connectionWindowBytes: number;
  /** A field list as SETTINGS_MAX_HEADER_LIST_SIZE counts it: what the HTTP/1 codec takes as well. */
  readonly fieldListBytesMax: number;
  readonly fieldsMax: number;
  /** A field block before decoding. Beyond the list's limit, so that a list slightly too large can be answered 431. */
  readonly fieldBlockBytesMax: number;
  /** CONTINUATION frames of one block: an honest sender fills each, so a block needs a handful (CVE-2024-27316). */
  readonly continuationsMax: number;
  /** Bytes a stream may have queued before `data()` answers false: two frames at the least, for a steady flow. */
  readonly streamQueueBytesMax: number;
  /** Bytes waiting for a peer that does not read, streams' data not counted; answers to its own frames mostly. */
  readonly outgoingBytesMax: number;
  /** Time for the peer's preface, the end of a field block, and its acknowledgement of our settings. */
  readonly answerTimeoutMs: number;
  /** Time without a byte written or a window opened while there is data to send: the peer does not read. */
  readonly stallTimeoutMs: number;
}

export const defaultLimits: Limits = {
  streamsMax: 256,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  fieldListBytesMax: 64 * 1024,
  fieldsMax: 128,
  fieldBlockBytesMax: 128 * 1024,
  continuationsMax: 32,
  streamQueueBytesMax: 64 * 1024,
  outgoingBytesMax: 1024 * 1024,
  answerTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
};

/** Fault "invalid" for a window that no peer could keep to: it may use the protocol's until it has our settings. */
export function checkLimits({ streamWindowBytes }: Limits): void {
  if (streamWindowBytes >= WINDOW_BYTES_DEFAULT) return;
  throw new Fault("invalid", `Cannot use a stream window of ${streamWindowBytes} bytes: below 65535`);
}

/** How often a peer may do what is legal, cheap for it and dear for us: so many at once, so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export type Rates = Readonly<
  Record<"resets" | "settings" | "pings" | "emptyData" | "windowUpdates" | "ignored", Rate>
>;

/**
 * Honest use pays for itself: a stream that ends in order gives a reset back, a DATA frame gives a PING and two
 * WINDOW_UPDATEs back. So a busy proxy's peer is never near the limits, and an idle one's has room for a burst.
 */
export const rates: Rates = {
  /** Streams reset by the peer, or by us because the peer broke a rule (CVE-2023-44487, CVE-2025-8671). */
  resets: { burst: 500, perSecond: 50 },
  /** Each asks for an acknowledgement; honest peers send one or two in a connection's life. */
  settings: { burst: 50, perSecond: 5 },
  /** gRPC measures the bandwidth with one per round trip, but only while data flows. */
  pings: { burst: 200, perSecond: 20 },
  /** DATA without data or end: no use but keeping us busy. */
  emptyData: { burst: 100, perSecond: 10 },
  /** Some clients send one per frame they have read, for stream and connection. */
  windowUpdates: { burst: 2_000, perSecond: 200 },
  /** PRIORITY, PRIORITY_UPDATE, unknown frames, frames on closed streams: read and dropped. */
  ignored: { burst: 1_000, perSecond: 100 },
};
