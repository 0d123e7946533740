/**
 * Watchers on prefixes, and puts at a constant rate. An event's time is counted from when its put was due, as it
 * arrives at its watcher. Prints a WatchReport as JSON; anything wrong ends it with exit code 1.
 */
import { parseArgs } from "node:util";
import {
  kvService,
  PutRequest,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
  watchService,
} from "@plinth/etcd";
import { Call, type ConnectionEvents, framed, H2Connection, type Template } from "./h2-connection.ts";
import { Histogram } from "./histogram.ts";
import { VALUE_BYTES } from "./operations.ts";
import { foreignCores, type ProcessorTime, processorTime } from "./processor-time.ts";

export interface WatchReport {
  readonly puts: number;
  /** Events due to all watchers together, and those that came. */
  readonly expected: number;
  readonly delivered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Processor time of the server and of the load itself, per put with all its events. */
  readonly serverMicros: number;
  readonly clientMicros: number;
  readonly foreignCores: number;
}

/** For events that are late: then they count as lost. */
const GRACE_MS = 10_000;
/** Puts under way at once: beyond it they are late, which counts as theirs. */
const PUTS_MAX = 200;
const DUE_CHARACTERS = 20;

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string" },
    watchers: { type: "string" },
    /** Watchers are dealt to them in turn. */
    prefixes: { type: "string" },
    /** Puts a second. */
    rate: { type: "string" },
    /** Puts go on for so long before any is counted, as in the other cases; all must arrive nevertheless. */
    warm: { type: "string", default: "0" },
    seconds: { type: "string" },
    /** Connections, each with one stream of watchers. */
    connections: { type: "string", default: "10" },
    pid: { type: "string" },
  },
});
const watchers = Number(values.watchers);
const prefixes = Number(values.prefixes);
const rate = Number(values.rate);
const pid = Number(values.pid);
const connections = Number(values.connections);
const uncounted = Math.round(rate * Number(values.warm));
const counted = Math.round(rate * Number(values.seconds));
const total = uncounted + counted;
const watchersPerPrefix = watchers / prefixes;
const expected = total * watchersPerPrefix;

const at = { host: values.host, port: Number(values.port) };
const prefixOf = (prefix: number): string => `watch/${String(prefix).padStart(4, "0")}/`;
const constant = (bytes: Buffer): Template => ({ framed: framed(bytes), fill: () => {} });

const histogram = new Histogram();
/** Of each watcher, the revision of the last put that it was told of. Puts under way at once may go in any order. */
const seen: Float64Array = new Float64Array(watchers).fill(-1);
let created = 0;
let put = 0;
let answered = 0;
let delivered = 0;
let underWay = 0;
let startMs = 0;
/** When the first put that counts was due, and the processor's time then. */
let countedMs = 0;
let from: ProcessorTime = processorTime(pid);
let cancelGrace: NodeJS.Timeout | undefined;

function fail(reason: string): never {
  throw new Error(`watch: ${reason}`);
}

function onResponse(message: Buffer): void {
  const { watchId, created: isCreated, canceled, events } = WatchResponse.decode(message);
  if (canceled) fail("a watcher was cancelled");
  if (isCreated && ++created === watchers) begin();
  const nowMs = performance.now();
  const watcher = Number(watchId) - 1;
  for (const { kv } of events) {
    if (!kv!.key.startsWith(prefixOf(watcher % prefixes))) fail("an event of another prefix came");
    if (kv!.modRevision <= seen[watcher]!) fail("events came out of order, or twice");
    seen[watcher] = kv!.modRevision;
    delivered++;
    const dueMs = Number(Buffer.from(kv!.value).toString("latin1", 0, DUE_CHARACTERS));
    if (dueMs >= countedMs) histogram.add(nowMs - dueMs);
  }
  finishIfDone();
}

const quiet: ConnectionEvents = { onReady() {}, onAnswer() {}, onMessage() {}, onFailure: fail };

/** A connection with one Watch call, and every so manieth watcher on it. */
function watch(index: number): H2Connection {
  const connection: H2Connection = new H2Connection({
    ...at,
    path: watchService.watch.path,
    events: {
      ...quiet,
      onReady() {
        const call = new Call(index);
        connection.stream(call);
        for (let watcher = index; watcher < watchers; watcher += connections) {
          const prefix = prefixOf(watcher % prefixes);
          const create = WatchCreateRequest.of({
            key: prefix,
            rangeEnd: `${prefix.slice(0, -1)}0`, // behind all that begins with the prefix, as "0" follows "/"
            watchId: BigInt(watcher + 1),
          });
          connection.send(call, constant(WatchRequest.encode(WatchRequest.of({ create }))));
        }
      },
      onMessage: (_, message) => onResponse(message),
    },
  });
  return connection;
}

const writer: H2Connection = new H2Connection({
  ...at,
  path: kvService.put.path,
  events: {
    ...quiet,
    onAnswer() {
      underWay--;
      answered++;
      finishIfDone();
    },
  },
});

function begin(): void {
  startMs = performance.now();
  // Values tell it to the microsecond.
  countedMs = Math.floor(startMs + (uncounted * 1000) / rate);
  turn();
}

function turn(): void {
  const nowMs = performance.now();
  for (; put < total && underWay < PUTS_MAX; put++) {
    const dueMs = startMs + (put * 1000) / rate;
    if (dueMs > nowMs) break;
    if (put === uncounted) from = processorTime(pid);
    const value = Buffer.alloc(VALUE_BYTES, "value ");
    value.write(dueMs.toFixed(3).padEnd(DUE_CHARACTERS), 0, "latin1");
    // Keys return, as those of things that are watched do.
    const key = `${prefixOf(put % prefixes)}${put % 7}`;
    underWay++;
    writer.unary(new Call(put), constant(PutRequest.encode(PutRequest.of({ key, value }))));
  }
  if (put < total) setTimeout(turn, 1);
  else cancelGrace = setTimeout(report, GRACE_MS);
}

function finishIfDone(): void {
  if (answered === total && delivered >= expected) report();
}

function report(): void {
  clearTimeout(cancelGrace);
  const to = processorTime(pid);
  const seconds = (performance.now() - countedMs) / 1000;
  for (const connection of [writer, ...watching]) connection.close();
  const result: WatchReport = {
    puts: counted,
    expected,
    delivered,
    p50Ms: histogram.quantileMs(0.5),
    p99Ms: histogram.quantileMs(0.99),
    maxMs: histogram.maxMs,
    serverMicros: ((to.server - from.server) * 1e6) / counted,
    clientMicros: ((to.client - from.client) * 1e6) / counted,
    foreignCores: foreignCores(from, to, seconds),
  };
  process.stdout.write(JSON.stringify(result));
}

const watching = Array.from({ length: connections }, (_, index) => watch(index));
