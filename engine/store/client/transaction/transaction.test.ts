import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import type { KeyValue } from "../../mvcc.ts";
import { etcdBackends, modelBackend, mvccBackend, servedBackend } from "../stores.ts";
import { closesCircle } from "./deadlock.ts";
import { transactionConformance } from "./transaction-conformance.ts";

transactionConformance("MvccModel in process", modelBackend);
transactionConformance("openMvcc() in process", mvccBackend);
transactionConformance("openMvcc() by gRPC", servedBackend);

const etcd = await etcdBackends();
if (etcd === undefined) test("etcd", (t) => t.skip("etcd is not installed"));
else {
  suite("etcd", () => {
    after(() => etcd.etcd[Symbol.asyncDispose]());
    transactionConformance("etcd", () => etcd.open());
  });
}

test("closesCircle() blames the newest place of a circle, and only it", () => {
  const place = (key: string, createRevision: number): KeyValue => ({
    key,
    value: Buffer.alloc(0),
    createRevision,
    modRevision: createRevision,
    version: 1,
    lease: 0n,
  });
  const places = [
    place("l/a/1", 2),
    place("l/b/2", 3),
    place("l/b/1", 4),
    place("l/a/2", 5),
    place("l/a/3", 6),
  ];
  const blamed = places.filter(({ key, createRevision }) =>
    closesCircle(places, { prefix: key.slice(0, 4), key, createRevision }),
  );
  assert.deepEqual(
    blamed.map(({ key }) => key),
    ["l/a/2"],
  );
});
