import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import protobuf from "protobufjs";
import type { ExpiryReport, IdentityReport } from "@plinth/resource";
import { createPlinth, createProject } from "./index.ts";
import { allReady, oneService } from "./site.ts";

const { root } = protobuf.parse(`syntax = "proto3";
  message Svid { string id = 1; bytes chain = 2; bytes key = 3; bytes bundle = 4; }
  message Answer { repeated Svid svids = 1; }`);
interface Svid {
  readonly id: string;
  readonly chain: Uint8Array;
  readonly key: Uint8Array;
  readonly bundle: Uint8Array;
}

test("an instance gets its certificate by the SPIFFE Workload API, and a new one when the root is rotated", async (context) => {
  using project = createProject();
  oneService(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const [row] = await allReady(plinth, 1);
  const { stdout } = await plinth.run([
    "exec",
    row!.instance,
    "--",
    "sh",
    "-c",
    'echo "$SPIFFE_ENDPOINT_SOCKET"',
  ]);
  const endpoint = stdout.trim();
  assert.match(endpoint, /^unix:\/\/\//);
  const socket = endpoint.slice("unix://".length);
  // A container may be any user and sees this folder alone; all others are kept out above it.
  assert.equal(statSync(dirname(socket)).mode & 0o777, 0o711);
  assert.equal(statSync(dirname(dirname(socket))).mode & 0o777, 0o700);

  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
  context.after(() => client.close());
  const header = new grpc.Metadata();
  header.set("workload.spiffe.io", "true");
  const stream = client.makeServerStreamRequest(
    "/SpiffeWorkloadAPI/FetchX509SVID",
    () => Buffer.alloc(0),
    (bytes) => root.lookupType("Answer").decode(bytes) as unknown as { svids: readonly Svid[] },
    {},
    header,
  );
  stream.on("error", () => {});
  context.after(() => stream.cancel());
  const answers = stream[Symbol.asyncIterator]() as AsyncIterator<{ svids: readonly Svid[] }>;
  const next = async (): Promise<Svid> => {
    const { value } = (await answers.next()) as { value: { svids: readonly Svid[] } };
    return value.svids[0]!;
  };
  const first = await next();
  const { trustDomain } = await plinth.json<IdentityReport>("identity", "show");
  assert.equal(first.id, `spiffe://${trustDomain}/app/site/service/web`);
  const checked = (svid: Svid): X509Certificate => {
    const leaf = new X509Certificate(svid.chain);
    const key = createPrivateKey({ key: Buffer.from(svid.key), format: "der", type: "pkcs8" });
    assert.ok(leaf.checkPrivateKey(key));
    return leaf;
  };
  assert.ok(checked(first).verify(new X509Certificate(first.bundle).publicKey));

  const rotated = await plinth.run(["identity", "rotate", "--now"]);
  assert.equal(rotated.code, 0, rotated.stderr);
  const [now] = (await plinth.json<IdentityReport>("identity", "show")).roots;
  // Each step of the rotation is told; in the end the leaf is of the new root, which signs.
  const isDone = ({ chain, bundle }: Svid): boolean => {
    const signing = new X509Certificate(bundle);
    const fingerprint = signing.fingerprint256.replaceAll(":", "").toLowerCase();
    return fingerprint === now!.fingerprint && new X509Certificate(chain).verify(signing.publicKey);
  };
  let last = first;
  while (!isDone(last)) last = await next();
  checked(last);

  // Taken for expired: another certificate at once, by the same root.
  const expired = await plinth.json<ExpiryReport>("identity", "expire");
  assert.deepEqual(
    expired.hosts.map(({ certificates }) => certificates),
    [1],
  );
  let second = await next();
  // What the retired root's leaving has told comes before.
  while (checked(second).serialNumber === checked(last).serialNumber) second = await next();
  assert.ok(isDone(second), "the root is the same");

  // Keys of leaves are in memory alone; those of roots are for the owner alone.
  const secrets = [first, last, second].map(({ key }) => Buffer.from(key).toString("base64").slice(40, 120));
  for (const name of readdirSync(plinth.home, { recursive: true, encoding: "utf8" })) {
    const path = join(plinth.home, name);
    const { mode } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0 };
    if ((mode & 0o170000) !== 0o100000) continue;
    const text = readFileSync(path, "latin1");
    for (const secret of secrets) assert.ok(!text.includes(secret), name);
    if (name.startsWith("keys/")) assert.equal(mode & 0o777, 0o600, name);
  }
});
