import { Fault } from "@plinth/fault";
import type { KeyIndex, Version } from "./key-index.ts";
import { WATCH_BATCH_EVENTS, WATCH_SCAN_RECORDS } from "./limits.ts";
import type { Watch, WatchEvent } from "./store.ts";

/** What a watcher needs of its store. */
export interface WatchSource {
  readonly index: KeyIndex;
  readonly revision: number;
  readonly compactedRevision: number;
  eventOf(version: Version): WatchEvent;
}

/**
 * A place in the store's log, not a queue: a slow reader holds no events in memory. Invariant: every matching event
 * before `#next` has been handed out, and none from it on.
 */
export class Watcher implements Watch, AsyncIterator<readonly WatchEvent[]> {
  readonly #source: WatchSource;
  readonly #prefix: string;
  readonly #signal: AbortSignal;
  readonly #onEnd: (watcher: Watcher) => void;
  #next: number;
  #wake: (() => void) | undefined;
  #ended = false;
  #failure: Fault | undefined;

  constructor(
    source: WatchSource,
    prefix: string,
    fromRevision: number,
    signal: AbortSignal,
    onEnd: (watcher: Watcher) => void,
  ) {
    this.#source = source;
    this.#prefix = prefix;
    this.#signal = signal;
    this.#onEnd = onEnd;
    this.#next = fromRevision;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  get progress(): number {
    return Math.min(this.#next - 1, this.#source.revision);
  }

  /** Tells of commits `from` to `to`, which wrote `keys`. A watcher they do not concern moves on without waking. */
  notice(from: number, to: number, keys: readonly string[]): void {
    if (keys.some((key) => key.startsWith(this.#prefix))) this.#rouse();
    else if (this.#next === from) this.#next = to + 1;
  }

  /** Ends the watch with a fault at its next step. */
  fail(fault: Fault): void {
    this.#failure = fault;
    this.#rouse();
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly WatchEvent[]> {
    return this;
  }

  async next(): Promise<IteratorResult<readonly WatchEvent[]>> {
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

  async return(): Promise<IteratorResult<readonly WatchEvent[]>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** Takes events from the log, whole revisions at a time, and moves the place behind them. */
  #collect(): WatchEvent[] {
    const { index, revision, compactedRevision } = this.#source;
    if (this.#next <= compactedRevision) {
      this.#end();
      throw new Fault(
        "gone",
        `Cannot watch from revision ${this.#next}: history up to ${compactedRevision} is compacted`,
        { hint: "List again and watch from the list's revision." },
      );
    }
    const events: WatchEvent[] = [];
    const start = index.logPosition(this.#next);
    for (let position = start; ; position++) {
      const version = index.logged(position);
      if (version === undefined || version.revision > revision) {
        this.#next = revision + 1;
        return events;
      }
      const newRevision = version.revision !== this.#next;
      const enough = events.length >= WATCH_BATCH_EVENTS || position - start >= WATCH_SCAN_RECORDS;
      if (newRevision) {
        this.#next = version.revision;
        if (enough) return events;
      }
      if (version.key.startsWith(this.#prefix)) events.push(this.#source.eventOf(version));
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
