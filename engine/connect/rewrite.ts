import { type Head, HeaderKind } from "@plinth/http1";
import { JOIN_BYTES_MAX } from "./limits.ts";
import { isTraceLine, TRACE_LINE_BYTES, TRACE_VALUE_AT } from "./seeing/trace-context.ts";
import { Slab } from "./slab.ts";

/**
 * Heads as they go on to the next hop. Bytes pass through as they came, in ranges; only lines meant for this hop
 * are left out, and a head without any goes on in place. Benchmark: http1.
 */
const slab = new Slab();
/** Most that is added to a head beyond copied values. */
const ADDED_BYTES_MAX = 512;

const forwardedNames = new Set(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);

/** True for headers that say where a request came from; at ingress only the proxy's own word counts. */
function isForwarded(head: Head, index: number): boolean {
  const length = head.nameLength(index);
  if (length !== 9 && (length < 15 || length > 17)) return false;
  const first = head.buffer[head.start + head.lineStart(index)]! | 0x20;
  if (first !== 0x78 && first !== 0x66) return false;
  return forwardedNames.has(head.name(index).toLowerCase());
}

function isForThisHop(kind: number): boolean {
  return (
    kind === HeaderKind.connection ||
    kind === HeaderKind.keepAlive ||
    kind === HeaderKind.proxyConnection ||
    kind === HeaderKind.te ||
    kind === HeaderKind.upgrade ||
    kind === HeaderKind.nominated
  );
}

/**
 * Copies a head without its blank line, as HTTP/1.1 whatever the sender speaks: without lines for this hop, forwarding
 * headers where `edge`, and framing where `unframe`. `minorAt` is where the minor version stands in the first line.
 * What goes on is copied in as few pieces as may be: mostly one.
 */
function copyHead(head: Head, minorAt: number, edge: boolean, unframe: boolean, dropsTrace: TraceDrop): void {
  const { buffer, start, count, kinds } = head;
  const at = slab.used;
  let from = start + head.lineAt;
  for (let index = 0; index < count; index++) {
    const kind = kinds[index]!;
    const drop =
      kind === HeaderKind.other
        ? (edge && isForwarded(head, index)) ||
          (dropsTrace !== "nothing" && isTraceLine(head, index, dropsTrace === "all"))
        : isForThisHop(kind) ||
          (unframe && (kind === HeaderKind.transferEncoding || kind === HeaderKind.trailer));
    if (!drop) continue;
    const line = start + head.lineStart(index);
    if (line > from) slab.copy(buffer, from, line);
    from = start + head.lineStart(index + 1);
  }
  const end = start + head.length - 2;
  if (end > from) slab.copy(buffer, from, end);
  if (head.minor === 0) slab.buffer[at + minorAt] = 0x31;
}

/** The blank line, and the body's first bytes if they are few. */
function finish(head: Head, from: number, bodyEnd: number): Buffer {
  slab.endLine();
  if (joins(head, bodyEnd)) slab.copy(head.buffer, head.start + head.length, bodyEnd);
  return slab.cut(from);
}

/** True when body bytes up to `bodyEnd` were copied behind the rewritten head. */
export function joins(head: Head, bodyEnd: number): boolean {
  return bodyEnd - head.start - head.length <= JOIN_BYTES_MAX;
}

/** What stands before the host in the line that tells it. */
const HOST_NAME = "X-Forwarded-Host: ";

/** What ingress tells about the client. */
export interface Origin {
  /** Lines that are the same for all requests of a connection, and the beginning of the one that tells the host. */
  readonly lines: Buffer;
}

export function originOf(client: string): Origin {
  return {
    lines: Buffer.from(`X-Forwarded-For: ${client}\r\nX-Forwarded-Proto: http\r\n${HOST_NAME}`, "latin1"),
  };
}

/** Trace headers that go: those a line of our own takes the place of. */
type TraceDrop = "nothing" | "parent" | "all";

export interface RequestRewrite {
  /** Undefined on listeners within the mesh: there headers pass as they are. */
  readonly origin: Origin | undefined;
  /** Host for requests that may lack one (HTTP/1.0). */
  readonly host: string;
  readonly upgrade: boolean;
  /** The `traceparent` line to add, or none. */
  traceLine: Buffer | undefined;
  dropsTrace: TraceDrop;
  /** Where the line's value has been put in what `rewriteRequest` returned. */
  traceAt: number;
}

export function requestNeedsRewrite(head: Head, rewrite: RequestRewrite): boolean {
  return (
    head.hopByHop ||
    head.nominates ||
    rewrite.origin !== undefined ||
    head.minor === 0 ||
    head.lineAt !== 0 ||
    rewrite.traceLine !== undefined
  );
}

/** The head to send on, followed by body bytes up to `bodyEnd` (an offset in the head's buffer) if `joins`. */
export function rewriteRequest(head: Head, bodyEnd: number, rewrite: RequestRewrite): Buffer {
  const joined = joins(head, bodyEnd) ? bodyEnd - head.start - head.length : 0;
  const hostBytes = head.hostIndex < 0 ? rewrite.host.length : 256;
  slab.reserve(head.length * 2 + joined + ADDED_BYTES_MAX + hostBytes);
  const from = slab.used;
  const drops = rewrite.traceLine === undefined ? "nothing" : rewrite.dropsTrace;
  copyHead(head, head.headersAt - head.lineAt - 3, rewrite.origin !== undefined, false, drops);
  if (rewrite.traceLine !== undefined) {
    rewrite.traceAt = slab.used - from + TRACE_VALUE_AT;
    slab.copy(rewrite.traceLine, 0, TRACE_LINE_BYTES);
  }
  if (head.hostIndex < 0) slab.text(`Host: ${rewrite.host}\r\n`);
  if (rewrite.origin !== undefined) {
    const { lines } = rewrite.origin;
    if (head.hostIndex >= 0) {
      slab.copy(lines, 0, lines.length);
      const at = head.hostIndex * 4;
      slab.copy(head.buffer, head.start + head.ranges[at + 2]!, head.start + head.ranges[at + 3]!);
      slab.endLine();
    } else {
      slab.copy(lines, 0, lines.length - HOST_NAME.length);
    }
  }
  if (rewrite.upgrade) slab.text(`Connection: upgrade\r\nUpgrade: ${head.value(head.upgradeIndex)}\r\n`);
  return finish(head, from, bodyEnd);
}

export interface ResponseRewrite {
  /** What the client is told about its connection: nothing, "close", or "keep-alive" for HTTP/1.0. */
  connection: "" | "close" | "keep-alive";
  /** The client knows no chunked coding: leave its header out. */
  unframe: boolean;
}

export function responseNeedsRewrite(head: Head, rewrite: ResponseRewrite): boolean {
  return head.hopByHop || head.nominates || head.minor === 0 || rewrite.connection !== "" || rewrite.unframe;
}

/** As `rewriteRequest`, for a response (1xx included). */
export function rewriteResponse(head: Head, bodyEnd: number, rewrite: ResponseRewrite): Buffer {
  const joined = joins(head, bodyEnd) ? bodyEnd - head.start - head.length : 0;
  slab.reserve(head.length * 2 + joined + ADDED_BYTES_MAX);
  const from = slab.used;
  copyHead(head, 7, false, rewrite.unframe, "nothing");
  if (head.status === 101) slab.text(`Connection: upgrade\r\nUpgrade: ${head.value(head.upgradeIndex)}\r\n`);
  else if (rewrite.connection !== "") slab.text(`Connection: ${rewrite.connection}\r\n`);
  return finish(head, from, bodyEnd);
}
