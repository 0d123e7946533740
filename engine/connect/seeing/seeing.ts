import type { Clock, Random } from "@plinth/clock";
import type { Log } from "@plinth/log";
import type { TapFilter } from "@plinth/resource";
import type { Edge } from "../edge.ts";
import { Sighting, type SightingBegin, type Watcher } from "./sighting.ts";
import { Tap, type TapSink } from "./tap.ts";
import { TAPS_MAX } from "./limits.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Trace } from "./trace.ts";
import { Tracer } from "./tracer.ts";

/** Spans that the collector has taken, and that were lost. */
export interface SpanCounts {
  readonly sent: number;
  readonly dropped: number;
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
  readonly #random: Random;
  readonly #log: Log;
  #exporter: OtlpExporter | undefined = undefined;
  #tracesKey: string | undefined = undefined;
  readonly #taps: Set<Tap> = new Set();
  #nextId = 1;

  constructor(clock: Clock, random: Random, log: Log) {
    this.clock = clock;
    this.#random = random;
    this.#log = log;
  }

  get taps(): number {
    return this.#taps.size;
  }

  /** A request or connection begins; undefined when none of those who look wants to see it. */
  begin(edge: Edge, begin: SightingBegin, trace: Trace | undefined): Sighting | undefined {
    let first: Watcher | undefined;
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
    this.watched = this.#taps.size > 0;
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
    this.#look();
  }

  get spans(): SpanCounts {
    const { sent = 0, dropped = 0 } = this.#exporter ?? {};
    return { sent, dropped };
  }

  /** Ends every tap, and sends what is left of spans. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const tap of this.#taps) tap[Symbol.dispose]();
    await this.#exporter?.[Symbol.asyncDispose]();
  }
}
