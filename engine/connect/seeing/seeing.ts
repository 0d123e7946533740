import type { Clock, Random } from "@plinth/clock";
import type { Log } from "@plinth/log";
import type { TapFilter } from "@plinth/resource";
import type { Edge } from "../edge.ts";
import type { AccessFormat } from "./access-line.ts";
import { AccessLog } from "./access-log.ts";
import { Sighting, type SightingBegin, type Watcher } from "./sighting.ts";
import { Tap, type TapSink } from "./tap.ts";
import { TAPS_MAX } from "./limits.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Trace } from "./trace.ts";
import { Tracer } from "./tracer.ts";

/** What went out of spans, and what was lost of them and of the access log. */
export interface SeeingCounts {
  readonly sent: number;
  readonly dropped: number;
  readonly accessDropped: number;
}

/**
 * Who looks at requests. While nobody does, `active` is false and the request path asks nothing else; what is made
 * for a request that somebody sees is one `Sighting`.
 */
export class Seeing {
  active = false;
  /** Somebody wants to see requests whether they are sampled or not. */
  watched = false;
  /** Set where trace context is kept. */
  tracer: Tracer | undefined = undefined;
  /** Sightings made so far: none while nobody looks. */
  sightings = 0;
  readonly clock: Clock;
  /** Set where one is written; only then are the headers that it shows read. */
  accessLog: AccessLog | undefined = undefined;
  readonly #accessDirectory: string | undefined;
  #accessFormat: AccessFormat | undefined = undefined;
  readonly #random: Random;
  readonly #log: Log;
  #exporter: OtlpExporter | undefined = undefined;
  #tracesKey: string | undefined = undefined;
  readonly #taps: Set<Tap> = new Set();
  #nextId = 1;

  /** `accessDirectory`: where access logs go; undefined where none can be kept. */
  constructor(clock: Clock, random: Random, log: Log, accessDirectory: string | undefined) {
    this.#accessDirectory = accessDirectory;
    this.clock = clock;
    this.#random = random;
    this.#log = log;
  }

  get taps(): number {
    return this.#taps.size;
  }

  /** A request or connection begins; undefined when none of those who look wants to see it. */
  begin(edge: Edge, begin: SightingBegin, trace: Trace | undefined): Sighting | undefined {
    let first: Watcher | undefined = begin.protocol === "TCP" ? undefined : this.accessLog;
    let others: Watcher[] | undefined;
    for (const tap of this.#taps) {
      if (!tap.wants(edge, begin)) continue;
      if (first === undefined) first = tap;
      else (others ??= []).push(tap);
    }
    if (first === undefined && trace === undefined) return undefined;
    this.sightings++;
    return new Sighting(this, this.#nextId++, edge, begin, { first, others, trace });
  }

  /** Begins to tell a sink of what the filter asks for; undefined when there are too many already. */
  tap(filter: TapFilter, sink: TapSink): Tap | undefined {
    if (this.#taps.size >= TAPS_MAX) return undefined;
    const tap = new Tap(filter, sink, this.clock, () => {
      this.#taps.delete(tap);
      this.#look();
    });
    this.#taps.add(tap);
    this.#look();
    return tap;
  }

  #look(): void {
    this.watched = this.#taps.size > 0 || this.accessLog !== undefined;
    this.active = this.watched || this.tracer !== undefined;
  }

  /** Takes over what a snapshot asks for; what stays as it is goes on. */
  configure(telemetry: Telemetry | undefined): void {
    const traces = telemetry?.traces ?? undefined;
    const key = JSON.stringify(traces);
    if (key !== this.#tracesKey) {
      this.#tracesKey = key;
      const before = this.#exporter;
      // What is left of the old goes out beside the new.
      if (before !== undefined) void before[Symbol.asyncDispose]();
      this.#exporter = traces === undefined ? undefined : new OtlpExporter(traces.url, this.clock, this.#log);
      this.tracer =
        traces === undefined
          ? undefined
          : new Tracer(traces.ratio, this.#exporter!, this.clock, this.#random);
    }
    this.#configureAccessLog(telemetry?.accessLog?.format);
    this.#look();
  }

  #configureAccessLog(format: AccessFormat | undefined): void {
    const directory = this.#accessDirectory;
    if (format === this.#accessFormat || directory === undefined) return;
    this.#accessFormat = format;
    void this.accessLog?.[Symbol.asyncDispose]();
    this.accessLog =
      format === undefined ? undefined : new AccessLog(directory, format, this.clock, this.#log);
  }

  get counts(): SeeingCounts {
    const { sent = 0, dropped = 0 } = this.#exporter ?? {};
    return { sent, dropped, accessDropped: this.accessLog?.dropped ?? 0 };
  }

  /** Ends every tap, and gets rid of spans and lines that are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const tap of this.#taps) tap[Symbol.dispose]();
    await Promise.all([this.#exporter?.[Symbol.asyncDispose](), this.accessLog?.[Symbol.asyncDispose]()]);
  }
}
