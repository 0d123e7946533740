import { quantile } from "@plinth/metrics";
import type { ByteRates, Traffic } from "@plinth/resource";
import { edgeKey } from "./steady-counters.ts";

/** One (caller, callee) edge's counters since the proxy's start, as the proxy tells them. */
export interface EdgeCounters {
  readonly app: string;
  readonly caller: string;
  readonly calleeApp: string;
  readonly callee: string;
  readonly route: string;
  readonly success: number;
  readonly failure: number;
  /** Upper bounds of the latency buckets in milliseconds; one more count than bounds: the last is unbounded. */
  readonly latencyBoundsMs: readonly number[];
  readonly latencyCounts: readonly number[];
  readonly tcpOpen: number;
  readonly requests: number;
  readonly http2Requests: number;
  readonly grpcRequests: number;
  readonly retries: number;
  readonly opaqueOpened: number;
  readonly opaqueReadBytes: number;
  readonly opaqueWriteBytes: number;
  /** Requests sent to other hosts, over mutual TLS; none where hosts are not linked. */
  readonly overLinks?: number;
}

/** Bytes exchanged with a service's instances since the proxy's start. */
export interface ServiceCounters {
  readonly app: string;
  readonly service: string;
  readonly readBytes: number;
  readonly writeBytes: number;
}

export interface Sample {
  readonly atMs: number;
  readonly edges: readonly EdgeCounters[];
  readonly services: readonly ServiceCounters[];
}

/** How far back rates and percentiles look: short enough to see a deploy, long enough to be calm. */
export const WINDOW_SECONDS = 10;

/** Keeps the last seconds of counters that never go back and tells rates, success and percentiles over them. */
export class TrafficWindow {
  readonly #samples: Sample[] = [];

  add(sample: Sample): void {
    this.#samples.push(sample);
    while (this.#samples.length > 2 && sample.atMs - this.#samples[1]!.atMs >= WINDOW_SECONDS * 1000) {
      this.#samples.shift();
    }
  }

  get newest(): readonly EdgeCounters[] {
    return this.#samples.at(-1)?.edges ?? [];
  }

  /** How much all edges that `includes` picks have counted per second, over the window. */
  rate(
    includes: (edge: EdgeCounters) => boolean,
    counter: "retries" | "opaqueReadBytes" | "opaqueWriteBytes",
  ): number {
    const earlier = new Map(this.#samples[0]?.edges.map((edge) => [edgeKey(edge), edge[counter]]));
    let sum = 0;
    for (const edge of this.newest)
      if (includes(edge)) sum += edge[counter] - (earlier.get(edgeKey(edge)) ?? 0);
    return this.#perSecond(sum);
  }

  /** What a service's instances read and wrote, over the window. */
  byteRates(app: string, service: string): ByteRates {
    const isIt = (one: ServiceCounters): boolean => one.app === app && one.service === service;
    const first = this.#samples[0]?.services.find(isIt);
    const last = this.#samples.at(-1)?.services.find(isIt);
    const grown = (which: "readBytes" | "writeBytes"): number =>
      this.#perSecond((last?.[which] ?? 0) - (first?.[which] ?? 0));
    // What the proxy wrote to them is what they read.
    return { readBytesPerSecond: grown("writeBytes"), writeBytesPerSecond: grown("readBytes") };
  }

  #perSecond(sum: number): number {
    const spanMs = (this.#samples.at(-1)?.atMs ?? 0) - (this.#samples[0]?.atMs ?? 0);
    return spanMs > 0 ? sum / (spanMs / 1000) : 0;
  }

  /** The traffic of all edges that `includes` picks, over the window. */
  traffic(includes: (edge: EdgeCounters) => boolean): Traffic {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return NO_TRAFFIC;
    const earlier = new Map(first.edges.map((edge) => [edgeKey(edge), edge]));
    let success = 0;
    let failure = 0;
    let bounds: readonly number[] = [];
    const counts: number[] = [];
    for (const edge of last.edges) {
      if (!includes(edge)) continue;
      const base = earlier.get(edgeKey(edge));
      success += edge.success - (base?.success ?? 0);
      failure += edge.failure - (base?.failure ?? 0);
      bounds = edge.latencyBoundsMs;
      edge.latencyCounts.forEach((count, index) => {
        counts[index] = (counts[index] ?? 0) + count - (base?.latencyCounts[index] ?? 0);
      });
    }
    const requests = success + failure;
    if (requests === 0) return NO_TRAFFIC;
    return {
      successRate: success / requests,
      rps: requests / ((last.atMs - first.atMs) / 1000),
      latencyP50Ms: quantile(bounds, counts, 0.5) ?? null,
      latencyP95Ms: quantile(bounds, counts, 0.95) ?? null,
      latencyP99Ms: quantile(bounds, counts, 0.99) ?? null,
    };
  }
}

const NO_TRAFFIC: Traffic = {
  successRate: null,
  rps: 0,
  latencyP50Ms: null,
  latencyP95Ms: null,
  latencyP99Ms: null,
};
