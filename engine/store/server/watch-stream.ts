import type { ResponseHeader, WatchCreateRequest, WatchRequest, WatchResponse } from "@plinth/etcd";
import { GrpcError } from "@plinth/grpc";
import { WatchResponse as WatchResponseMessage } from "@plinth/etcd";
import type { Calling } from "./auth/authority.ts";
import { StoreError } from "../mvcc.ts";
import { codeName } from "./metrics.ts";
import { Outbox } from "./outbox.ts";
import { refusalText, toRefusal } from "./refusal.ts";
import type { Serving } from "./serving.ts";
import { keyRangeOf } from "./to-store.ts";
import { responsesOf } from "./watch-responses.ts";
import { StreamWatcher } from "./stream-watcher.ts";

/** Watchers of one stream. Each may hold one batch while the connection is slow. */
const WATCHERS_PER_STREAM_MAX = 10_000;
/** No watcher: an answer to a request for progress is about all of them, and a refused watcher has no id. */
const NO_WATCHER = -1n;
/** Between two looks at whether all watchers have caught up, once progress was asked for. */
const PROGRESS_RETRY_MS = 100;

function valueBytesOf({ events }: WatchResponse): number {
  let bytes = 0;
  for (const { kv, prevKv } of events) bytes += (kv?.value.length ?? 0) + (prevKv?.value.length ?? 0);
  return bytes;
}

/** One Watch call: any number of watchers over one stream of responses. */
export class WatchStream implements AsyncIterable<WatchResponse> {
  onEnd: () => void = () => {};
  readonly #serving: Serving;
  readonly #caller: Calling;
  readonly #outbox: Outbox<WatchResponse> = new Outbox(valueBytesOf);
  readonly #watchers: Map<bigint, StreamWatcher> = new Map();
  #nextId = 0n;
  #ended = false;
  #cancelTick: () => void;
  #cancelProgress: (() => void) | undefined = undefined;

  constructor(serving: Serving, caller: Calling) {
    this.#serving = serving;
    this.#caller = caller;
    this.#cancelTick = this.#scheduleTick();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchResponse> {
    try {
      yield* this.#outbox;
    } finally {
      this.end();
    }
  }

  /** Ends every watcher, and the stream. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTick();
    this.#cancelProgress?.();
    for (const watcher of this.#watchers.values()) watcher.cancel();
    this.#serving.metrics.watchers -= this.#watchers.size;
    this.#watchers.clear();
    this.#outbox.end(error);
    this.onEnd();
  }

  /** Carries out requests as they come. A client that sends no more still gets its events. */
  async follow(requests: AsyncIterable<WatchRequest>): Promise<void> {
    try {
      for await (const { create, cancel, progress } of requests) {
        // While the client does not read, its requests wait too.
        if (!(await this.#outbox.room())) return;
        if (create !== undefined) this.#create(create);
        else if (cancel !== undefined) this.#cancel(cancel.watchId);
        else if (progress !== undefined) this.#cancelProgress ??= this.#scheduleProgress();
      }
    } catch (error) {
      this.end(toRefusal(error));
    }
  }

  #create(request: WatchCreateRequest): void {
    const { store } = this.#serving;
    // An empty key stands for the first one.
    const key = request.key === "" ? "\0" : request.key;
    const range = keyRangeOf(key, request.rangeEnd);
    const forbidden = this.#forbidden(key, request.rangeEnd);
    if (forbidden !== undefined) return this.#refuse(forbidden);
    if (range.end !== undefined && range.end !== "" && range.key >= range.end) {
      return this.#refuse("mvcc: watcher range is empty");
    }
    if (request.startRevision < 0) return this.#refuse(refusalText("compacted"));
    if (request.watchId !== 0n && this.#watchers.has(request.watchId)) {
      return this.#refuse("mvcc: duplicate watch ID provided on the WatchStream");
    }
    if (this.#watchers.size >= WATCHERS_PER_STREAM_MAX) return this.#refuse(refusalText("tooManyRequests"));
    const id = request.watchId === 0n ? this.#freeId() : request.watchId;
    const fromRevision = request.startRevision === 0 ? store.revision + 1 : request.startRevision;
    const watcher = new StreamWatcher(id, request, fromRevision, store, range);
    this.#watchers.set(id, watcher);
    this.#serving.metrics.watchers += 1;
    this.#push(this.#header(), { watchId: id, created: true });
    void this.#pump(watcher);
  }

  /** Why the caller may not watch, in the words in which Go's gRPC prints an error. */
  #forbidden(key: string, rangeEnd: string): string | undefined {
    try {
      this.#serving.authority.accessOf(this.#caller).read(key, rangeEnd);
      return undefined;
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error;
      return `rpc error: code = ${codeName(error.status)} desc = ${error.message}`;
    }
  }

  #freeId(): bigint {
    while (this.#watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #refuse(cancelReason: string): void {
    this.#push(this.#header(), { watchId: NO_WATCHER, created: true, canceled: true, cancelReason });
  }

  #cancel(id: bigint): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return;
    this.#forget(id);
    watcher.cancel();
    this.#push(this.#header(), { watchId: id, canceled: true });
  }

