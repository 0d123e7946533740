import { type ByteString, type KeyValue, StoreError } from "../mvcc.ts";
import { checkLeaseAccess } from "./auth/access.ts";
import type { Calling } from "./auth/authority.ts";
import { refusal } from "./refusal.ts";
import type { Serving } from "./serving.ts";

/** A place in the queue behind a name, for locks and elections: whose key was created first has its turn. */
export interface QueuePlace {
  readonly prefix: ByteString;
  readonly key: ByteString;
  /** That created the key. */
  readonly createRevision: number;
}

/** Seconds of the lease that is made where a client names none: etcd's own. */
const SESSION_TTL_S = 60;
/** A waiting caller's lease is renewed so many times in its time. */
const RENEWALS_PER_TTL = 3;

export function prefixOf(name: ByteString): ByteString {
  return `${name}/`;
}

/** Every key with the prefix. */
export function prefixEnd(prefix: ByteString): ByteString {
  // The prefixes here end in "/", so the next byte string is there by its last character.
  return `${prefix.slice(0, -1)}0`;
}

function placeKey(prefix: ByteString, lease: bigint): ByteString {
  return `${prefix}${BigInt.asUintN(64, lease).toString(16)}`;
}

/**
 * The lease a caller has named, or a new one. Who takes a place writes a key with it, and looks at all places of the
 * name, so it must be allowed to.
 */
export async function sessionLease(
  { store, authority }: Serving,
  call: Calling,
  name: ByteString,
  named: bigint,
): Promise<bigint> {
  const prefix = prefixOf(name);
  const before = authority.accessOf(call);
  before.known();
  before.read(prefix, prefixEnd(prefix));
  checkLeaseAccess(before, store, named);
  const lease = named === 0n ? (await store.grantLease(0n, SESSION_TTL_S)).id : named;
  authority.accessOf(call).write(placeKey(prefix, lease), "");
  return lease;
}

/**
 * Takes a place with the lease's key, or finds the one it has; `present` is what the key holds if it was there
 * already.
 */
export async function takePlace(
  { store }: Serving,
  name: ByteString,
  lease: bigint,
  value: Uint8Array,
): Promise<{
  readonly place: QueuePlace;
  readonly revision: number;
  readonly present: KeyValue | undefined;
}> {
  const prefix = prefixOf(name);
  const key = placeKey(prefix, lease);
  const { succeeded, results, revision } = await store.transact({
    compares: [{ key, target: "create", operator: "=", operand: 0 }],
    success: [{ kind: "put", put: { key, value, lease } }],
    failure: [{ kind: "range", range: { key } }],
  });
  const [first] = results;
  const present = !succeeded && first?.kind === "range" ? first.range.kvs[0] : undefined;
  return { place: { prefix, key, createRevision: present?.createRevision ?? revision }, revision, present };
}

/**
 * Waits until every key created before the place's is gone, keeping the lease alive meanwhile. Leaves the place if
 * the signal is aborted or the wait fails.
 */
export async function awaitTurn(
  serving: Serving,
  place: QueuePlace,
  lease: bigint,
  signal: AbortSignal,
): Promise<void> {
  const stopRenewing = renewLease(serving, lease);
  try {
    for (;;) {
      const before = lastBefore(serving, place);
      if (before === undefined) return;
      await awaitDeletion(serving, before, signal);
    }
  } catch (error) {
    await leave(serving, place);
    throw signal.aborted ? refusal("stopped") : error;
  } finally {
    stopRenewing();
  }
}

/** Gives the place up, unless the key is another's by now. */
export async function leave({ store }: Serving, { key, createRevision }: QueuePlace): Promise<number> {
  const { revision } = await store.transact({
    compares: [{ key, target: "create", operator: "=", operand: createRevision }],
    success: [{ kind: "delete", delete: { key } }],
    failure: [],
  });
  return revision;
}

/** The key whose turn it is. */
export function firstOf({ store }: Serving, prefix: ByteString): KeyValue | undefined {
  return store.range({
    key: prefix,
    end: prefixEnd(prefix),
    limit: 1,
    sort: { target: "create", descending: false },
  }).kvs[0];
}

function lastBefore({ store }: Serving, { prefix, createRevision }: QueuePlace): KeyValue | undefined {
  return store.range({
    key: prefix,
    end: prefixEnd(prefix),
    limit: 1,
    maxCreateRevision: createRevision - 1,
    sort: { target: "create", descending: true },
  }).kvs[0];
}

async function awaitDeletion({ store }: Serving, kv: KeyValue, signal: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const watch = store.watch(
    { key: kv.key },
    { fromRevision: kv.modRevision + 1, previous: false, signal: AbortSignal.any([signal, ended.signal]) },
  );
  try {
    for await (const events of watch) if (events.some(({ kind }) => kind === "delete")) return;
  } finally {
    ended.abort();
  }
}

function renewLease({ store, clock }: Serving, lease: bigint): () => void {
  const seconds = store.keepLeaseAlive(lease);
  let cancel = (): void => {};
  const schedule = (): void => {
    cancel = clock.schedule((seconds * 1000) / RENEWALS_PER_TTL, () => {
      try {
        store.keepLeaseAlive(lease);
      } catch (error) {
        // A lease that has ended takes its key along, and the wait ends with that; so it does with the store.
        if (error instanceof StoreError) return;
        throw error;
      }
      schedule();
    });
  };
  schedule();
  return () => cancel();
}
