import { WATCHERS_MAX } from "./limits.ts";
import { type KeyRange, StoreError, type WatchOptions } from "./mvcc.ts";
import { MvccWatcher, SharedEvents, type WatchSource } from "./mvcc-watcher.ts";
import type { Records } from "./range-read.ts";
import { boundsOf, checkRange } from "./request-check.ts";
import type { Version } from "./version-index.ts";

/** All watchers of one store. */
export class WatcherSet {
  readonly #events: SharedEvents;
  readonly #watchers: Set<MvccWatcher> = new Set();

  constructor(records: Records) {
    this.#events = new SharedEvents(records);
  }

  /** StoreError `too-many-requests` where there are as many as may be. */
  open(source: WatchSource, range: KeyRange, options: WatchOptions): MvccWatcher {
    checkRange(range);
    if (this.#watchers.size >= WATCHERS_MAX) {
      throw new StoreError("too-many-requests", `Cannot watch: ${WATCHERS_MAX} watches are open already`);
    }
    const fromRevision = options.fromRevision || source.revision + 1;
    const watcher = new MvccWatcher(
      source,
      this.#events,
      boundsOf(range),
      { ...options, fromRevision },
      (ended) => this.#watchers.delete(ended),
    );
    this.#watchers.add(watcher);
    return watcher;
  }

  /** Tells of commits `from` to `to`, which wrote these versions. */
  notice(from: number, to: number, versions: readonly Version[]): void {
    this.#events.clear();
    const keys = versions.map((version) => version.key).sort();
    for (const watcher of this.#watchers) watcher.notice(from, to, keys);
  }

  /** Ends every watch with an error at its next step. */
  fail(error: StoreError): void {
    for (const watcher of this.#watchers) watcher.fail(error);
  }
}
