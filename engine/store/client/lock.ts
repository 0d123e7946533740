import type { Backend } from "./backend.ts";
import { byteStringOf, type Text } from "./keys.ts";
import { grantLease, type Lease } from "./lease.ts";
import type { Surroundings } from "./persist.ts";
import { awaitTurn, type Place, takePlace } from "./turn.ts";

/** etcd's for locks and elections: after a crash, others wait for so long. */
export const SESSION_TTL_S: number = 60;

export interface SessionOptions {
  /** Ends the wait; what is held already is not touched. */
  readonly signal?: AbortSignal;
  /** Seconds until others get their turn after this process has crashed. Default: 60, as etcd's. */
  readonly ttlS?: number;
}

/** A place of one's own, with its lease. */
export interface Session extends AsyncDisposable {
  readonly place: Place;
  readonly lease: Lease;
}

/** Stands in the queue until it is one's turn; whatever goes wrong, the place is given up. */
export async function awaitSession(
  backend: Backend,
  surroundings: Surroundings,
  name: Text,
  { ttlS = SESSION_TTL_S, signal: outer, value }: SessionOptions & { readonly value?: Uint8Array },
): Promise<Session> {
  await using setup = new AsyncDisposableStack();
  const lease = setup.use(await grantLease(backend, surroundings, ttlS, outer));
  const signal = outer === undefined ? lease.signal : AbortSignal.any([outer, lease.signal]);
  const prefix = `${byteStringOf(name)}/`;
  const place = await takePlace(backend, surroundings, {
    prefix,
    lease,
    signal,
    ...(value === undefined ? {} : { value }),
  });
  await awaitTurn(backend, surroundings, place, signal);
  const lifetime = setup.move();
  return { place, lease, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** A lock while it is held. Disposing of it gives it to the next one. */
export interface HeldLock extends AsyncDisposable {
  /**
   * Greater than that of every holder before. Give it to whatever the lock protects, which is to refuse a lower one than
   * it has seen: a holder that was paused does not know that it holds no more.
   */
  readonly revision: number;
  /** The key that says so. */
  readonly key: string;
  /** Aborted once the lock may be another's. */
  readonly signal: AbortSignal;
}

export async function acquireLock(
  backend: Backend,
  surroundings: Surroundings,
  name: Text,
  options: SessionOptions,
): Promise<HeldLock> {
  const session = await awaitSession(backend, surroundings, name, options);
  return {
    revision: session.place.createRevision,
    key: session.place.key,
    signal: session.lease.signal,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
