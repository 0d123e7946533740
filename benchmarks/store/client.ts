/**
 * The load: so many clients, each with one call under way at a time, for so many seconds or calls. Every answer's status
 * is checked, one in some dozens wholly. Prints a LoadReport as JSON; anything wrong ends it with exit code 1.
 */
import { parseArgs } from "node:util";
import { Call, H2Connection, messageOf } from "./h2-connection.ts";
import { Histogram } from "./histogram.ts";
import { FILL_PUTS, type OperationName, operations } from "./operations.ts";
import { foreignCores, type ProcessorTime, processorTime } from "./processor-time.ts";

export interface LoadReport {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Answers whose content was looked at. */
  readonly checked: number;
  /** Processor time of the server and of the load itself, per operation. */
  readonly serverMicros: number;
  readonly clientMicros: number;
  /** Cores that others used meanwhile. */
  readonly foreignCores: number;
}

/** Every so manieth answer is read: a prime, so that it falls on every client. */
const SAMPLE = 61;
const SEED = 0x9e3779b9;

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string" },
    operation: { type: "string" },
    connections: { type: "string", default: "8" },
    /** Calls under way on each connection. */
    streams: { type: "string", default: "8" },
    keys: { type: "string" },
    /** Before anything counts. */
    warm: { type: "string", default: "0" },
    seconds: { type: "string", default: "0" },
    /** Asks about every key once, in order, instead of for some time. */
    once: { type: "boolean", default: false },
    /** A server whose answers are always the same has none that could be checked. */
    unchecked: { type: "boolean", default: false },
    /** The server's process. */
    pid: { type: "string" },
  },
});

const operation = operations[values.operation as OperationName];
const keys = Number(values.keys);
const pid = Number(values.pid);
const step = values.operation === "fill" ? FILL_PUTS : 1;
const choices = operation.choices(keys);

let random = SEED;
let nextKey = 0;
let answers = 0;
let checked = 0;
let underWay = 0;
let counted = new Histogram();
let isStopping = false;
let from: ProcessorTime = processorTime(pid);
let fromMs = performance.now();

function chooseKey(): number {
  if (values.once) {
    nextKey += step;
    return nextKey - step;
  }
  // xorshift32
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return (random >>> 0) % choices;
}

function ask(connection: H2Connection, call: Call): void {
  if (isStopping || (values.once && nextKey >= keys)) {
    if (underWay === 0) finish();
    return;
  }
  underWay++;
  call.key = chooseKey();
  call.isSampled = !values.unchecked && answers % SAMPLE === 0;
  call.startedMs = performance.now();
  connection.unary(call, operation);
}

function open(): H2Connection {
  const connection: H2Connection = new H2Connection({
    host: values.host,
    port: Number(values.port),
    path: operation.path,
    events: {
      onReady() {
        for (let slot = 0; slot < Number(values.streams); slot++) ask(connection, new Call(slot));
      },
      onAnswer(call) {
        underWay--;
        answers++;
        counted.add(performance.now() - call.startedMs);
        if (call.isSampled) {
          operation.check(messageOf(call), call.key, keys);
          checked++;
        }
        ask(connection, call);
      },
      onMessage() {},
      onFailure(reason) {
        throw new Error(`${values.operation}: ${reason}`);
      },
    },
  });
  return connection;
}

function begin(): void {
  counted = new Histogram();
  checked = 0;
  from = processorTime(pid);
  fromMs = performance.now();
}

let isReported = false;
function report(): void {
  if (isReported) return;
  isReported = true;
  const to = processorTime(pid);
  const seconds = (performance.now() - fromMs) / 1000;
  const { count } = counted;
  const result: LoadReport = {
    operations: count,
    perSecond: count / seconds,
    p50Ms: counted.quantileMs(0.5),
    p99Ms: counted.quantileMs(0.99),
    maxMs: counted.maxMs,
    checked,
    serverMicros: ((to.server - from.server) * 1e6) / count,
    clientMicros: ((to.client - from.client) * 1e6) / count,
    foreignCores: foreignCores(from, to, seconds),
  };
  process.stdout.write(JSON.stringify(result));
}

function finish(): void {
  report();
  for (const connection of connections) connection.close();
}

const connections = Array.from({ length: Number(values.connections) }, open);
if (!values.once) {
  const warmMs = Number(values.warm) * 1000;
  setTimeout(begin, warmMs);
  setTimeout(
    () => {
      report();
      isStopping = true;
    },
    warmMs + Number(values.seconds) * 1000,
  );
}
