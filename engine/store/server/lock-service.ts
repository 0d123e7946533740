import { lockService } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { awaitTurn, sessionLease, takePlace } from "./queue-place.ts";
import { refusal } from "./refusal.ts";
import { answerAsClient, type Serving } from "./serving.ts";

export function lockImplementation(serving: Serving): Implementation[] {
  const { store, member, authority } = serving;
  return [
    implement(lockService.lock, async (call) => {
      const { name, lease: named } = await call.request();
      return answerAsClient(serving, async () => {
        const lease = await sessionLease(serving, call, name, named);
        const { place } = await takePlace(serving, name, lease, new Uint8Array(0));
        await awaitTurn(serving, place, lease, AbortSignal.any([call.signal, serving.stopping]));
        const { kvs, revision } = store.range({ key: place.key });
        if (kvs.length === 0) throw refusal("sessionExpired");
        return { header: member.header(revision), key: place.key };
      });
    }),
    implement(lockService.unlock, async (call) => {
      const { key } = await call.request();
      return answerAsClient(serving, async () => {
        authority.accessOf(call).write(key, "");
        const { revision } = await store.delete({ key });
        return { header: member.header(revision) };
      });
    }),
  ];
}
