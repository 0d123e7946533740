import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import protobuf from "protobufjs";
import { SvidKeeper } from "./svid-keeper.ts";
import { openTestAuthority } from "./test-authority.ts";
import { openWorkloadApi } from "./workload-api.ts";

const web = { kind: "service", app: "shop", service: "web" } as const;
const definitions = protobuf.parse(`syntax = "proto3";
  message Svid { string id = 1; bytes chain = 2; bytes key = 3; bytes bundle = 4; string hint = 5; }
  message FetchX509SVID { repeated Svid svids = 1; repeated bytes crl = 2; map<string, bytes> federated = 3; }
  message FetchX509Bundles { repeated bytes crl = 1; map<string, bytes> bundles = 2; }`).root;
interface Answer {
  readonly svids: readonly { id: string; chain: Buffer; key: Buffer; bundle: Buffer }[];
  readonly bundles: Readonly<Record<string, Buffer>>;
}

test("The Workload API streams SVIDs and bundles to a gRPC client, and refuses who has no header or identity", async (t) => {
  await using held = await openTestAuthority();
  using keeper = new SvidKeeper({
    source: held.authority,
    clock: systemClock,
    log: createLog({ level: "error" }),
  });
  const id = keeper.add(web);
  await keeper.ready(id, t.signal);
  let identity: string | undefined = id;
  const directory = join(held.directory, "web");
  await using api = await openWorkloadApi({ directory, keeper, identityOf: () => identity });
  assert.equal(statSync(directory).mode & 0o777, 0o711);
  assert.equal(statSync(held.directory).mode & 0o777, 0o700);
  const client = new grpc.Client(api.endpoint, grpc.credentials.createInsecure());
  t.after(() => client.close());
  const header = new grpc.Metadata();
  header.set("workload.spiffe.io", "true");
  const fetch = (name: string, metadata: grpc.Metadata = header): grpc.ClientReadableStream<Answer> =>
    client.makeServerStreamRequest(
      `/SpiffeWorkloadAPI/${name}`,
      () => Buffer.alloc(0),
      (bytes) => definitions.lookupType(name).decode(bytes) as unknown as Answer,
      {},
      metadata,
    );

  const svids = fetch("FetchX509SVID");
  svids.on("error", () => {});
  const answers = svids[Symbol.asyncIterator]() as AsyncIterator<Answer>;
  const next = async (): Promise<Answer["svids"][number]> => {
    const { svids: given } = (await answers.next()).value as Answer;
    assert.equal(given.length, 1);
    return given[0]!;
  };
  const first = await next();
  assert.equal(first.id, id);
  const key = createPrivateKey({ key: Buffer.from(first.key), format: "der", type: "pkcs8" });
  const leaf = new X509Certificate(first.chain);
  assert.ok(leaf.checkPrivateKey(key));
  assert.ok(leaf.verify(new X509Certificate(first.bundle).publicKey));

  const bundles = fetch("FetchX509Bundles");
  bundles.on("error", () => {});
  const bundleAnswers = bundles[Symbol.asyncIterator]() as AsyncIterator<Answer>;
  const given = ((await bundleAnswers.next()).value as Answer).bundles["spiffe://test.example"]!;
  assert.ok(held.authority.bundle.roots[0]!.equals(given));
  await held.authority.prepareRoot();
  const both = ((await bundleAnswers.next()).value as Answer).bundles["spiffe://test.example"]!;
  assert.ok(Buffer.concat(held.authority.bundle.roots).equals(both));
  assert.ok((await next()).bundle.length > first.bundle.length);
  await keeper.renewAll(t.signal);
  assert.ok(!Buffer.from((await next()).key).equals(first.key), "a renewed one comes by itself");
  svids.cancel();
  bundles.cancel();

  const codeOf = async (stream: grpc.ClientReadableStream<Answer>): Promise<number | undefined> => {
    const { promise, resolve } = Promise.withResolvers<number>();
    stream.on("error", (error: grpc.ServiceError) => resolve(error.code));
    stream.on("data", () => resolve(grpc.status.OK));
    return promise;
  };
  assert.equal(await codeOf(fetch("FetchX509SVID", new grpc.Metadata())), grpc.status.INVALID_ARGUMENT);
  assert.equal(await codeOf(fetch("FetchX509Bundles", new grpc.Metadata())), grpc.status.INVALID_ARGUMENT);
  assert.equal(await codeOf(fetch("FetchJWTSVID")), grpc.status.UNIMPLEMENTED);
  identity = undefined;
  assert.equal(await codeOf(fetch("FetchX509SVID")), grpc.status.PERMISSION_DENIED);
});