  #forget(id: bigint): void {
    if (this.#watchers.delete(id)) this.#serving.metrics.watchers -= 1;
  }

  async #pump(watcher: StreamWatcher): Promise<void> {
    const { member, limits } = this.#serving;
    try {
      for await (const events of watcher.watch) {
        watcher.sending = true;
        for (const part of responsesOf(events, watcher, limits.requestBytesMax)) {
          if (this.#outbox.isFull && !(await this.#outbox.room())) return;
          if (watcher.cancelled) return;
          watcher.quiet = false;
          this.#push(member.header(Math.max(part.revision, watcher.watch.progress)), part);
        }
        watcher.sending = false;
      }
    } catch (error) {
      if (watcher.cancelled) return;
      if (!(error instanceof StoreError && error.code === "compacted")) return this.end(toRefusal(error));
      if (!(await this.#outbox.room()) || watcher.cancelled) return;
      this.#forget(watcher.id);
      const { compactedRevision } = error;
      this.#push(member.header(0), {
        watchId: watcher.id,
        canceled: true,
        compactRevision: compactedRevision,
      });
    }
  }

  /** Tells watchers that asked for it, and have had no event since the last time, how far they are. */
  #scheduleTick(): () => void {
    const { clock, limits } = this.#serving;
    return clock.schedule(limits.progressIntervalMs, () => {
      // To a client that does not read, nothing more is told each time.
      const takes = !this.#outbox.isFull;
      for (const watcher of this.#watchers.values()) {
        if (takes && watcher.progressNotify && watcher.quiet) this.#tell(watcher.id, [watcher]);
        watcher.quiet = true;
      }
      this.#cancelTick = this.#scheduleTick();
    });
  }

  /** Answers a request for progress as soon as every watcher has caught up with the store; none: no answer. */
  #scheduleProgress(delayMs = 0): () => void {
    const { clock, store } = this.#serving;
    return clock.schedule(delayMs, () => {
      this.#cancelProgress = undefined;
      const watchers = [...this.#watchers.values()];
      if (watchers.length === 0 || this.#tell(NO_WATCHER, watchers)) return;
      // Those that wait for a future revision have no progress to tell.
      if (watchers.some((watcher) => watcher.startRevision > store.revision + 1)) return;
      this.#cancelProgress = this.#scheduleProgress(PROGRESS_RETRY_MS);
    });
  }

  /**
   * Tells that all events up to the store's revision have been sent; false when they have not, or when a watcher is to
   * hear of a later revision first. To be called by a timer: by then each watcher has taken what its watch handed out.
   */
  #tell(watchId: bigint, watchers: readonly StreamWatcher[]): boolean {
    const { revision } = this.#serving.store;
    const isBehind = ({ sending, watch, startRevision }: StreamWatcher): boolean =>
      sending || watch.progress < revision || startRevision > revision;
    if (watchers.some(isBehind)) return false;
    this.#push(this.#serving.member.header(revision), { watchId });
    return true;
  }

  #header(): ResponseHeader {
    return this.#serving.member.header();
  }

  #push(header: ResponseHeader, fields: Partial<WatchResponse>): void {
    this.#outbox.push(WatchResponseMessage.of({ ...fields, header }));
  }
}
