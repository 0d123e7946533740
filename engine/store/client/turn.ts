import { type ByteString, type Event, type KeyValue, StoreError, type Transaction } from "../mvcc.ts";
import { awaitChange } from "./await-change.ts";
import type { Backend } from "./backend.ts";
import { prefixRange } from "./keys.ts";
import type { Lease } from "./lease.ts";
import { persist, type Surroundings } from "./persist.ts";

/**
 * A place in the queue of all keys with a prefix: who made its key first has its turn. The layout is that of etcd's own
 * locks and elections, `prefix` and the lease in hexadecimal, so that they can stand in one queue.
 */
export interface Place {
  readonly prefix: ByteString;
  readonly key: ByteString;
  /** That made the key: later holders have greater ones. */
  readonly createRevision: number;
}

const NOTHING = new Uint8Array(0);
const isDeletion = ({ kind }: Event): boolean => kind === "delete";

/** Takes a place; asked twice with one lease, it has the place it had. */
export async function takePlace(
  backend: Backend,
  surroundings: Surroundings,
  { prefix, lease, value, signal }: TurnOptions,
): Promise<Place> {
  const key = `${prefix}${BigInt.asUintN(64, lease.id).toString(16)}`;
  const transaction: Transaction = {
    compares: [{ key, target: "create", operator: "=", operand: 0 }],
    success: [{ kind: "put", put: { key, value: value ?? NOTHING, lease: lease.id } }],
    failure: [{ kind: "range", range: { key } }],
  };
  const { succeeded, results, revision } = await persist(surroundings, signal, () =>
    backend.transact(transaction, { signal }),
  );
  const [first] = results;
  const present = !succeeded && first?.kind === "range" ? first.range.kvs[0] : undefined;
  return { prefix, key, createRevision: present?.createRevision ?? revision };
}

export interface TurnOptions {
  readonly prefix: ByteString;
  readonly lease: Lease;
  /** Default: empty. */
  readonly value?: Uint8Array;
  /** The caller's, and the lease's. */
  readonly signal: AbortSignal;
}

/** Waits until every key made before the place's is gone; `onWait` is called once if there is one. StoreError `lease-not-found` if the place itself went. */
export async function awaitTurn(
  backend: Backend,
  surroundings: Surroundings,
  place: Place,
  signal: AbortSignal,
  onWait: () => Promise<void> = async () => {},
): Promise<void> {
  for (let waited = false; ; waited = true) {
    const { before, revision } = await persist(surroundings, signal, () =>
      lastBefore(backend, place, signal),
    );
    if (before === undefined) break;
    if (!waited) await onWait();
    await persist(surroundings, signal, () =>
      awaitChange(backend, { key: before.key }, revision + 1, signal, isDeletion),
    );
  }
  const own = await persist(surroundings, signal, () => backend.range({ key: place.key }, { signal }));
  if (own.kvs[0]?.createRevision === place.createRevision) return;
  throw new StoreError("lease-not-found", "Cannot take a turn: the lease ended while it waited");
}

/** The key whose turn it is, and the revision at which it was. */
export async function firstOf(
  backend: Backend,
  prefix: ByteString,
  signal?: AbortSignal,
): Promise<{ readonly first: KeyValue | undefined; readonly revision: number }> {
  const query = {
    ...prefixRange(prefix),
    limit: 1,
    sort: { target: "create", descending: false },
  } as const;
  const { kvs, revision } = await backend.range(query, signal === undefined ? {} : { signal });
  return { first: kvs[0], revision };
}

async function lastBefore(
  backend: Backend,
  { prefix, createRevision }: Place,
  signal: AbortSignal,
): Promise<{ readonly before: KeyValue | undefined; readonly revision: number }> {
  const query = {
    ...prefixRange(prefix),
    limit: 1,
    maxCreateRevision: createRevision - 1,
    sort: { target: "create", descending: true },
  } as const;
  const { kvs, revision } = await backend.range(query, { signal });
  return { before: kvs[0], revision };
}
