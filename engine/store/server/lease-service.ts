import { type LeaseId, type LeaseKeepAliveResponse, leaseService } from "@plinth/etcd";
import { implement, type Implementation, type ServerCall } from "@plinth/grpc";
import { type Access, checkLeaseAccess } from "./auth/access.ts";
import type { Calling } from "./auth/authority.ts";
import { StoreError } from "../mvcc.ts";
import { Outbox } from "./outbox.ts";
import { refusal, toRefusal } from "./refusal.ts";
import { answer, type Serving } from "./serving.ts";

export function leaseImplementation(serving: Serving): Implementation[] {
  const { store, member } = serving;
  return [
    implement(leaseService.grant, async (call) => {
      const request = await call.request();
      return answer(serving, async () => {
        const { id, grantedTtl } = await store.grantLease(request.id, request.ttl);
        return { header: member.header(), id, ttl: grantedTtl, error: "" };
      });
    }),
    implement(leaseService.revoke, async (call) => {
      const { id } = await call.request();
      return answer(serving, async () => {
        checkLeaseAccess(knownCaller(serving, call), store, id);
        await store.revokeLease(id);
        return { header: member.header() };
      });
    }),
    implement(leaseService.keepAlive, (call) => {
      const outbox = new Outbox<LeaseKeepAliveResponse>();
      const stop = (): void => outbox.end(refusal("stopped"));
      serving.stopping.addEventListener("abort", stop, { once: true });
      void keepAlive(serving, call, outbox).finally(() =>
        serving.stopping.removeEventListener("abort", stop),
      );
      return outbox;
    }),
    implement(leaseService.timeToLive, async (call) => {
      const request = await call.request();
      return answer(serving, () => {
        const access = knownCaller(serving, call);
        const { id, ttl, grantedTtl, keys } = store.lease(request.id, request.keys);
        for (const key of keys) access.read(key, "");
        return { header: member.header(), id, ttl, grantedTtl, keys };
      });
    }),
    implement(leaseService.leases, async (call) => {
      await call.request();
      return answer(serving, () => {
        checkLeasesAccess(serving, call);
        return { header: member.header(), leases: store.leases().map((id) => ({ id })) };
      });
    }),
  ];
}

function knownCaller({ authority }: Serving, call: Calling): Access {
  const access = authority.accessOf(call);
  access.known();
  return access;
}

/** Who sees which leases there are must be allowed to see all their keys. */
function checkLeasesAccess(serving: Serving, call: Calling): void {
  const { store } = serving;
  const access = knownCaller(serving, call);
  if (access.isRoot) return;
  for (const lease of store.leases()) for (const key of store.lease(lease, true).keys) access.read(key, "");
}

/** Answers each request; a lease that is gone has 0 seconds. */
async function keepAlive(
  serving: Serving,
  call: ServerCall<LeaseId>,
  outbox: Outbox<LeaseKeepAliveResponse>,
): Promise<void> {
  const { store, member } = serving;
  try {
    for await (const { id } of call.requests) {
      if (!(await outbox.room())) return;
      checkLeaseAccess(knownCaller(serving, call), store, id);
      outbox.push({ header: member.header(), id, ttl: secondsAfterRenewal(store, id) });
    }
    outbox.end();
  } catch (error) {
    outbox.end(toRefusal(error));
  }
}

function secondsAfterRenewal(store: Serving["store"], id: bigint): number {
  try {
    return store.keepLeaseAlive(id);
  } catch (error) {
    if (error instanceof StoreError && error.code === "lease-not-found") return 0;
    throw error;
  }
}
