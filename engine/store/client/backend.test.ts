import { after, suite, test } from "node:test";
import { backendConformance } from "./backend-conformance.ts";
import { etcdBackends, modelBackend, mvccBackend, servedBackend } from "./stores.ts";

backendConformance("MvccModel in process", modelBackend);
backendConformance("openMvcc() in process", mvccBackend);
backendConformance("openMvcc() by gRPC", servedBackend);

const etcd = await etcdBackends();
if (etcd === undefined) test("etcd", (t) => t.skip("etcd is not installed"));
else {
  suite("etcd", () => {
    after(() => etcd.etcd[Symbol.asyncDispose]());
    backendConformance("etcd", () => etcd.open());
  });
}
