import { COMPLETE, FieldLine, MORE, WRONG } from "./field-line.ts";
import type { Head } from "./head.ts";
import { HeaderKind, headerKind } from "./header-kind.ts";
import { isHost } from "./host.ts";
import { latin1 } from "./latin1.ts";
import type { Limits } from "./limits.ts";
import { COMMA, CR, HTAB, LF, METHOD, octets, SP, TARGET, TOKEN, VALUE } from "./octets.ts";
import { isPath } from "./path.ts";
import type { Problem } from "./problem.ts";

/**
 * Fills a Head line by line, in place; a line that is not complete is scanned again when more bytes are there.
 * Budget: about a nanosecond per byte and no allocation but the method's name where it is an unusual one.
 * Benchmark: http1.
 */
const METHOD_BYTES_MAX = 32; // longer than any registered method
const CONTENT_LENGTH_DIGITS_MAX = 15; // what a double holds exactly

const field = new FieldLine();

const VERSION = Buffer.from("HTTP/1.");
const VERSION_BYTES = 8;

function wrong(head: Head, problem: Problem): number {
  head.problem = problem;
  return WRONG;
}

/** Parses on from where the last call stopped; `head.buffer` and `head.start` are set, bytes reach to `limit`. */
export function parseHead(head: Head, isRequest: boolean, limit: number, limits: Limits): number {
  if (!head.inHeaders) {
    const line = isRequest ? requestLine(head, limit, limits) : statusLine(head, limit, limits);
    if (line !== COMPLETE) return line;
    head.inHeaders = true;
  }
  const headers = headerLines(head, limit, limits);
  if (headers !== COMPLETE) return headers;
  return isRequest ? checkRequest(head) : checkResponse(head);
}

function requestLine(head: Head, limit: number, limits: Limits): number {
  const buffer = head.buffer;
  const start = head.start;
  let at = start + head.cursor;
  // One empty line before a request is tolerated (RFC 9112 §2.2): old clients end a body with one.
  if (head.cursor === 0 && at < limit && buffer[at] === CR) {
    if (at + 1 === limit) return MORE;
    if (buffer[at + 1] !== LF) return wrong(head, "bare-cr");
    at += 2;
    head.cursor = 2;
  }
  const lineAt = at;
  head.lineAt = lineAt - start;
  const bound = lineAt + limits.startLineBytesMax;
  const stop = limit < bound ? limit : bound;
  const methodStop = Math.min(stop, lineAt + METHOD_BYTES_MAX + 1);
  while (at < methodStop && (octets[buffer[at]!]! & METHOD) !== 0) at++;
  if (at - lineAt > METHOD_BYTES_MAX) return wrong(head, "method");
  if (at === limit) return MORE;
  if (buffer[at] !== SP || at === lineAt) return wrong(head, "method");
  const methodEnd = at;
  at++;
  head.targetAt = at - start;
  while (at < stop && (octets[buffer[at]!]! & TARGET) !== 0) at++;
  if (at === bound) return wrong(head, "target-too-long");
  if (at === limit) return MORE;
  head.targetEnd = at - start;
  if (buffer[at] !== SP || head.targetEnd === head.targetAt) return wrong(head, "target");
  const version = scanVersion(head, at + 1, limit);
  if (version !== COMPLETE) return version;
  at += 1 + VERSION_BYTES;
  const end = scanLineEnd(head, at, limit);
  if (end !== COMPLETE) return end;
  head.method = methodName(buffer, lineAt, methodEnd);
  head.headersAt = at + 2 - start;
  head.cursor = head.headersAt;
  return COMPLETE;
}

/** Names of usual methods without making a string. */
function methodName(buffer: Buffer, start: number, end: number): string {
  const first = buffer[start];
  const length = end - start;
  if (length === 3 && first === 0x47 && buffer[start + 1] === 0x45 && buffer[start + 2] === 0x54)
    return "GET";
  if (length === 4 && first === 0x50 && buffer[start + 1] === 0x4f && buffer[start + 2] === 0x53) {
    if (buffer[start + 3] === 0x54) return "POST";
  }
  return latin1(buffer, start, end);
}

function scanVersion(head: Head, at: number, limit: number): number {
  const buffer = head.buffer;
  for (let index = 0; index < VERSION.length; index++) {
    if (at + index === limit) return MORE;
    if (buffer[at + index] !== VERSION[index]) {
      // "HTTP/2" and the like are a version; anything else is no HTTP at all.
      return wrong(head, index === 5 || index === 6 ? "version" : "start-line");
    }
  }
  if (at + VERSION.length === limit) return MORE;
  const minor = buffer[at + VERSION.length]! - 0x30;
  if (minor !== 0 && minor !== 1) return wrong(head, "version");
  head.minor = minor;
  return COMPLETE;
}

