/**
 * A client that asks at a constant rate whatever the answers do. A request's time is counted from when it was due, not
 * from when it could be sent, so that a stall is seen by all requests that fell into it. Prints JSON.
 */
import { connect, type Socket } from "node:net";
import { parseArgs } from "node:util";

const GRACE_MS = 5_000;
const END = Buffer.from("proxy.\n");

export interface OpenLoopReport {
  readonly asked: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
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

/** A kept connection: one request at a time. */
class Kept {
  #socket: Socket;
  #dueMs = -1;
  #bytes: Buffer = Buffer.alloc(0);

  constructor() {
    this.#socket = this.#open();
    idle.push(this);
  }

  #open(): Socket {
    const socket = connect({ port, host: values.address, noDelay: true });
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#dueMs >= 0) this.#settle(false);
      if (!ended) this.#socket = this.#open();
    });
    return socket;
  }

  ask(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#socket.write(ASK);
  }

  #onData(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (!this.#bytes.subarray(-END.length).equals(END)) return;
    const isGood = this.#bytes.toString("latin1", 0, 12) === "HTTP/1.1 200";
    this.#bytes = Buffer.alloc(0);
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
  if (isGood) latencies.push(performance.now() - dueMs);
  else failed++;
}

function askOnce(dueMs: number): void {
  const socket = connect({ port, host: values.address, noDelay: true });
  let bytes = Buffer.alloc(0);
  socket.on("connect", () => socket.write(ASK_ONCE));
  socket.on("data", (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  socket.on("error", () => {});
  socket.on("close", () => {
    settle(
      dueMs,
      bytes.toString("latin1", 0, 12) === "HTTP/1.1 200" && bytes.subarray(-END.length).equals(END),
    );
  });
}

let ended = false;
const kept = Array.from({ length: Number(values.connections) }, () => new Kept());
const startMs = performance.now() + 50;
const total = Math.round(rate * seconds);

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
  if (answered === total || nowMs > startMs + seconds * 1_000 + GRACE_MS) report();
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
  };
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

turn();
