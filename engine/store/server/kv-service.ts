import { kvService } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { deleteResponse, putResponse, rangeResponse, txnResponse } from "./from-store.ts";
import { refusal } from "./refusal.ts";
import { putBytes, txnBytes } from "./request-bytes.ts";
import { answer, type Serving } from "./serving.ts";
import { deleteOf, putOf, rangeQueryOf, transactionOf } from "./to-store.ts";

export function kvImplementation(serving: Serving): Implementation[] {
  const { store, member, limits } = serving;
  const checkSize = (bytes: number): void => {
    if (bytes > limits.requestBytesMax) throw refusal("requestTooLarge");
  };
  return [
    implement(kvService.range, async (call) => {
      const request = await call.request();
      return answer(serving, () => {
        const result = store.range(rangeQueryOf(request));
        return rangeResponse(member.header(result.revision), result);
      });
    }),
    implement(kvService.put, async (call) => {
      const request = await call.request();
      return answer(serving, async () => {
        checkSize(putBytes(request));
        const { revision, previous } = await store.put(putOf(request));
        return putResponse(member.header(revision), previous);
      });
    }),
    implement(kvService.deleteRange, async (call) => {
      const request = await call.request();
      return answer(serving, async () => {
        checkSize(request.key.length + request.rangeEnd.length);
        const result = await store.delete(deleteOf(request));
        return deleteResponse(member.header(result.revision), result);
      });
    }),
    implement(kvService.txn, async (call) => {
      const request = await call.request();
      return answer(serving, async () => {
        checkSize(txnBytes(request));
        const result = await store.transact(transactionOf(request));
        return txnResponse(member.header(result.revision), result);
      });
    }),
    implement(kvService.compact, async (call) => {
      const { revision, physical } = await call.request();
      return answer(serving, async () => {
        await store.compact(revision, physical);
        return { header: member.header() };
      });
    }),
  ];
}
