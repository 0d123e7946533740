import { Fault } from "@plinth/fault";
import type { Backend } from "../client/backend.ts";
import { inProcess } from "../client/in-process.ts";
import type { At, Event, Mvcc, TransactionResult } from "../mvcc.ts";

/** A cluster in this process whose connections a test cuts. */
export interface BreakableBackend extends Backend {
  /** Nothing comes through any more; watches hear of it. */
  cut(): void;
  /** All comes through again, what was held back first; or watches end with an error. */
  restore(ending?: Error): void;
  /** What becomes of the answer to a transaction on its way back. Default: nothing. */
  onAnswer: (answer: At<TransactionResult>) => At<TransactionResult>;
  /** Asks another store from now on. */
  replace(store: Mvcc): void;
}

export function breakable(store: Mvcc): BreakableBackend {
  let backend = inProcess(store);
  const line = { isCut: false };
  let resumed = Promise.withResolvers<void>();
  let broken = Promise.withResolvers<never>();
  const interrupted = new Set<(error: unknown) => void>();
  const throughLine = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    if (line.isCut) throw new Fault("unavailable", "Cannot reach etcd: it is cut off");
    return call();
  };
  async function* follow(events: AsyncIterator<readonly Event[]>): AsyncGenerator<readonly Event[]> {
    for (;;) {
      const next = (await Promise.race([events.next(), broken.promise])) as IteratorYieldResult<
        readonly Event[]
      >;
      while (line.isCut) await Promise.race([resumed.promise, broken.promise]);
      yield next.value;
    }
  }
  return {
    ...backend,
    range: (query, options) => throughLine(() => backend.range(query, options)),
    onAnswer: (answer) => answer,
    transact(transaction, options) {
      return throughLine(async () => this.onAnswer(await backend.transact(transaction, options)));
    },
    grantLease: (id, ttl, options) => throughLine(() => backend.grantLease(id, ttl, options)),
    keepLeaseAlive: (id, options) => throughLine(() => backend.keepLeaseAlive(id, options)),
    async watch(range, options) {
      const watch = await backend.watch(range, options);
      if (options.onInterrupted !== undefined) interrupted.add(options.onInterrupted);
      return {
        progress: watch.progress,
        [Symbol.asyncIterator]: () => follow(watch[Symbol.asyncIterator]()),
      };
    },
    cut() {
      line.isCut = true;
      for (const tell of interrupted) tell(new Error("cut off"));
    },
    restore(ending) {
      line.isCut = false;
      if (ending === undefined) resumed.resolve();
      else broken.reject(ending);
      resumed = Promise.withResolvers();
      broken = Promise.withResolvers();
    },
    replace(other) {
      backend = inProcess(other);
    },
  };
}
