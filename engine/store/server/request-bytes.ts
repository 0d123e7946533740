import type { PutRequest, TxnRequest } from "@plinth/etcd";

/** Bytes of keys and values: what a request is measured by. */
export function putBytes({ key, value }: PutRequest): number {
  return key.length + value.length;
}

export function txnBytes({ compare, success, failure }: TxnRequest): number {
  let total = 0;
  for (const { key, rangeEnd, value } of compare)
    total += key.length + rangeEnd.length + (value?.length ?? 0);
  for (const operations of [success, failure]) {
    for (const { range, put, deleteRange, txn } of operations) {
      if (range !== undefined) total += range.key.length + range.rangeEnd.length;
      if (put !== undefined) total += putBytes(put);
      if (deleteRange !== undefined) total += deleteRange.key.length + deleteRange.rangeEnd.length;
      if (txn !== undefined) total += txnBytes(txn);
    }
  }
  return total;
}
