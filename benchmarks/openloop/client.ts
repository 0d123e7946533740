/**
 * A client that asks at a constant rate whatever the answers do. A request's time is counted from when it was due, not
 * from when it could be sent, so that a stall is seen by all requests that fell into it. Tells a parent that listens of
 * its first good answer; SIGTERM ends the asking early. Prints JSON.
 */
import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";

const GRACE_MS = 5_000;
const END = Buffer.from("proxy.\n");
const EMPTY: Buffer = Buffer.alloc(0);

export interface OpenLoopReport {
  readonly asked: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The longest time without a good answer. */
  readonly gapMs: number;
}

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    address: { type: "string", default: "127.0.0.1" },
    rate: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string", default: "16" },
    /** Every so manieth request comes on a connection of its own; 0: none. */
    fresh: { type: "string", default: "0" },
    /** What an idle connection's end swallowed is asked once more on a new one, as browsers do. */
    again: { type: "boolean", default: false },
  },
});
const port = Number(values.port);
const rate = Number(values.rate);
const seconds = Number(values.seconds);
const fresh = Number(values.fresh);

const text = (close: boolean): string =>
  `GET / HTTP/1.1\r\nHost: bench\r\n${close ? "Connection: close\r\n" : ""}\r\n`;
const ASK = Buffer.from(text(false));
const ASK_ONCE = Buffer.from(text(true));

const latencies: number[] = [];
const waiting: number[] = [];
const idle: Kept[] = [];
let asked = 0;
let failed = 0;
let answered = 0;

const isGoodAnswer = (bytes: Buffer): boolean =>
  bytes.toString("latin1", 0, 12) === "HTTP/1.1 200" && bytes.subarray(-END.length).equals(END);

/** A good answer is known by its end; a proxy's own, which says that something is wrong, by its length. */
function isWhole(bytes: Buffer): boolean {
  if (bytes.subarray(-END.length).equals(END)) return true;
  const bodyAt = bytes.indexOf("\r\n\r\n") + 4;
  if (bodyAt < 4) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, bodyAt))?.[1];
  return length !== undefined && bytes.length >= bodyAt + Number(length);
}

/** A kept connection: one request at a time. */
class Kept {
  #socket: Socket;
  #dueMs = -1;
  /** Of this socket. */
  #answers = 0;
  #bytes: Buffer = EMPTY;

  constructor() {
    this.#socket = this.#open();
    idle.push(this);
  }

  #open(): Socket {
    const socket = connect({ port, host: values.address, noDelay: true });
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (ended) return;
      const isSwallowed = values.again && this.#answers > 0 && this.#bytes.length === 0;
      this.#answers = 0;
      this.#bytes = EMPTY;
      this.#socket = this.#open();
      if (this.#dueMs < 0) return;
      if (isSwallowed) this.ask(this.#dueMs);
      else this.#settle(false);
    });
    return socket;
  }

  ask(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket.write(ASK);
  }

  #onData(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (!isWhole(this.#bytes)) return;
    const isGood = isGoodAnswer(this.#bytes);
    this.#bytes = EMPTY;
    this.#answers++;
    this.#settle(isGood);
  }

  #settle(isGood: boolean): void {
    settle(this.#dueMs, isGood);
    this.#dueMs = -1;
    const next = waiting.shift();
    if (next === undefined) idle.push(this);
    else this.ask(next);
  }

  end(): void {
    this.#socket.destroy();
  }
}

function settle(dueMs: number, isGood: boolean): void {
  answered++;
  if (!isGood) {
    failed++;
    return;
  }
  const nowMs = performance.now();
  if (latencies.push(nowMs - dueMs) === 1) process.send?.("answered");
  gapMs = Math.max(gapMs, nowMs - goodMs);
  goodMs = nowMs;
}

function askOnce(dueMs: number): void {
  const socket = connect({ port, host: values.address, noDelay: true });
  let bytes: Buffer = EMPTY;
  socket.on("connect", () => socket.write(ASK_ONCE));
  socket.on("data", (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  socket.on("error", () => {});
  socket.on("close", () => {
    settle(dueMs, isGoodAnswer(bytes));
  });
}

let ended = false;
const kept = Array.from({ length: Number(values.connections) }, () => new Kept());
const startMs = performance.now() + 50;
let total = Math.round(rate * seconds);
let endMs = startMs + seconds * 1_000;
let goodMs = startMs;
let gapMs = 0;
process.once("SIGTERM", () => {
  total = Math.min(total, asked);
  endMs = Math.min(endMs, performance.now());
});

function turn(): void {
  const nowMs = performance.now();
  for (; asked < total; asked++) {
    const dueMs = startMs + (asked * 1_000) / rate;
    if (dueMs > nowMs) break;
    if (fresh > 0 && asked % fresh === 0) {
      askOnce(dueMs);
      continue;
    }
    const connection = idle.shift();
    if (connection === undefined) waiting.push(dueMs);
    else connection.ask(dueMs);
  }
  if (answered === total || nowMs > endMs + GRACE_MS) report();
  else setTimeout(turn, 1);
}

function report(): void {
  ended = true;
  for (const connection of kept) connection.end();
  latencies.sort((one, other) => one - other);
  const at = (part: number): number => latencies[Math.floor(part * latencies.length)] ?? Infinity;
  const result: OpenLoopReport = {
    asked: total,
    failed: failed + (total - answered),
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    maxMs: latencies.at(-1) ?? Infinity,
    gapMs: latencies.length === 0 ? Infinity : gapMs,
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

turn();