function scanLineEnd(head: Head, at: number, limit: number): number {
  if (at === limit) return MORE;
  const code = head.buffer[at];
  if (code === LF) return wrong(head, "bare-lf");
  if (code !== CR) return wrong(head, "start-line");
  if (at + 1 === limit) return MORE;
  return head.buffer[at + 1] === LF ? COMPLETE : wrong(head, "bare-cr");
}

function statusLine(head: Head, limit: number, limits: Limits): number {
  const buffer = head.buffer;
  const start = head.start;
  const bound = start + limits.startLineBytesMax;
  const stop = limit < bound ? limit : bound;
  const version = scanVersion(head, start, limit);
  if (version !== COMPLETE) return version;
  let at = start + VERSION_BYTES;
  if (at === limit) return MORE;
  if (buffer[at] !== SP) return wrong(head, "start-line");
  let status = 0;
  for (let index = 1; index <= 3; index++) {
    if (at + index === limit) return MORE;
    const digit = buffer[at + index]! - 0x30;
    if (digit < 0 || digit > 9) return wrong(head, "status");
    status = status * 10 + digit;
    if (index === 1 && (digit < 1 || digit > 5)) return wrong(head, "status");
  }
  at += 4;
  if (at === limit) return MORE;
  // Many servers leave out the space before an empty reason phrase; nothing can be smuggled in it.
  if (buffer[at] === SP) {
    while (at < stop && (octets[buffer[at]!]! & VALUE) !== 0) at++;
    if (at === bound) return wrong(head, "head-too-large");
    if (at === limit) return MORE;
  }
  const end = scanLineEnd(head, at, limit);
  if (end !== COMPLETE) return end;
  head.status = status;
  head.headersAt = at + 2 - start;
  head.cursor = head.headersAt;
  return COMPLETE;
}

function headerLines(head: Head, limit: number, limits: Limits): number {
  const buffer = head.buffer;
  const start = head.start;
  const headBound = start + limits.headBytesMax;
  for (;;) {
    const at = start + head.cursor;
    if (at >= headBound) return wrong(head, "head-too-large");
    if (at >= limit) return MORE;
    const code = buffer[at]!;
    if (code === CR) {
      if (at + 1 === limit) return MORE;
      if (buffer[at + 1] !== LF) return wrong(head, "bare-cr");
      head.length = at + 2 - start;
      return COMPLETE;
    }
    if (code === SP || code === HTAB) return wrong(head, "header-fold");
    if (code === LF) return wrong(head, "bare-lf");
    if (head.count >= limits.headersMax) return wrong(head, "too-many-headers");
    const lineBound = at + limits.headerLineBytesMax;
    const outcome = field.scan(buffer, at, limit, lineBound < headBound ? lineBound : headBound);
    if (outcome === MORE) return MORE;
    if (outcome === WRONG) {
      const tooLarge = field.problem === "header-too-long" && headBound <= lineBound;
      return wrong(head, tooLarge ? "head-too-large" : field.problem!);
    }
    const index = head.count;
    if (index === head.kinds.length) head.grow();
    const ranges = head.ranges;
    const offset = index * 4;
    ranges[offset] = head.cursor;
    ranges[offset + 1] = field.nameEnd - start;
    ranges[offset + 2] = field.valueStart - start;
    ranges[offset + 3] = field.valueEnd - start;
    const kind = headerKind(buffer, at, field.nameEnd - at);
    head.kinds[index] = kind;
    head.count = index + 1;
    head.cursor = field.next - start;
    if (kind !== HeaderKind.other) {
      const problem = noteHeader(head, kind, index, field.valueStart, field.valueEnd);
      if (problem !== undefined) return wrong(head, problem);
    }
  }
}

function noteHeader(head: Head, kind: number, index: number, from: number, to: number): Problem | undefined {
  const buffer = head.buffer;
  switch (kind) {
    case HeaderKind.host:
      if (head.hostIndex >= 0) return "host-repeated";
      if (!isHost(buffer, from, to) || isBesideTab(buffer, from, to)) return "host";
      head.hostIndex = index;
      return undefined;
    case HeaderKind.contentLength:
      if (head.contentLength >= 0) return "content-length-repeated";
      return noteContentLength(head, from, to);
    case HeaderKind.transferEncoding:
      if (head.chunked || !isWord(buffer, from, to, "chunked") || isBesideTab(buffer, from, to))
        return "transfer-encoding";
      head.chunked = true;
      return undefined;
    case HeaderKind.connection:
      if (head.connectionIndex < 0) head.connectionIndex = index;
      head.hopByHop = true;
      return noteConnection(head, from, to);
    case HeaderKind.keepAlive:
    case HeaderKind.proxyConnection:
    case HeaderKind.te:
      head.hopByHop = true;
      return undefined;
    case HeaderKind.upgrade:
      head.hopByHop = true;
      head.upgradeIndex = index;
      return undefined;
    case HeaderKind.expect:
      if (head.expects) return "expect";
      head.expects = true;
      if (isWord(buffer, from, to, "100-continue")) head.expectContinue = true;
      return undefined;
    case HeaderKind.disguised:
      return "header-name";
    default:
      return undefined;
  }
}

