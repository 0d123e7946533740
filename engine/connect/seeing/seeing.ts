import type { Clock } from "@plinth/clock";
import type { TapFilter } from "@plinth/resource";
import type { Edge } from "../edge.ts";
import { Sighting, type SightingBegin, type Watcher } from "./sighting.ts";
import { Tap, type TapSink } from "./tap.ts";
import { TAPS_MAX } from "./limits.ts";

/**
 * Who looks at requests. While nobody does, `active` is false and the request path asks nothing else; what is made
 * for a request that somebody sees is one `Sighting`.
 */
export class Seeing {
  active = false;
  /** Sightings made so far: none while nobody looks. */
  sightings = 0;
  readonly clock: Clock;
  readonly #taps: Set<Tap> = new Set();
  #nextId = 1;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get taps(): number {
    return this.#taps.size;
  }

  /** A request or connection begins; undefined when none of those who look wants to see it. */
  begin(edge: Edge, begin: SightingBegin): Sighting | undefined {
    let first: Watcher | undefined;
    let others: Watcher[] | undefined;
    for (const tap of this.#taps) {
      if (!tap.wants(edge, begin)) continue;
      if (first === undefined) first = tap;
      else (others ??= []).push(tap);
    }
    if (first === undefined) return undefined;
    this.sightings++;
    return new Sighting(this, this.#nextId++, edge, begin, first, others);
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
    this.active = this.#taps.size > 0;
  }

  /** Ends every tap. */
  [Symbol.dispose](): void {
    for (const tap of this.#taps) tap[Symbol.dispose]();
  }
}
