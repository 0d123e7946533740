import { Fault } from "@plinth/fault";
import { VALUE_BYTES_MAX } from "./limits.ts";
import {
  type Compare as EngineCompare,
  type Event,
  type KeyValue,
  type Mvcc,
  type Operation as EngineOperation,
  StoreError,
  type Watch as EngineWatch,
} from "./mvcc.ts";
import { sealSnapshot } from "./sealed-snapshot.ts";
import type {
  Compare,
  Entry,
  Operation,
  RangeOptions,
  Store,
  TransactionResult,
  Watch,
  WatchEvent,
  WatchOptions,
} from "./store.ts";
import { toFault } from "./store-fault.ts";
import { keyOf, rangeOf, textOf } from "./text-key.ts";

/** What keeps the keys of a TextStore. */
export type TextStoreEngine = AsyncDisposable &
  Pick<
    Mvcc,
    | "revision"
    | "compactedRevision"
    | "readOnlyReason"
    | "range"
    | "transact"
    | "watch"
    | "compact"
    | "snapshot"
  >;

export interface TextStoreOptions {
  /**
   * Lifts the alarm of a quota that was reached: the next write is judged by the room there is then. Default: whoever
   * runs the engine does that.
   */
  readonly liftAlarm?: () => Promise<void>;
}

/** A Store in front of an engine of etcd's model: text for keys, the control plane's limits, Faults. */
export class TextStore implements Store {
  readonly #engine: TextStoreEngine;
  readonly #liftAlarm: (() => Promise<void>) | undefined;

  constructor(engine: TextStoreEngine, options: TextStoreOptions = {}) {
    this.#engine = engine;
    this.#liftAlarm = options.liftAlarm;
  }

  get revision(): number {
    return this.#engine.revision;
  }

  get compactedRevision(): number {
    return Math.max(0, this.#engine.compactedRevision);
  }

  get readOnlyReason(): string | undefined {
    return this.#engine.readOnlyReason;
  }

  get(key: string): Entry | undefined {
    return this.#read({ key: keyOf(key) })[0];
  }

  range(prefix: string, options?: RangeOptions): Entry[] {
    return this.#read({ ...rangeOf(prefix), limit: options?.limit ?? 0 });
  }

  async transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<TransactionResult> {
    const transaction = {
      compares: compares.map(engineCompare),
      success: operations.map(engineOperation),
      failure: [],
    };
    try {
      const { succeeded, revision } = await this.#engine.transact(transaction);
      return { succeeded, revision };
    } catch (error) {
      if (error instanceof StoreError && error.code === "no-space") await this.#liftAlarm?.();
      throw toFault(error);
    }
  }

  watch(prefix: string, options: WatchOptions): Watch {
    const range = rangeOf(prefix);
    const { fromRevision = this.revision + 1 } = options;
    try {
      const watch = this.#engine.watch(range, { ...options, fromRevision });
      return new TextWatch(
        this,
        watch,
        fromRevision <= this.compactedRevision ? compacted(fromRevision) : undefined,
      );
    } catch (error) {
      throw toFault(error);
    }
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return sealSnapshot(this.#engine.snapshot());
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#engine.compact(revision, false);
    } catch (error) {
      // It is done already.
      if (!(error instanceof StoreError && error.code === "compacted")) throw toFault(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  #read(query: Parameters<Mvcc["range"]>[0]): Entry[] {
    try {
      return this.#engine.range(query).kvs.map(entryOf);
    } catch (error) {
      throw toFault(error);
    }
  }
}

class TextWatch implements Watch, AsyncIterator<readonly WatchEvent[]> {
  readonly #store: Store;
  readonly #watch: EngineWatch;
  readonly #batches: AsyncIterator<readonly Event[]>;
  readonly #failure: StoreError | undefined;

  constructor(store: Store, watch: EngineWatch, failure: StoreError | undefined) {
    this.#store = store;
    this.#watch = watch;
    this.#batches = watch[Symbol.asyncIterator]();
    this.#failure = failure;
  }

  get progress(): number {
    return this.#watch.progress;
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly WatchEvent[]> {
    return this;
  }

  async next(): Promise<IteratorResult<readonly WatchEvent[]>> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      const { done, value } = await this.#batches.next();
      if (done === true) return { done, value };
      const { compactedRevision } = this.#store;
      return { done: false, value: value.map((event) => watchEvent(event, compactedRevision)) };
    } catch (error) {
      await this.return();
      throw toFault(error);
    }
  }

  async return(): Promise<IteratorResult<readonly WatchEvent[]>> {
    await this.#batches.return?.();
    return { done: true, value: undefined };
  }
}

function compacted(revision: number): StoreError {
  return new StoreError("compacted", `Cannot watch from revision ${revision}: its history is compacted`);
}

function entryOf({ key, value, createRevision, modRevision, version }: KeyValue): Entry {
  return { key: textOf(key), value, createRevision, modRevision, version };
}

/** The engine still tells events of the compacted revision, but not what was before them. */
function watchEvent({ kind, kv, previous }: Event, compactedRevision: number): WatchEvent {
  const entry = entryOf(kv);
  if (previous === undefined) {
    const isLost = kv.version > 1 && kv.modRevision <= compactedRevision;
    if (isLost || kind === "delete") throw compacted(kv.modRevision);
    return { type: kind, entry, previous };
  }
  const createRevision = kind === "delete" ? previous.createRevision : kv.createRevision;
  return { type: kind, entry: { ...entry, createRevision }, previous: entryOf(previous) };
}

const targets = { version: "version", createRevision: "create", modRevision: "mod" } as const;

function engineCompare({ key, target, operator, value }: Compare): EngineCompare {
  return { key: keyOf(key), target: targets[target], operator, operand: value };
}

function engineOperation(operation: Operation): EngineOperation {
  if ("delete" in operation) return { kind: "delete", delete: { key: keyOf(operation.delete) } };
  if ("deletePrefix" in operation) return { kind: "delete", delete: rangeOf(operation.deletePrefix) };
  const { put, value } = operation;
  const key = keyOf(put);
  if (value.length > VALUE_BYTES_MAX) {
    throw new Fault(
      "too-large",
      `Cannot put ${JSON.stringify(put)}: ${value.length} bytes; at most ${VALUE_BYTES_MAX} are kept`,
    );
  }
  return { kind: "put", put: { key, value, lease: 0n } };
}
