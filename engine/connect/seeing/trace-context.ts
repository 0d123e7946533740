import { randomFillSync } from "node:crypto";
import type { Head } from "@plinth/http1";

/** W3C Trace Context (Level 2): `traceparent` is `00-TRACE-PARENT-FLAGS` in lower-case hexadecimal. */
export interface TraceParent {
  readonly traceId: string;
  readonly parentId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = "traceparent";
const TRACESTATE = "tracestate";
const T = 0x74;
const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/** What a `traceparent` says; undefined where it is malformed and a new trace has to begin (section 3.2.2). */
export function parseTraceParent(text: string): TraceParent | undefined {
  const [, version, traceId, parentId, flags, rest] = SHAPE.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === NO_TRACE || parentId === NO_SPAN) return undefined;
  const sampled = (Number.parseInt(flags!, 16) & 1) === 1;
  return { traceId: traceId!, parentId: parentId!, sampled };
}

/** Bit 0: sampled. Bit 1: the trace's id is random, as ours always are (Level 2, section 3.2.2.5). */
export function traceParentText(traceId: string, parentId: string, sampled: boolean): string {
  return `00-${traceId}-${parentId}-${sampled ? "03" : "02"}`;
}

/** Where the parent's id begins in a `traceparent`. */
export const PARENT_AT = 36;

/** Index of the `traceparent` line, -1 without, -2 where there are several, which is none (section 3.2). */
export function findTraceParent(head: Head): number {
  const { buffer, start, count } = head;
  let found = -1;
  for (let index = 0; index < count; index++) {
    if (head.nameLength(index) !== TRACEPARENT.length) continue;
    if ((buffer[start + head.lineStart(index)]! | 0x20) !== T) continue;
    if (head.name(index).toLowerCase() !== TRACEPARENT) continue;
    if (found !== -1) return -2;
    found = index;
  }
  return found;
}

/** True for lines that a new `traceparent` takes the place of; `tracestate` belongs to the old one. */
export function isTraceLine(head: Head, index: number, andState: boolean): boolean {
  const length = head.nameLength(index);
  if (length !== TRACEPARENT.length && !(andState && length === TRACESTATE.length)) return false;
  if ((head.buffer[head.start + head.lineStart(index)]! | 0x20) !== T) return false;
  const name = head.name(index).toLowerCase();
  return name === TRACEPARENT || (andState && name === TRACESTATE);
}

const DIGITS: Buffer = Buffer.from("0123456789abcdef");
const POOL_BYTES = 3_072; // 128 requests' worth: drawing them one by one would cost a microsecond each
/** Of a trace's and a span's identifier together. */
const ID_BYTES = 24;

/** Bytes of a header line with a `traceparent`, and where its value begins. */
export const TRACE_LINE_BYTES = 70;
export const TRACE_VALUE_AT = 13;

/**
 * Header lines of new traces that are not sampled. The one buffer is written again for each: whoever is given it
 * copies it at once. Budget: 50 stores, since every request without a trace gets one. Benchmark: http1.
 */
export class NewTraceLine {
  readonly bytes: Buffer = Buffer.from(
    `traceparent: ${traceParentText("0".repeat(32), "0".repeat(16), false)}\r\n`,
  );
  /** Random bytes, drawn many at a time, and how many of them have been used. */
  readonly #pool: Buffer = Buffer.allocUnsafe(POOL_BYTES);
  #used = POOL_BYTES;

  /** The header's value alone. */
  get value(): string {
    return this.bytes.toString("latin1", TRACE_VALUE_AT, TRACE_LINE_BYTES - 2);
  }

  /** Puts new identifiers in. */
  renew(): void {
    if (this.#used + ID_BYTES > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used = from + ID_BYTES;
    putDigits(this.bytes, TRACE_VALUE_AT + 3, this.#pool, from, from + 16);
    putDigits(this.bytes, TRACE_VALUE_AT + PARENT_AT, this.#pool, from + 16, from + ID_BYTES);
  }
}

/** Writes bytes `from` to `to` of `source` as hexadecimal digits at `at` of `target`. */
function putDigits(target: Buffer, at: number, source: Buffer, from: number, to: number): void {
  for (let index = from; index < to; index++) {
    const value = source[index]!;
    target[at++] = DIGITS[value >> 4]!;
    target[at++] = DIGITS[value & 15]!;
  }
}

/** Random identifiers of traces and spans. */
export class TraceIds {
  readonly #line: NewTraceLine = new NewTraceLine();

  trace(): string {
    this.#line.renew();
    const from = TRACE_VALUE_AT + 3;
    return this.#line.bytes.toString("latin1", from, from + 32);
  }

  span(): string {
    this.#line.renew();
    const from = TRACE_VALUE_AT + PARENT_AT;
    return this.#line.bytes.toString("latin1", from, from + 16);
  }
}
