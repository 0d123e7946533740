import { type WatchCreateRequest, WatchFilter } from "@plinth/etcd";
import type { Event, KeyRange, Mvcc, Watch } from "../mvcc.ts";

/** One watcher of a stream: what it asked for, and its place in the store's log. */
export class StreamWatcher {
  readonly id: bigint;
  /** As asked for; 0: none. */
  readonly startRevision: number;
  readonly progressNotify: boolean;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly watch: Watch;
  /** No event was sent since the last look at whether to tell of progress. */
  quiet = true;
  /** Events have been taken from the watch and wait for the connection. */
  sending = false;
  readonly #abort: AbortController = new AbortController();
  readonly #noPut: boolean;
  readonly #noDelete: boolean;

  constructor(id: bigint, request: WatchCreateRequest, fromRevision: number, store: Mvcc, range: KeyRange) {
    this.id = id;
    this.startRevision = request.startRevision;
    this.progressNotify = request.progressNotify;
    this.prevKv = request.prevKv;
    this.fragment = request.fragment;
    this.#noPut = request.filters.includes(WatchFilter.noPut);
    this.#noDelete = request.filters.includes(WatchFilter.noDelete);
    this.watch = store.watch(range, { fromRevision, previous: request.prevKv, signal: this.#abort.signal });
  }

  get cancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  cancel(): void {
    this.#abort.abort();
  }

  wants(event: Event): boolean {
    return event.kind === "put" ? !this.#noPut : !this.#noDelete;
  }
}
