import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { clientConformance } from "./client-conformance.ts";
import { MvccModel } from "../mvcc-model.ts";
import { openClient } from "./open-client.ts";
import { etcdBackends, modelBackend, mvccBackend, servedBackend } from "./stores.ts";

clientConformance("MvccModel in process", modelBackend);
clientConformance("openMvcc() in process", mvccBackend);
clientConformance("openMvcc() by gRPC", servedBackend);

const etcd = await etcdBackends();
if (etcd === undefined) test("etcd", (t) => t.skip("etcd is not installed"));
else {
  suite("etcd", () => {
    after(() => etcd.etcd[Symbol.asyncDispose]());
    clientConformance("etcd", () => etcd.open());
  });
}

test("StoreClient gives back its leases when it is closed", async () => {
  await using store = new MvccModel();
  const client = openClient(store);
  const lease = await client.lease(60);
  const lock = await client.lock("a");
  await client[Symbol.asyncDispose]();
  assert.deepEqual([lease.signal.aborted, lock.signal.aborted, store.leases()], [true, true, []]);
});

test("openClient() refuses what is no URL of etcd, without telling a password", () => {
  for (const url of ["http://a", "etcd://", "etcd://a:0", "etcd://a:70000", "etcd://user@a", "etcd://a/b"]) {
    assert.throws(() => openClient(url), { code: "invalid" });
  }
  assert.throws(
    () => openClient("etcd://u:secret@a:0"),
    (error) => error instanceof Error && !error.message.includes("secret"),
  );
});