function noteContentLength(head: Head, from: number, to: number): Problem | undefined {
  if (to === from || to - from > CONTENT_LENGTH_DIGITS_MAX || isBesideTab(head.buffer, from, to))
    return "content-length";
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = head.buffer[at]! - 0x30;
    if (digit < 0 || digit > 9) return "content-length";
    value = value * 10 + digit;
  }
  head.contentLength = value;
  return undefined;
}

/** A tab is as good as a space around a value (RFC 9110 §5.6.3), but not every parser drops it. */
function isBesideTab(buffer: Buffer, from: number, to: number): boolean {
  return buffer[from - 1] === HTAB || buffer[to] === HTAB;
}

/** Compares with an ASCII lower-case word, in any case of letters. */
function isWord(buffer: Buffer, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    const expected = word.charCodeAt(index);
    const code = buffer[from + index]!;
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (lower !== expected) return false;
  }
  return true;
}

function noteConnection(head: Head, from: number, to: number): Problem | undefined {
  const buffer = head.buffer;
  let at = from;
  while (at < to) {
    const code = buffer[at]!;
    if (code === COMMA || code === SP || code === HTAB) {
      at++;
      continue;
    }
    const word = at;
    while (at < to && (octets[buffer[at]!]! & TOKEN) !== 0) at++;
    if (at === word) return "connection";
    if (isWord(buffer, word, at, "close")) head.close = true;
    else if (isWord(buffer, word, at, "keep-alive")) head.keepAlive = true;
    else if (isWord(buffer, word, at, "upgrade")) head.upgrade = true;
    else head.nominates = true;
    while (at < to && (buffer[at] === SP || buffer[at] === HTAB)) at++;
    if (at < to && buffer[at] !== COMMA) return "connection";
  }
  return undefined;
}

/** Marks headers that Connection names. Framing and routing headers stay: naming them is an attack on the next hop. */
function markNominated(head: Head): void {
  const names = new Set<string>();
  for (let index = 0; index < head.count; index++) {
    if (head.kinds[index] !== HeaderKind.connection) continue;
    for (const name of head.value(index).toLowerCase().split(",")) names.add(name.trim());
  }
  for (let index = 0; index < head.count; index++) {
    if (head.kinds[index] !== HeaderKind.other && head.kinds[index] !== HeaderKind.trailer) continue;
    if (names.has(head.name(index).toLowerCase())) head.kinds[index] = HeaderKind.nominated;
  }
}

function checkBoth(head: Head): Problem | undefined {
  if (head.chunked) {
    if (head.contentLength >= 0) return "length-and-chunked";
    if (head.minor === 0) return "transfer-encoding"; // HTTP/1.0 knows none, so its framing cannot be trusted
  }
  if (head.nominates) markNominated(head);
  if (head.upgrade && head.upgradeIndex < 0) head.upgrade = false;
  if (head.minor === 0 && !head.keepAlive) head.close = true;
  return undefined;
}

function checkRequest(head: Head): number {
  const problem = checkBoth(head) ?? (head.minor === 1 && head.hostIndex < 0 ? "host-missing" : undefined);
  if (problem !== undefined) return wrong(head, problem);
  if (head.method === "PRI") return wrong(head, "method"); // the beginning of HTTP/2, of which it may be the rest
  const first = head.buffer[head.start + head.targetAt];
  if (head.method === "CONNECT") {
    const valid = isHost(head.buffer, head.start + head.targetAt, head.start + head.targetEnd);
    return valid ? COMPLETE : wrong(head, "target");
  }
  if (first === 0x2f) {
    const valid = isPath(head.buffer, head.start + head.targetAt, head.start + head.targetEnd);
    return valid ? COMPLETE : wrong(head, "target");
  }
  if (first === 0x2a && head.targetEnd === head.targetAt + 1 && head.method === "OPTIONS") return COMPLETE;
  return checkAbsolute(head);
}

/** An absolute target must name the Host: a proxy that routes by one of two different names can be played. */
function checkAbsolute(head: Head): number {
  const match = /^https?:\/\/([^/?]+)(?:$|(?=\/))/i.exec(head.target);
  if (match === null) return wrong(head, "target");
  const pathAt = head.start + head.targetAt + match[0].length;
  if (!isPath(head.buffer, pathAt, head.start + head.targetEnd)) return wrong(head, "target");
  const authority = match[1]!.toLowerCase();
  if (head.hostIndex < 0 || head.value(head.hostIndex).toLowerCase() !== authority)
    return wrong(head, "host");
  return COMPLETE;
}

function checkResponse(head: Head): number {
  const problem = checkBoth(head);
  if (problem !== undefined) return wrong(head, problem);
  if ((head.status < 200 || head.status === 204) && (head.chunked || head.contentLength > 0)) {
    return wrong(head, "body-forbidden");
  }
  return COMPLETE;
}
