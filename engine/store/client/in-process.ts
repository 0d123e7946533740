import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Mvcc } from "../mvcc.ts";
import { type Backend, type CallOptions, OutcomeUnknownError } from "./backend.ts";
import { sealSnapshot } from "../sealed-snapshot.ts";
import { Deadline } from "./deadline.ts";
import { CALL_TIMEOUT_MS } from "./remote.ts";

export interface InProcessOptions {
  /** Default deadline of every call in milliseconds: 10 s. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** A store in this process as a backend. It stays its opener's to close. */
export function inProcess(store: Mvcc, options: InProcessOptions = {}): Backend {
  const { clock = systemClock, timeoutMs = CALL_TIMEOUT_MS } = options;
  /** What is read is there at once. */
  const read = async <Result>({ signal }: CallOptions = {}, body: () => Result): Promise<Result> => {
    signal?.throwIfAborted();
    return body();
  };
  const write = async <Result>(
    call: CallOptions = {},
    deed: string,
    body: () => Promise<Result>,
  ): Promise<Result> => {
    const deadline = new Deadline(clock, call.timeoutMs ?? timeoutMs, call.signal);
    try {
      return await deadline.race(body(), deed);
    } catch (error) {
      if (!(error instanceof Fault && error.code === "timeout")) throw error;
      throw new OutcomeUnknownError(`Cannot tell whether it did ${deed}: ${error.message}`, { cause: error });
    }
  };
  return {
    range: (query, call) => read(call, () => store.range(query)),
    put: (put, call) => write(call, "put", () => store.put(put)),
    delete: (range, call) => write(call, "delete", () => store.delete(range)),
    transact: (transaction, call) => write(call, "run transaction", () => store.transact(transaction)),
    watch: (range, { fromRevision, signal }) =>
      read({ signal }, () =>
        store.watch(range, { fromRevision: fromRevision || store.revision + 1, signal }),
      ),
    compact: (revision, physical, call) => write(call, "compact", () => store.compact(revision, physical)),
    grantLease: (id, ttl, call) => write(call, "grant a lease", () => store.grantLease(id, ttl)),
    revokeLease: (id, call) => write(call, "revoke a lease", () => store.revokeLease(id)),
    keepLeaseAlive: (id, call) => read(call, () => store.keepLeaseAlive(id)),
    lease: (id, withKeys, call) => read(call, () => store.lease(id, withKeys)),
    leases: (call) => read(call, () => store.leases()),
    status: (call) =>
      read(call, () => {
        const { allocated, inUse } = store.size;
        const { revision } = store;
        return { revision, version: undefined, allocatedBytes: allocated, inUseBytes: inUse };
      }),
    async *snapshot({ signal } = {}) {
      for await (const chunk of sealSnapshot(store.snapshot())) {
        signal?.throwIfAborted();
        yield chunk;
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
