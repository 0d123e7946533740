import { kvService } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { checkPutAccess, checkTxnAccess } from "./auth/access.ts";
import { deleteResponse, putResponse, rangeResponse, txnResponse } from "./from-store.ts";
import { refusal } from "./refusal.ts";
import { putBytes, txnBytes } from "./request-bytes.ts";
import { answer, type Serving } from "./serving.ts";
import { deleteOf, putOf, rangeQueryOf, transactionOf } from "./to-store.ts";

export function kvImplementation(serving: Serving): Implementation[] {
  const { store, member, limits, authority } = serving;
  const checkSize = (bytes: number): void => {
    if (bytes > limits.requestBytesMax) throw refusal("requestTooLarge");
  };
  return [
    implement(kvService.range, (call) =>
      answer(serving, () => {
        const request = call.received;
        authority.accessOf(call).read(request.key, request.rangeEnd);
        const result = store.range(rangeQueryOf(request));
        return rangeResponse(member.header(result.revision), result);
      }),
    ),
    implement(kvService.put, (call) =>
      answer(serving, async () => {
        const request = call.received;
        checkSize(putBytes(request));
        checkPutAccess(authority.accessOf(call), store, request);
        const { revision, previous } = await store.put(putOf(request));
        return putResponse(member.header(revision), previous);
      }),
    ),
    implement(kvService.deleteRange, (call) =>
      answer(serving, async () => {
        const request = call.received;
        const { key, rangeEnd, prevKv } = request;
        checkSize(key.length + rangeEnd.length);
        const access = authority.accessOf(call);
        access.write(key, rangeEnd);
        if (prevKv) access.read(key, rangeEnd);
        const result = await store.delete(deleteOf(request));
        return deleteResponse(member.header(result.revision), result);
      }),
    ),
    implement(kvService.txn, (call) =>
      answer(serving, async () => {
        const request = call.received;
        checkSize(txnBytes(request));
        checkTxnAccess(authority.accessOf(call), store, request);
        const result = await store.transact(transactionOf(request));
        return txnResponse(member.header(result.revision), result);
      }),
    ),
    implement(kvService.compact, ({ received: { revision, physical } }) =>
      answer(serving, async () => {
        await store.compact(revision, physical);
        return { header: member.header() };
      }),
    ),
  ];
}
