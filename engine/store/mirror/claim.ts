import { Fault } from "@plinth/fault";
import type { Backend } from "../client/backend.ts";
import { grantLease, type Lease } from "../client/lease.ts";
import type { Surroundings } from "../client/persist.ts";
import type { ByteString, Compare, KeyValue, Transaction } from "../mvcc.ts";

/** Seconds until another may take a prefix whose owner has gone without a word; the same one may come back at once. */
const CLAIM_TTL_S = 10;

/** A prefix that one owner writes to: a key on a lease, which every write compares. */
export interface Claim extends AsyncDisposable {
  /** Holds for as long as the prefix is claimed. */
  readonly fence: Compare;
  /** Aborted once it may be another's. */
  readonly signal: AbortSignal;
}

/** Fault "conflict" where it is another's. */
export async function claim(
  backend: Backend,
  { clock, random }: Pick<Surroundings, "clock" | "random">,
  { key, owner, signal }: { readonly key: ByteString; readonly owner: string; readonly signal: AbortSignal },
): Promise<Claim> {
  await using setup = new AsyncDisposableStack();
  // The claim alone answers for its lease.
  const surroundings = { clock, random, open: new Set<AsyncDisposable>() };
  const lease = setup.use(await grantLease(backend, surroundings, CLAIM_TTL_S, signal));
  const put = { key, value: Buffer.from(owner), lease: lease.id };
  const revision = await putClaim(backend, put, owner, signal);
  const lifetime = setup.move();
  return {
    fence: { key, target: "mod", operator: "=", operand: revision },
    signal: lease.signal,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

async function putClaim(
  backend: Backend,
  put: { readonly key: ByteString; readonly value: Uint8Array; readonly lease: Lease["id"] },
  owner: string,
  signal: AbortSignal,
): Promise<number> {
  const { key } = put;
  const over = (before: KeyValue | undefined): Transaction => ({
    compares: [{ key, target: "mod", operator: "=", operand: before?.modRevision ?? 0 }],
    success: [{ kind: "put", put }],
    failure: [{ kind: "range", range: { key } }],
  });
  const first = await backend.transact(over(undefined), { signal });
  if (first.succeeded) return first.revision;
  const [result] = first.results;
  const before = result?.kind === "range" ? result.range.kvs[0] : undefined;
  const holder = before === undefined ? "another" : Buffer.from(before.value).toString();
  if (holder === owner) {
    // A life before this one left it.
    const second = await backend.transact(over(before), { signal });
    if (second.succeeded) return second.revision;
  }
  throw new Fault("conflict", `Cannot use the store in etcd: ${JSON.stringify(holder)} uses it`, {
    hint: "Stop that one, or choose another prefix: etcd://host/prefix",
  });
}
