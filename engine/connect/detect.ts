/** What the first bytes of a connection say it speaks. */
export const Spoken = { undecided: 0, http1: 1, http2: 2, tls: 3, other: 4 } as const;

/** RFC 9113 §3.4; its first line alone is no request of HTTP/1. */
const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const TLS_HANDSHAKE = 22;
/** Registered methods reach 17 (UPDATEREDIRECTREF); longer tokens are some other protocol's words. */
const METHOD_BYTES_MAX = 24;
/** A request line longer than this is taken for HTTP/1 by its beginning; the codec has limits of its own. */
const LINE_BYTES_MAX = 4_096;

const SPACE = 32;
const LINE_FEED = 10;

/** token characters of RFC 9110 §5.6.2 that stand in methods in use. */
const isMethodByte = (byte: number): boolean =>
  (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 95;

/** Targets begin with a path, `*`, a scheme or, for CONNECT, a host (RFC 9112 §3.2). */
const isTargetByte = (byte: number): boolean =>
  byte === 47 || byte === 42 || byte === 91 || (byte >= 48 && byte <= 57) || isMethodByte(byte);

/**
 * Tells by what a client sends first. HTTP/1 needs a whole request line that ends in its version: the inline commands
 * of Redis and memcached look like one up to there. Costs one look per connection.
 */
export function detect(bytes: Buffer): number {
  if (bytes.length === 0) return Spoken.undecided;
  if (bytes[0] === TLS_HANDSHAKE) return bytes.length < 2 || bytes[1] === 3 ? tls(bytes) : Spoken.other;
  const known = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, known, 0, known) === 0)
    return known === PREFACE.length ? Spoken.http2 : Spoken.undecided;
  let at = 0;
  while (at < bytes.length && isMethodByte(bytes[at]!)) at++;
  if (at === bytes.length) return at <= METHOD_BYTES_MAX ? Spoken.undecided : Spoken.other;
  if (at === 0 || at > METHOD_BYTES_MAX || bytes[at] !== SPACE) return Spoken.other;
  if (at + 1 === bytes.length) return Spoken.undecided;
  if (!isTargetByte(bytes[at + 1]!)) return Spoken.other;
  const end = bytes.indexOf(LINE_FEED, at);
  if (end < 0) return bytes.length < LINE_BYTES_MAX ? Spoken.undecided : Spoken.http1;
  return / HTTP\/1\.[0-9]\r?$/.test(bytes.toString("latin1", at, end)) ? Spoken.http1 : Spoken.other;
}

const tls = (bytes: Buffer): number => (bytes.length < 2 ? Spoken.undecided : Spoken.tls);

/** Whether undecided bytes, all that came in time, are rather a slow request of HTTP/1 than anything else. */
export function isLikelyRequest(bytes: Buffer): boolean {
  return /^[A-Z]{3,} [/*h]/.test(bytes.toString("latin1", 0, METHOD_BYTES_MAX + 2));
}
