import {
  type ByteString,
  type Compare,
  type KeyRange,
  type Operation,
  StoreError,
  type Transaction,
} from "../../mvcc.ts";
import { TRANSACTION_OPERATIONS_MAX } from "../../limits.ts";
import { type Backend, type CallOptions, OutcomeUnknownError } from "../backend.ts";
import { persist, type Surroundings } from "../persist.ts";
import { TransactionAborted } from "./aborted.ts";
import type { Locks } from "./locks.ts";
import type { Snapshot } from "./snapshot.ts";

export type Write = { readonly value: Uint8Array; readonly lease: bigint } | "deleted";

export interface Commit {
  readonly snapshot: Snapshot;
  readonly locks: Locks;
  readonly writes: ReadonlyMap<ByteString, Write>;
  /** Read for update without a lock. */
  readonly guarded: ReadonlySet<ByteString>;
  readonly serializable: boolean;
  readonly operationsMax: number;
  readonly options: CallOptions;
}

/** One transaction of etcd's: all that must be unchanged, and all that is written. */
export async function commit(backend: Backend, surroundings: Surroundings, whole: Commit): Promise<number> {
  const { snapshot, locks, writes, options } = whole;
  // Reads alone are of one moment already.
  if (writes.size === 0 && locks.held.size === 0) return snapshot.revision;
  await snapshot.load([...writes.keys()]);
  const checked = keysToCheck(whole);
  const transaction = transactionOf(whole, checked);
  refuseTooMany(transaction, whole.operationsMax);
  try {
    const result = await backend.transact(transaction, options);
    if (result.succeeded) return result.revision;
  } catch (error) {
    if (!(error instanceof OutcomeUnknownError) || locks.held.size === 0) throw error;
    return resolve(backend, surroundings, whole, transaction, error);
  }
  throw await conflict(backend, whole, checked);
}

/**
 * The locks tell what became of a commit whose answer was lost: it deletes them itself, so while the lease is there they
 * are gone only if it has happened. Where it has not, it is sent again, and can happen but once.
 */
async function resolve(
  backend: Backend,
  surroundings: Surroundings,
  { locks }: Commit,
  transaction: Transaction,
  lost: OutcomeUnknownError,
): Promise<number> {
  const signal = locks.lease!.signal;
  const [place] = locks.held.values();
  try {
    const result = await persist(surroundings, signal, () => backend.transact(transaction, { signal }));
    if (result.succeeded) return result.revision;
    const { kvs } = await persist(surroundings, signal, () => backend.range({ key: place!.key }, { signal }));
    if (kvs[0]?.createRevision === place!.createRevision) {
      throw new TransactionAborted("conflict", "Cannot commit: others were faster");
    }
    if (await persist(surroundings, signal, () => locks.leaseIsThere())) return result.revision;
  } catch (error) {
    if (error instanceof TransactionAborted) throw error;
  }
  throw lost;
}

function keysToCheck({ snapshot, locks, writes, guarded, serializable }: Commit): ReadonlySet<ByteString> {
  const keys = new Set([...writes.keys(), ...guarded, ...locks.held.keys()]);
  if (serializable) for (const key of snapshot.keysRead) keys.add(key);
  return keys;
}

function transactionOf(whole: Commit, checked: ReadonlySet<ByteString>): Transaction {
  const { snapshot, locks, writes, serializable } = whole;
  const compares: Compare[] = [];
  for (const { key, createRevision } of locks.held.values()) {
    compares.push({ key, target: "create", operator: "=", operand: createRevision });
  }
  for (const key of checked) {
    const operand = snapshot.known.get(key)?.modRevision ?? 0;
    compares.push({ key, target: "mod", operator: "=", operand });
  }
  if (serializable) for (const range of snapshot.rangesRead) compares.push(nothingNew(range, snapshot));
  const success: Operation[] = [];
  for (const [key, write] of writes) {
    if (write === "deleted") success.push({ kind: "delete", delete: { key } });
    else success.push({ kind: "put", put: { key, ...write } });
  }
  for (const { key } of locks.held.values()) success.push({ kind: "delete", delete: { key } });
  return { compares, success, failure: [] };
}

/**
 * Holds where no key of the range was written after the snapshot. A key that was deleted is not seen by this: for that,
 * each key that was found is compared by itself.
 */
function nothingNew(range: KeyRange, { revision }: Snapshot): Compare {
  return { ...range, target: "mod", operator: "<", operand: revision + 1 };
}

function refuseTooMany({ compares, success }: Transaction, operationsMax: number): void {
  const most = Math.max(compares.length, success.length);
  if (most <= operationsMax) return;
  throw new StoreError(
    "too-many-operations",
    `Cannot commit: ${compares.length} keys, ranges and locks to compare and ${success.length} to write, ` +
      `and etcd takes ${operationsMax} of each in one transaction`,
  );
}

/** Says what has changed, as far as that can be seen now. */
async function conflict(
  backend: Backend,
  { snapshot, locks, options }: Commit,
  checked: ReadonlySet<ByteString>,
): Promise<TransactionAborted> {
  const places = [...locks.held.values()];
  const keys = [...places.map(({ key }) => key), ...checked].slice(0, TRANSACTION_OPERATIONS_MAX);
  const { results } = await backend.transact(
    {
      compares: [],
      success: keys.map((key) => ({ kind: "range", range: { key, keysOnly: true } })),
      failure: [],
    },
    options,
  );
  const now = results.map((result) => (result.kind === "range" ? result.range.kvs[0] : undefined));
  if (places.some(({ createRevision }, index) => now[index]?.createRevision !== createRevision)) {
    return new TransactionAborted("locks-lost", "Cannot commit: the transaction's lease ended");
  }
  const changed = keys.find(
    (key, index) =>
      index >= places.length &&
      (now[index]?.modRevision ?? 0) !== (snapshot.known.get(key)?.modRevision ?? 0),
  );
  const what = changed === undefined ? "what it read" : `"${changed}"`;
  return new TransactionAborted("conflict", `Cannot commit: ${what} was changed by another`);
}
