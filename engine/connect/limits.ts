/** Every limit of the data plane, with its reason. Times in milliseconds. */

/** All timeouts are checked this often: one timer for all connections instead of one per request. */
export const TICK_MS = 250;

/** A client silent for so long may be waiting for the server to speak first: an instance is asked whether it does. */
export const SILENCE_MS = 40;
/** First bytes that still fit several protocols are decided after this; people notice delays from 100 ms on. */
export const DETECT_MS = 200;
/** First bytes kept while undecided: the largest TLS hello, and more than any request line. */
export const DETECT_BYTES_MAX: number = 20 * 1024;

/** From a request's first byte to the end of its head. More is a slow-loris, not a slow link. */
export const HEAD_TIMEOUT_MS = 10_000;
/** A kept-alive connection without a request; longer than browsers' and Node's agents reuse theirs by default. */
export const IDLE_TIMEOUT_MS = 60_000;
/** A client that stops in the middle of a request's body. */
export const REQUEST_BODY_IDLE_MS = 60_000;
/** An upstream that neither answers nor goes on with its answer; long, since reports and long polls are slow. */
export const RESPONSE_IDLE_MS = 300_000;
/** A client that has shut down its sending side may only be waiting for its answer, but is more often gone. */
export const HALF_CLOSED_IDLE_MS = 30_000;
/** A tunnel (WebSocket) without a byte in either direction. */
export const TUNNEL_IDLE_MS = 3_600_000;
/** Connecting on the same host takes microseconds; a full accept queue makes it a retransmission or two. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** After an answer that ends the connection, what the client still sends is read, lest a reset destroys the answer. */
export const LINGER_MS = 2_000;
/** Bytes of a request body thrown away after its answer before the connection is given up. */
export const DISCARD_BYTES_MAX: number = 1024 * 1024;
/** While draining, a keep-alive connection silent for this long has no request on its way. */
export const DRAIN_IDLE_MS = 2_000;

/** Below Node's five seconds, the shortest idle timeout in wide use: the server must not close first. */
export const POOL_IDLE_MS = 3_000;
/** A request that cannot be repeated rides only on a connection whose other end was there a moment ago. */
export const POOL_FRESH_MS = 1_000;
export const POOL_IDLE_PER_ENDPOINT_MAX = 256;

/** Endpoints tried before a request waits or fails. */
export const CONNECT_ATTEMPTS_MAX = 3;
/** Times a request is sent again when its connection is lost: more would let one bad request end all instances. */
export const RESEND_MAX = 2;
/** A request body up to this is kept until its answer begins, so that it can be sent again; Linkerd's limit. */
export const RESEND_BYTES_MAX: number = 64 * 1024;

/** Calls at once that servers take on a connection unless they say otherwise (RFC 9113 §6.5.2 asks for no less). */
export const HTTP2_CALLS_USUAL = 100;
/** HTTP/2 connections of one caller to one instance; a hundred streams each, which are the usual limit. */
export const HTTP2_CONNECTIONS_MAX = 64;
/** An HTTP/2 connection to an instance without a call. Its end is announced, so that no call can be lost to it. */
export const HTTP2_IDLE_MS = 60_000;

/** Requests that wait for one service; each holds its head and at most one read of its body. */
export const HELD_PER_SERVICE_MAX = 1_024;

// What all workloads share. Of each, one may have no more than is left for all: half, if it is alone.
// All of it together is the most memory the data plane takes: 16,384 connections at up to 16 KiB with their way to an
// instance, 16,384 streams at 8 KiB, 192 MiB held, 80 MiB to begin with: about 660 MiB.

/** Client connections; each costs some kilobytes and a descriptor. */
export const CONNECTIONS_MAX = 16_384;
/** Requests under way on HTTP/2 connections: as many as connections could bring each its own. */
export const STREAMS_MAX = 16_384;
/** Requests and tunnels under way, by the service called: all connections' and streams' together. */
export const CALLS_MAX: number = CONNECTIONS_MAX + STREAMS_MAX;
/** Bytes kept for those who do not take them: three thousand stalled connections with a read and its like each. */
export const HELD_BYTES_MAX: number = 192 * 1024 * 1024;

/** Most of a snapshot that is put in force at once: requests wait for it. */
export const SLICE_MS = 2;

// Time is shared out in units of about a small request's read, some ten microseconds each.

/** Bytes that cost as much again as a small read. */
export const UNIT_BYTES: number = 16 * 1024;
/** A workload's part of a turn while no other is there: long enough that cutting it costs nothing to notice. */
export const TURN_UNITS_ALONE = 64;
/** Its part while others are there: they wait for a few hundred microseconds at most. */
export const TURN_UNITS_CONTENDED = 16;
/** What all who wait get between two looks at the sockets. */
export const TURN_UNITS_ALL = 64;
/** How long parts stay small after several workloads were there: a quiet one may come only now and then. */
export const CONTENTION_TURNS = 256;
/**
 * Of the processor time, what those who wait may use while several workloads are there. The rest is for reads that must
 * be looked at before they can wait, for collections, and for those who ask little.
 */
