import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import protobuf from "protobufjs";
import { reflectionService, ServerReflectionRequest, type ServerReflectionResponse } from "@plinth/etcd";
import { MvccModel } from "../mvcc-model.ts";
import { connectTo, startTestServer } from "./test-server.ts";

const require = createRequire(import.meta.url);
/** It adds `fromDescriptor` to Root, which the declarations do not know of when it is loaded so. */
const { FileDescriptorSet } = require("protobufjs/ext/descriptor") as {
  readonly FileDescriptorSet: { decode(bytes: Uint8Array): object };
};
const Root = protobuf.Root as unknown as { fromDescriptor(set: object): protobuf.Root };

/** Answers to requests in turn. */
async function ask(
  version: keyof typeof reflectionService,
  ...requests: Partial<ServerReflectionRequest>[]
): Promise<ServerReflectionResponse[]> {
  await using server = await startTestServer(new MvccModel());
  using client = connectTo(server.port);
  const call = client.grpc.open(reflectionService[version]);
  for (const request of requests) await call.send(ServerReflectionRequest.of(request));
  call.end();
  return await Array.fromAsync(call.responses);
}

/** What an independent reader makes of a symbol's files. */
async function rootOf(symbol: string): Promise<protobuf.Root> {
  const [response] = await ask("v1", { fileContainingSymbol: symbol });
  const files = response!.fileDescriptorResponse!.fileDescriptorProto;
  // One file after the other, each as a field of a set.
  const writer = new protobuf.Writer();
  for (const file of files) writer.uint32(10).bytes(file);
  const root = Root.fromDescriptor(FileDescriptorSet.decode(writer.finish()));
  root.resolveAll();
  return root;
}

/** Fields by name, with their numbers and types, of every message in the package. */
function fieldsOf(root: protobuf.Root, packageName: string): Map<string, Map<string, string>> {
  const messages = new Map<string, Map<string, string>>();
  for (const nested of (root.lookup(packageName) as protobuf.Namespace).nestedArray) {
    if (!(nested instanceof protobuf.Type)) continue;
    const fields = nested.fieldsArray.map((field): [string, string] => {
      const type = field.resolvedType?.name ?? field.type;
      return [field.name.replaceAll("_", "").toLowerCase(), `${field.id} ${field.repeated} ${type}`];
    });
    messages.set(nested.name, new Map(fields));
  }
  return messages;
}

test("reflection lists every service, by either of its names", async () => {
  for (const version of ["v1", "v1alpha"] as const) {
    const [response] = await ask(version, { listServices: "" });
    assert.deepEqual(
      response!.listServicesResponse!.service.map(({ name }) => name),
      [
        "etcdserverpb.Auth",
        "etcdserverpb.Cluster",
        "etcdserverpb.KV",
        "etcdserverpb.Lease",
        "etcdserverpb.Maintenance",
        "etcdserverpb.Watch",
        "grpc.health.v1.Health",
        "v3electionpb.Election",
        "v3lockpb.Lock",
      ],
    );
  }
});

test("reflection describes messages as npm etcd3's definitions have them", async () => {
  const path = join(dirname(require.resolve("etcd3/package.json")), "proto", "rpc.proto");
  const expected = fieldsOf(await protobuf.load(path), "etcdserverpb");
  const root = await rootOf("etcdserverpb.KV");
  const described = fieldsOf(root, "etcdserverpb");
  let compared = 0;
  for (const [name, fields] of described) {
    for (const [field, shape] of expected.get(name) ?? []) {
      assert.equal(fields.get(field) ?? shape, shape, `${name}.${field}`);
      compared += fields.has(field) ? 1 : 0;
    }
  }
  assert.ok(compared > 200, `${compared}`);
  const put = root.lookupType("etcdserverpb.PutRequest");
  const bytes = put.encode(put.create({ key: Buffer.from("k"), prev_kv: true })).finish();
  assert.deepEqual([...bytes], [0x0a, 1, 0x6b, 0x20, 1]);
});

test("reflection finds a file by name, method, message or enum, and says where there is none", async () => {
  const requests = [
    { fileByFilename: "kv.proto" },
    { fileContainingSymbol: "etcdserverpb.KV.Put" },
    { fileContainingSymbol: "mvccpb.KeyValue" },
    { fileContainingSymbol: "etcdserverpb.RangeRequest.SortOrder" },
    { fileContainingSymbol: "v3electionpb.Election" },
    { fileContainingSymbol: "grpc.health.v1.Health" },
    { fileContainingSymbol: "nothing" },
    { fileByFilename: "../etc/passwd" },
    { allExtensionNumbersOfType: "mvccpb.KeyValue" },
    {},
  ];
  const responses = await ask("v1alpha", ...requests);
  assert.deepEqual(
    responses.map(
      (each) => each.fileDescriptorResponse?.fileDescriptorProto.length ?? each.errorResponse?.errorCode,
    ),
    [1, 3, 1, 3, 4, 1, 5, 5, 5, 5],
  );
});
