import { type Clock, Condition, systemClock } from "@plinth/clock";
import { WatchCreateRequest, WatchRequest, type WatchResponse, watchService } from "@plinth/etcd";
import { messageOf } from "@plinth/fault";
import { type ClientCall, GrpcError } from "@plinth/grpc";
import type { Backend } from "../client/backend.ts";
import { eventOf, revisionOf } from "../client/from-wire.ts";
import { rangeEndOf } from "../client/to-wire.ts";
import type { Event, KeyRange } from "../mvcc.ts";
import { connectTo } from "../server/test-server.ts";
import type { WatchRecord, WatchRecordResponse } from "./watch-checks.ts";

/** Before a stream that broke is opened again. */
const REOPEN_MS = 30;
/** Between two looks at how far a watcher is that says nothing. */
const LOOK_MS = 20;

/** Somebody who watches and writes down what they are sent. */
export interface Watcher extends AsyncDisposable {
  /** All events up to this revision were sent. */
  readonly progress: number;
  /** Resolves once it has been sent everything up to a revision. */
  reach(revision: number, signal: AbortSignal): Promise<void>;
  /** One for each stream. */
  readonly records: readonly WatchRecord[];
}

interface OpenRecord extends WatchRecord {
  readonly responses: WatchRecordResponse[];
}

/** How far a watcher is, for those who wait for it. */
class Place {
  progress: number;
  readonly #moved: Condition;
  #failure: Error | undefined = undefined;

  constructor(clock: Clock, progress: number) {
    this.#moved = new Condition(clock);
    this.progress = progress;
  }

  move(progress: number): void {
    this.progress = Math.max(this.progress, progress);
    this.#moved.notifyAll();
  }

  fail(name: string, cause: unknown): void {
    this.#failure = new Error(`${name} has failed behind revision ${this.progress}: ${messageOf(cause)}`, {
      cause,
    });
    this.#moved.notifyAll();
  }

  async reach(name: string, revision: number, signal: AbortSignal): Promise<void> {
    while (this.progress < revision) {
      if (this.#failure !== undefined) throw this.#failure;
      if (signal.aborted)
        throw new Error(`${name} was not told of revision ${revision}, only of ${this.progress}`);
      await this.#moved.wait(LOOK_MS, signal);
    }
  }
}

/** Watches over the client, which goes on over streams by itself: all is one record. */
export async function clientWatcher(
  name: string,
  backend: Backend,
  range: KeyRange,
  fromRevision: number,
  clock: Clock = systemClock,
): Promise<Watcher & { readonly events: readonly Event[] }> {
  const stop = new AbortController();
  const place = new Place(clock, fromRevision - 1);
  const record: OpenRecord = { name, range, fromRevision, responses: [] };
  const events: Event[] = [];
  const watch = await backend.watch(range, { fromRevision, signal: stop.signal });
  const reading = (async () => {
    try {
      for await (const batch of watch) {
        record.responses.push({ events: batch, progress: watch.progress });
        events.push(...batch);
        place.move(watch.progress);
      }
    } catch (error) {
      if (!stop.signal.aborted) place.fail(name, error);
    }
  })();
  return {
    events,
    records: [record],
    get progress() {
      return place.progress;
    },
    reach: (revision, signal) => place.reach(name, revision, signal),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the watcher stops"));
      await reading;
    },
  };
}

export interface RawWatcherOptions {
  readonly port: number;
  readonly range: KeyRange;
  readonly fromRevision: number;
  /** Asks for progress after each response. Default: false. */
  readonly asksForProgress?: boolean;
  readonly clock?: Clock;
}

/** Watches by streams of its own, each from behind the last revision that the one before was sent. */
export function rawWatcher(name: string, options: RawWatcherOptions): Watcher {
  const { port, range, asksForProgress = false, clock = systemClock } = options;
  const stop = new AbortController();
  const place = new Place(clock, options.fromRevision - 1);
  const records: OpenRecord[] = [];

  const follow = async (call: ClientCall<WatchRequest, WatchResponse>): Promise<void> => {
    const fromRevision = place.progress + 1;
    const create = WatchCreateRequest.of({
      key: range.key,
      rangeEnd: rangeEndOf(range),
      startRevision: fromRevision,
      prevKv: true,
    });
    const record: OpenRecord = {
      name: `${name}, stream ${records.length}`,
      range,
      fromRevision,
      responses: [],
    };
    records.push(record);
    await call.send(WatchRequest.of({ create }));
    for await (const response of call.responses) {
      if (response.canceled) {
        const { cancelReason, compactRevision } = response;
        throw new Error(`${record.name} was cancelled: "${cancelReason}", compacted ${compactRevision}`);
      }
      const events = response.events.map(eventOf);
      if (events.length > 0) {
        record.responses.push({ events });
        place.move(events.at(-1)!.kv.modRevision);
        if (asksForProgress) await call.send(WatchRequest.of({ progress: {} }));
      } else if (!response.created) {
        const progress = revisionOf(response);
        record.responses.push({ events, progress });
        place.move(progress);
      }
    }
  };
  const running = (async () => {
    while (!stop.signal.aborted) {
      using client = connectTo(port);
      const call = client.grpc.open(watchService.watch, { signal: stop.signal });
      try {
        await follow(call);
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
      }
      await clock.sleep(REOPEN_MS, stop.signal).catch(() => {});
    }
  })().catch((error: unknown) => place.fail(name, error));
  return {
    records,
    get progress() {
      return place.progress;
    },
    reach: (revision, signal) => place.reach(name, revision, signal),
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the watcher stops"));
      await running;
    },
  };
}
