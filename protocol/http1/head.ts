import { latin1 } from "./latin1.ts";
import type { Problem } from "./problem.ts";

const EMPTY: Buffer = Buffer.alloc(0);
/** Numbers kept per header: where its name and its value begin and end. */
const RANGE = 4;
/** Room to begin with; a browser sends about as many. */
const HEADERS_USUAL = 16;

/**
 * One parsed head. Bytes stay where they arrived: names and values are ranges into `buffer`, relative to `start`,
 * valid until the decoder that filled it goes on to its next head. Header lines lie one after another, so line i
 * reaches from its name to the next line's name (or to the blank line).
 */
export class Head {
  buffer: Buffer = EMPTY;
  start = 0;
  /** Bytes from `start` to behind the blank line. */
  length = 0;
  /** Bytes up to the first header line: the first line, and any empty line tolerated before it. */
  headersAt = 0;
  /** Where the first line begins, after an empty line that RFC 9112 §2.2 tolerates. */
  lineAt = 0;

  method = "";
  targetAt = 0;
  targetEnd = 0;
  status = 0;
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minor = 1;

  count = 0;
  ranges: Int32Array;
  kinds: Uint8Array;

  /** -1 without a Content-Length. */
  contentLength = -1;
  chunked = false;
  /** The sender wants the connection closed after this message, or cannot keep it (HTTP/1.0). */
  close = false;
  keepAlive = false;
  /** Connection names upgrade and there is an Upgrade header. */
  upgrade = false;
  expects = false;
  expectContinue = false;
  /** Index of the Host header, -1 without. */
  hostIndex = -1;
  upgradeIndex = -1;
  connectionIndex = -1;
  /** True when some header is for the next hop only: one that Connection names, or Connection itself. */
  hopByHop = false;
  nominates = false;
  problem: Problem | undefined = undefined;

  /** Where the parser goes on, and in what. */
  cursor = 0;
  inHeaders = false;

  constructor() {
    this.ranges = new Int32Array(HEADERS_USUAL * RANGE);
    this.kinds = new Uint8Array(HEADERS_USUAL);
  }

  /** Makes room for one header more. Most connections of many never need it. */
  grow(): void {
    const { ranges, kinds } = this;
    this.ranges = new Int32Array(ranges.length * 2);
    this.ranges.set(ranges);
    this.kinds = new Uint8Array(kinds.length * 2);
    this.kinds.set(kinds);
  }

  reset(): void {
    this.buffer = EMPTY;
    this.length = 0;
    this.headersAt = 0;
    this.lineAt = 0;
    this.method = "";
    this.status = 0;
    this.count = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
    this.expects = false;
    this.expectContinue = false;
    this.hostIndex = -1;
    this.upgradeIndex = -1;
    this.connectionIndex = -1;
    this.hopByHop = false;
    this.nominates = false;
    this.problem = undefined;
    this.cursor = 0;
    this.inHeaders = false;
  }

  /** The request's target as sent. */
  get target(): string {
    return this.#text(this.targetAt, this.targetEnd);
  }

  name(index: number): string {
    return this.#text(this.ranges[index * RANGE]!, this.ranges[index * RANGE + 1]!);
  }

  value(index: number): string {
    return this.#text(this.ranges[index * RANGE + 2]!, this.ranges[index * RANGE + 3]!);
  }

  /** Where header line `index` begins; for `count`, where the blank line begins. */
  lineStart(index: number): number {
    return index < this.count ? this.ranges[index * RANGE]! : this.length - 2;
  }

  nameLength(index: number): number {
    return this.ranges[index * RANGE + 1]! - this.ranges[index * RANGE]!;
  }

  /** The value of the first header with this lower-case name. For rare questions: it walks all headers. */
  find(name: string): string | undefined {
    for (let index = 0; index < this.count; index++) {
      if (this.nameLength(index) === name.length && this.name(index).toLowerCase() === name) {
        return this.value(index);
      }
    }
    return undefined;
  }

  /** All headers as text. */
  headers(): [name: string, value: string][] {
    const all: [string, string][] = [];
    for (let index = 0; index < this.count; index++) all.push([this.name(index), this.value(index)]);
    return all;
  }

  #text(from: number, to: number): string {
    return latin1(this.buffer, this.start + from, this.start + to);
  }
}
