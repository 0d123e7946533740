import type { Clock, Random } from "@plinth/clock";
import {
  maintenanceService,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
} from "@plinth/etcd";
import { Fault } from "@plinth/fault";
import { type ClientCall, GrpcError, Status } from "@plinth/grpc";
import { type Event, type KeyRange, StoreError, type Watch } from "../mvcc.ts";
import type { BackendWatchOptions } from "./backend.ts";
import { backOff } from "./backoff.ts";
import { type Channel, RETRY } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { eventOf, revisionOf } from "./from-wire.ts";
import { answersProgress } from "./progress-version.ts";
import { rangeEndOf } from "./to-wire.ts";
import { cancelError, errorOf } from "./wire-errors.ts";

/** For a member to tell its version. */
const STATUS_TIMEOUT_MS = 5_000;

type WatchCall = ClientCall<WatchRequest, WatchResponse>;

export interface WatchSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** Between two questions of an idle watch how far it is. */
  readonly progressIntervalMs: number;
}

/** As in etcd's client; a proxy on the way may also cancel. */
const TRANSIENT: ReadonlySet<number> = new Set([Status.unavailable, Status.internal, Status.cancelled]);

/** What ends a watch for good; everything else is a reason to begin again. */
function isFinal(error: unknown): boolean {
  if (error instanceof StoreError) return true;
  if (error instanceof Fault) return error.code !== "unavailable" && error.code !== "exhausted";
  if (!(error instanceof GrpcError)) return true;
  return !TRANSIENT.has(error.status);
}

/**
 * A place in the store's history, `#next`: every event before it has been handed out, none from it on. A stream that
 * breaks is opened again from there, on whichever member answers. Each has a stream of its own, so that one which
 * is not read holds nobody up.
 */
export class RemoteWatch implements Watch {
  readonly #channel: Channel;
  readonly #range: KeyRange;
  readonly #options: BackendWatchOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #progressIntervalMs: number;
  readonly #events: AsyncGenerator<readonly Event[]>;
  #next: number;
  /** Events of a revision of which more is to come. */
  #held: Event[] = [];
  /** Attempts since a stream last said something. */
  #attempts = 0;

  constructor(
    channel: Channel,
    range: KeyRange,
    fromRevision: number,
    options: BackendWatchOptions,
    { clock, random, progressIntervalMs }: WatchSurroundings,
  ) {
    this.#channel = channel;
    this.#range = range;
    this.#next = fromRevision;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#progressIntervalMs = progressIntervalMs;
    this.#events = this.#follow();
  }

  get progress(): number {
    return this.#next - 1;
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Event[]> {
    return this.#events;
  }

  async *#follow(): AsyncGenerator<readonly Event[]> {
    const { signal, onInterrupted } = this.#options;
    let permissionRetried = false;
    for (;;) {
      signal.throwIfAborted();
      this.#attempts++;
      try {
        yield* this.#stream();
        throw new GrpcError(Status.unavailable, "the stream of events ended");
      } catch (error) {
        signal.throwIfAborted();
        this.#channel.closing.throwIfAborted();
        // Older servers say so of a token that has ended, too.
        const denied = error instanceof GrpcError && error.status === Status.permissionDenied;
        const unauthenticated = error instanceof GrpcError && error.status === Status.unauthenticated;
        if ((denied || unauthenticated) && !permissionRetried) {
          permissionRetried = true;
          this.#channel.forgetToken();
          continue;
        }
        if (isFinal(error)) throw errorOf(error, "watch");
        onInterrupted?.(error);
      }
      permissionRetried = false;
      await backOff(this.#clock, this.#random, this.#attempts, RETRY, signal);
    }
  }

  /** One stream, until it ends. */
  async *#stream(): AsyncGenerator<readonly Event[]> {
    const { call, connection } = await this.#channel.open(watchService.watch, this.#options.signal);
    this.#held = [];
    try {
      await call.send(this.#createRequest());
      this.#askForProgress(call, connection);
      for await (const response of call.responses) {
        this.#attempts = 0;
        const events = this.#take(response);
        if (events.length > 0) yield events;
      }
    } catch (error) {
      // A member without a leader says so, and another may have one.
      if (error instanceof GrpcError && error.status === Status.unavailable) this.#channel.leave(connection);
      throw error;
    } finally {
      call.cancel();
    }
  }

  #createRequest(): WatchRequest {
    const create = WatchCreateRequest.of({
      key: this.#range.key,
      rangeEnd: rangeEndOf(this.#range),
      startRevision: this.#next,
      prevKv: true,
      fragment: true,
      progressNotify: true,
    });
    return WatchRequest.of({ create });
  }

  /** Events of whole revisions, and the place moved behind them. */
  #take(response: WatchResponse): readonly Event[] {
    if (response.canceled) {
      const { compactRevision, cancelReason } = response;
      if (compactRevision === 0) throw cancelError(cancelReason);
      const text = `Cannot watch from revision ${this.#next}: history before ${compactRevision} is compacted`;
      throw new StoreError("compacted", text, compactRevision);
    }
    if (response.created) return [];
    if (response.events.length === 0) {
      // All up to this revision has been sent on this stream.
      if (this.#held.length === 0) this.#next = Math.max(this.#next, revisionOf(response) + 1);
      return [];
    }
    const events = [...this.#held, ...response.events.map(eventOf)];
    const last = events.at(-1)!.kv.modRevision;
    const whole = response.fragment ? events.filter(({ kv }) => kv.modRevision < last) : events;
    this.#held = response.fragment ? events.slice(whole.length) : [];
    if (whole.length > 0) this.#next = whole.at(-1)!.kv.modRevision + 1;
    return whole;
  }

  /** Of servers that can be trusted with it, until the call ends. The others tell by themselves each ten minutes. */
  #askForProgress(call: WatchCall, connection: Connection): void {
    let nextBefore = this.#next;
    let ended = false;
    let cancel = (): void => {};
    const ask = async (): Promise<void> => {
      if (this.#next === nextBefore && answersProgress(await versionOf(connection))) {
        await call.send(WatchRequest.of({ progress: {} }));
      }
      nextBefore = this.#next;
      schedule();
    };
    const schedule = (): void => {
      if (ended) return;
      // What fails here has failed on the stream, which is told there.
      cancel = this.#clock.schedule(this.#progressIntervalMs, () => void ask().catch(() => {}));
    };
    schedule();
    // Also when nobody reads the watch any more and its signal is aborted.
    void call.trailers.then(() => {
      ended = true;
      cancel();
    });
  }
}

async function versionOf({ grpc }: Connection): Promise<string> {
  const { version } = await grpc.unary(maintenanceService.status, {}, { timeoutMs: STATUS_TIMEOUT_MS });
  return version;
}
