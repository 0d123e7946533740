import { type Clock, isoTime } from "@plinth/clock";
import type { TapEvent, TapFilter } from "@plinth/resource";
import type { Edge } from "../edge.ts";
import { TAP_FLUSH_MS, TAP_QUEUE_MAX, TAP_RPS_USUAL, TAP_TEXT_MAX } from "./limits.ts";
import type { Sighting, SightingBegin, Watcher } from "./sighting.ts";

/** Takes a tap's events, as lines of JSON. */
export interface TapSink {
  /** False: no more until `Tap.resume`. */
  write(lines: string): boolean;
}

const SECOND_MS = 1_000;

/**
 * One reader of live requests. Invariants: a slow reader never holds a request back, what it is too slow for is
 * dropped and counted; of a request either all events are queued in order or some are dropped, never others' mixed in.
 */
export class Tap implements Watcher, Disposable {
  readonly #filter: TapFilter;
  readonly #status: RegExp | undefined;
  readonly #method: string | undefined;
  readonly #maxRps: number;
  readonly #sink: TapSink;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #queue: TapEvent[] = [];
  #cancelFlush: (() => void) | undefined = undefined;
  #isFull = false;
  #isOver = false;
  #secondMs = -SECOND_MS;
  #shown = 0;
  #overRate = 0;
  #dropped = 0;

  constructor(filter: TapFilter, sink: TapSink, clock: Clock, onEnd: () => void) {
    this.#filter = filter;
    this.#status =
      filter.status === undefined ? undefined : new RegExp(`^${filter.status.replace(/x/gi, "[0-9]")}$`);
    this.#method = filter.method?.toUpperCase();
    this.#maxRps = filter.maxRps ?? TAP_RPS_USUAL;
    this.#sink = sink;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** Whether a request that begins is one to show; it is counted against the rate. */
  wants(edge: Edge, { method, path, protocol, startedMs }: SightingBegin): boolean {
    const { app, from, to, path: prefix } = this.#filter;
    if (app !== undefined && edge.calleeApp !== app && edge.app !== app) return false;
    if (from !== undefined && edge.caller !== from) return false;
    if (to !== undefined && edge.service !== to) return false;
    if (this.#method !== undefined && method !== this.#method) return false;
    if (prefix !== undefined && !path.startsWith(prefix)) return false;
    if (this.#status !== undefined) return protocol !== "TCP"; // shown, and counted, once there is one
    return this.#withinRate(startedMs);
  }

  #withinRate(nowMs: number): boolean {
    if (nowMs - this.#secondMs >= SECOND_MS) {
      this.#secondMs = nowMs;
      this.#shown = 0;
    }
    if (this.#shown < this.#maxRps) {
      this.#shown++;
      return true;
    }
    this.#overRate++;
    this.#flushSoon();
    return false;
  }

  began(sighting: Sighting): void {
    if (this.#status === undefined) this.#push(this.#beginOf(sighting));
  }

  headed(sighting: Sighting): void {
    const { status, latencyMs, instance, address } = sighting;
    if (this.#status !== undefined) {
      if (!this.#accepts(sighting)) return;
      this.#push(this.#beginOf(sighting));
    }
    this.#push({
      type: "response",
      id: idText(sighting),
      status,
      latencyUs: micros(latencyMs),
      instance: instance === "" ? null : instance,
      address: address === "" ? null : address,
    });
  }

  /** Whether a request that has its answer is one to show. */
  #accepts(sighting: Sighting): boolean {
    if (!this.#status!.test(String(sighting.status))) return false;
    const isShown = this.#withinRate(this.#clock.monotonic());
    if (isShown) this.#accepted.add(sighting);
    return isShown;
  }

  /** Of those chosen by their status, the ones that were shown. */
  readonly #accepted: WeakSet<Sighting> = new WeakSet();

  ended(sighting: Sighting): void {
    if (this.#status !== undefined && !this.#accepted.has(sighting)) return;
    const { durationMs, error, instance, address, grpcStatus } = sighting;
    const id = idText(sighting);
    const durationUs = micros(durationMs);
    const problem = error === "" ? null : error;
    if (sighting.begin.protocol === "TCP") {
      const { readBytes, writeBytes } = sighting;
      const where = { instance: instance === "" ? null : instance, address: address === "" ? null : address };
      this.#push({ type: "close", id, durationUs, ...where, readBytes, writeBytes, error: problem });
      return;
    }
    const { responseBytes, retries } = sighting;
    const status = grpcStatus < 0 ? null : grpcStatus;
    this.#push({ type: "end", id, durationUs, responseBytes, grpcStatus: status, retries, error: problem });
  }

  #beginOf(sighting: Sighting): TapEvent {
    const { edge, begin } = sighting;
    const { protocol, method, authority, path, client, startedMs } = begin;
    const common = {
      id: idText(sighting),
      at: isoTime(this.#clock.now() - (this.#clock.monotonic() - startedMs)),
      callerApp: edge.app,
      caller: edge.caller,
      app: edge.calleeApp,
      callee: edge.service,
      client,
    };
    if (protocol === "TCP") return { type: "open", ...common, protocol };
    const shown = this.#filter.query === true ? path : path.replace(/\?.*/s, "");
    return {
      type: "request",
      ...common,
      protocol,
      route: edge.route,
      method: method.slice(0, TAP_TEXT_MAX),
      authority: authority.slice(0, TAP_TEXT_MAX),
      path: shown.slice(0, TAP_TEXT_MAX),
    };
  }

  #push(event: TapEvent): void {
    if (this.#isOver) return;
    if (this.#queue.length >= TAP_QUEUE_MAX) this.#dropped++;
    else this.#queue.push(event);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isFull || this.#isOver) return;
    this.#cancelFlush ??= this.#clock.schedule(TAP_FLUSH_MS, () => {
      this.#cancelFlush = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    const events = this.#queue;
    this.#queue = [];
    if (this.#overRate > 0 || this.#dropped > 0) {
      events.push({ type: "missed", overRate: this.#overRate, dropped: this.#dropped });
      this.#overRate = 0;
      this.#dropped = 0;
    }
    if (events.length === 0) return;
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    this.#isFull = !this.#sink.write(lines);
  }

  /** The sink can take more. */
  resume(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    if (!this.#isOver) this.#flush();
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#queue = [];
    this.#onEnd();
  }
}

const idText = ({ id }: Sighting): string => `${process.pid}:${id}`;
const micros = (ms: number): number => Math.round(ms * 1_000);