export const BACKLOG_PROCESSOR_SHARE = 0.7;
/** How long they wait for more: the shortest time that timers can tell, and a little. */
export const BACKLOG_WAIT_MS = 1.25;
/** Reads after which a turn's end is looked for: a quiet proxy does without. */
export const READS_BEFORE_TURN_ENDS = 8;
/** A client's connection costs more than requests on it: a socket, its handlers, its place in all lists, its end. */
export const ACCEPT_UNITS = 10;
export const CONNECT_UNITS = 4;
/** A TLS handshake signs, agrees on a key and verifies: half a millisecond and more. */
export const HANDSHAKE_UNITS = 64;
/** Requests of one read that the proxy has answered by itself, before others have their turn. */
export const PIPELINED_AT_ONCE = 8;

/** Peak EWMA (milliseconds): Linkerd's values. */
export const EWMA_DECAY_MS = 10_000;
export const EWMA_DEFAULT_MS = 30;

/** What an instance that says 429 or 503 with Retry-After counts as, in place of its quick answer; Linkerd's values. */
export const LOAD_PENALTY_MIN_MS = 5_000;
export const LOAD_PENALTY_MAX_MS = 300_000;

/** Rates are looked at over ten slots of a second: long enough for a judgement, short enough to forget. */
export const WINDOW_SLOTS = 10;
export const WINDOW_SLOT_MS = 1_000;

/** Share of a caller's requests that it may send again, and what it always may: Linkerd's values. */
export const RETRY_BUDGET_RATIO = 0.2;
export const RETRY_BUDGET_MIN_PER_SECOND = 10;
/** Wait before the only instance is asked again; drawn evenly, so that callers do not come back in step. */
export const BACKOFF_MIN_MS = 25;
export const BACKOFF_MAX_MS = 250;

/** Timeouts below this have a timer of their own: the tick would add a quarter to them. */
export const PRECISE_BELOW_MS = 1_000;

/** Nothing but waiting for so long, or a service's hold if that is longer: new requests are refused at once. */
export const FAILFAST_MS = 3_000;

/** Below so many answers in the window a success rate means nothing. */
export const BREAK_ANSWERS_MIN = 10;
/** An endpoint that is left out again so soon after its return is left out for longer than before. */
export const BREAK_RELAPSE_MS = 10_000;

/** Failures to connect in a row after which an endpoint is left out, and for how long: the time doubles at each failed probe. */
export const EJECT_AFTER_FAILURES = 3;
export const EJECT_PENALTY_MIN_MS = 1_000;
export const EJECT_PENALTY_MAX_MS = 60_000;
export const EJECT_JITTER = 0.5;

/** Counters of a pair that no snapshot names any more are forgotten after this. */
export const EDGE_EXPIRY_MS = 600_000;

/** Bodies up to this are copied behind a rewritten head, so that both leave in one system call. */
export const JOIN_BYTES_MAX: number = 16 * 1024;

/**
 * A link's stream may have this much under way: at 1 ms between hosts that is 2 Gbit/s, and it is what a reader that
 * has stopped holds in memory.
 */
export const LINK_STREAM_WINDOW_BYTES: number = 256 * 1024;
/** Streams of a link: a hundred connections to instances at once share one, as clients of HTTP/2 are used to. */
export const LINK_STREAMS_MAX = 128;
/** All streams' windows together: readers that have stopped must not hold up the others of their link. */
export const LINK_WINDOW_BYTES: number = LINK_STREAMS_MAX * LINK_STREAM_WINDOW_BYTES;
/** Links of one caller to one service on one host: 4,096 connections, as many as its instances there would take. */
export const LINKS_MAX = 32;
/** A link without a stream. The receiving side waits for twice as long, so that the calling side ends it. */
export const LINK_IDLE_MS = 60_000;
/** From connecting to the other side's first frame: three round trips, one of them perhaps sent again. */
export const LINK_OPEN_MS = 3_000;
/** A peer that is silent while streams are open is asked for a sign of life after this … */
export const PING_AFTER_MS = 2_000;
/** … and given up after this: longer than pauses of a busy proxy, short enough for its callers to try elsewhere. */
export const PING_PATIENCE_MS = 3_000;
/** Times a stream that a link's end left untouched is opened again on another link. */
export const LINK_REOPEN_MAX = 2;

/** Handshakes at once, some milliseconds of a core each, in all and from one address; others wait their turn. */
export const HANDSHAKES_MAX = 128;
export const HANDSHAKES_PER_ADDRESS_MAX = 64;
/** Those that wait: when roots change, every caller of another host makes its links anew. Each is only a socket. */
export const HANDSHAKES_WAITING_MAX = 2_048;
export const HANDSHAKES_WAITING_PER_ADDRESS_MAX = 1_024;
/** As long as callers wait for a link, and a little for what is on its way. */
export const HANDSHAKE_TIMEOUT_MS = 5_000;
/** Links that one identity may have to this host, from all hosts it runs on, and that there may be at all. */
export const LINKS_PER_IDENTITY_MAX = 512;
export const LINKS_IN_MAX = 4_096;
