import { WATCH_BATCH_EVENTS, WATCH_SCAN_RECORDS } from "./limits.ts";
import { type ByteString, type Event, StoreError, type Watch } from "./mvcc.ts";
import { keyValueOf, type Records } from "./range-read.ts";
import { type Bounds, isInside } from "./request-check.ts";
import type { Version } from "./version-index.ts";

/** What a watcher needs of its store. */
export interface WatchSource {
  readonly records: Records;
  readonly revision: number;
  readonly compactedRevision: number;
}

function eventOf(records: Records, version: Version): Event {
  const before = records.index.at(version.key, version.revision - 1);
  return {
    kind: version.deleted ? "delete" : "put",
    kv: keyValueOf(records, version),
    previous: before && keyValueOf(records, before),
  };
}

/**
 * A place in the store's log, not a queue: a slow reader holds no events in memory. Invariant: every matching event
 * before `#next` has been handed out, and none from it on.
 */
export class MvccWatcher implements Watch, AsyncIterator<readonly Event[]> {
  readonly #source: WatchSource;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal;
  readonly #onEnd: (watcher: MvccWatcher) => void;
  #next: number;
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: StoreError | undefined;

  constructor(
    source: WatchSource,
    bounds: Bounds,
    fromRevision: number,
    signal: AbortSignal,
    onEnd: (watcher: MvccWatcher) => void,
  ) {
    this.#source = source;
    this.#bounds = bounds;
    this.#signal = signal;
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
    const start = records.index.logPosition(this.#next);
    for (let position = start; ; position++) {
      const version = records.index.logged(position);
      if (version === undefined || version.revision > revision) {
        this.#next = revision + 1;
        return events;
      }
      if (version.revision !== this.#next) {
        this.#next = version.revision;
        if (events.length >= WATCH_BATCH_EVENTS || position - start >= WATCH_SCAN_RECORDS) return events;
      }
      if (isInside(version.key, this.#bounds)) events.push(eventOf(records, version));
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
