import { WATCH_BATCH_BYTES, WATCH_BATCH_EVENTS, WATCH_SCAN_RECORDS } from "./limits.ts";
import { type ByteString, type Event, StoreError, type Watch, type WatchOptions } from "./mvcc.ts";
import { keyValueOf, type Records } from "./range-read.ts";
import { type Bounds, isInside } from "./request-check.ts";
import type { Version } from "./version-index.ts";

/** What a watcher needs of its store. */
export interface WatchSource {
  readonly records: Records;
  readonly revision: number;
  readonly compactedRevision: number;
}

const valueBytesOf = ({ kv, previous }: Event): number =>
  kv.value.length + (previous === undefined ? 0 : previous.value.length);

/** Kept events, and bytes of their values: the newest commits', for which many watchers ask within a moment. */
const SHARED_MAX = 256;
const SHARED_BYTES_MAX = 2 ** 20;

/** Events made of versions, the newest of them kept until there are newer ones: all watchers are handed the same. */
export class SharedEvents {
  readonly #records: Records;
  /** Without and with what the key held before. */
  readonly #kept: readonly [Map<Version, Event>, Map<Version, Event>] = [new Map(), new Map()];
  #bytes = 0;

  constructor(records: Records) {
    this.#records = records;
  }

  /** Forgets what was kept: newer ones will be asked for. */
  clear(): void {
    for (const kept of this.#kept) kept.clear();
    this.#bytes = 0;
  }

  eventOf(version: Version, previous: boolean): Event {
    const kept = this.#kept[previous ? 1 : 0];
    let event = kept.get(version);
    if (event !== undefined) return event;
    const records = this.#records;
    const before = previous ? records.index.at(version.key, version.revision - 1) : undefined;
    event = {
      kind: version.deleted ? "delete" : "put",
      kv: keyValueOf(records, version),
      previous: before && keyValueOf(records, before),
    };
    const bytes = valueBytesOf(event);
    if (kept.size < SHARED_MAX && this.#bytes + bytes <= SHARED_BYTES_MAX) {
      kept.set(version, event);
      this.#bytes += bytes;
    }
    return event;
  }
}

/**
 * A place in the store's log, not a queue: a slow reader holds one batch of events in memory. Invariant: every matching event
 * before `#next` has been handed out, and none from it on.
 */
export class MvccWatcher implements Watch, AsyncIterator<readonly Event[]> {
  readonly #source: WatchSource;
  readonly #events: SharedEvents;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal;
  readonly #previous: boolean;
  readonly #onEnd: (watcher: MvccWatcher) => void;
  #next: number;
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: StoreError | undefined;

  constructor(
    source: WatchSource,
    events: SharedEvents,
    bounds: Bounds,
    { signal, fromRevision, previous = true }: WatchOptions & { readonly fromRevision: number },
    onEnd: (watcher: MvccWatcher) => void,
  ) {
    this.#source = source;
    this.#events = events;
    this.#bounds = bounds;
    this.#signal = signal;
    this.#previous = previous;
    this.#onEnd = onEnd;
    this.#next = fromRevision;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get progress(): number {
    return Math.min(this.#next - 1, this.#source.revision);
  }

  /** Tells of commits `from` to `to`, with their keys in order. One that they do not concern moves on without waking. */
  notice(from: number, to: number, keys: readonly ByteString[]): void {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keys[middle]! < this.#bounds.key) low = middle + 1;
      else high = middle;
    }
    const key = keys[low];
    if (key !== undefined && isInside(key, this.#bounds)) this.#rouse();
    else if (this.#next === from) this.#next = to + 1;
  }

  /** Ends the watch with an error at its next step. */
  fail(error: StoreError): void {
    this.#failure = error;
    this.#rouse();
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Event[]> {
    return this;
  }

  async next(): Promise<IteratorResult<readonly Event[]>> {
    for (;;) {
      if (this.#signal.aborted) {
        this.#end();
        throw this.#signal.reason;
      }
      if (this.#ended) return { done: true, value: undefined };
      if (this.#failure !== undefined) {
        this.#end();
        throw this.#failure;
      }
      if (this.#next > this.#source.revision) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const events = this.#collect();
      if (events.length > 0) return { done: false, value: events };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async return(): Promise<IteratorResult<readonly Event[]>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** Takes events from the log, whole revisions at a time, and moves the place behind them. */
  #collect(): Event[] {
    const { records, revision, compactedRevision } = this.#source;
    if (this.#next < compactedRevision) {
      this.#end();
      throw new StoreError(
        "compacted",
        `Cannot watch from revision ${this.#next}: history before ${compactedRevision} is compacted`,
        compactedRevision,
      );
    }
    const events: Event[] = [];
    let bytes = 0;
    const start = records.index.logPosition(this.#next);
    for (let position = start; ; position++) {
      const version = records.index.logged(position);
      if (version === undefined || version.revision > revision) {
        this.#next = revision + 1;
        return events;
      }
      if (version.revision !== this.#next) {
        this.#next = version.revision;
        const isFull = events.length >= WATCH_BATCH_EVENTS || bytes >= WATCH_BATCH_BYTES;
        if (isFull || position - start >= WATCH_SCAN_RECORDS) return events;
      }
      if (!isInside(version.key, this.#bounds)) continue;
      const event = this.#events.eventOf(version, this.#previous);
      events.push(event);
      bytes += valueBytesOf(event);
    }
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Also lets go of a watch that nobody reads. */
  readonly #onAbort = (): void => {
    this.#onEnd(this);
    this.#rouse();
  };

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#onEnd(this);
    this.#rouse();
  }
}
