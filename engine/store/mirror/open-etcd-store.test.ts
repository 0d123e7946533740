import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { Fault } from "@plinth/fault";
import { TRANSACTION_OPERATIONS_MAX } from "../limits.ts";
import { startRealEtcd } from "../server/real-etcd.ts";
import { makeAuthority } from "../server/test-certificates.ts";
import { startTestServer } from "../server/test-server.ts";
import type { Operation } from "../store.ts";
import { openMvcc } from "../mvcc-store.ts";
import { storeConformance } from "../testing.ts";
import { openEtcdStore, parseEtcdUrl } from "./open-etcd-store.ts";

const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
/** Each history asks a server for hundreds of commits. */
const limits = {
  runs: 15,
  keepsHistory: false,
  keepsOrder: false,
  operationsMax: TRANSACTION_OPERATIONS_MAX,
};

test("parseEtcdUrl() reads members and a prefix, and refuses what is neither", () => {
  assert.deepEqual(parseEtcdUrl("etcd://a,b:2379,[::1]:1"), {
    endpoints: ["a", "b:2379", "[::1]:1"],
    tls: false,
    prefix: "/plinth",
  });
  assert.deepEqual(parseEtcdUrl("etcds://a/teams/one"), {
    endpoints: ["a"],
    tls: true,
    prefix: "/teams/one",
  });
  for (const url of [
    "",
    "a",
    "http://a",
    "etcd://",
    "etcd://a,,b",
    "etcd://a/",
    "etcd://a/b/",
    "etcd://a//b",
  ]) {
    assert.throws(() => parseEtcdUrl(url), faultOf("invalid"), url);
  }
  assert.throws(() => parseEtcdUrl("etcd://me:secret@a"), /a password does not belong/);
  assert.throws(() => parseEtcdUrl(`etcd://${"a".repeat(5000)}`), faultOf("invalid"));
});

/** A cluster for many stores: each directory of the suite is a prefix in it. */
function onCluster(name: string, port: () => number): void {
  storeConformance(
    name,
    (directory) => openEtcdStore({ endpoints: [`127.0.0.1:${port()}`], prefix: directory }),
    limits,
  );

  test(`${name}: what others write is seen, and a lost race's winner at once`, async () => {
    const place = { endpoints: [`127.0.0.1:${port()}`], prefix: `/shared/${name}` };
    await using one = await openEtcdStore(place);
    await using two = await openEtcdStore(place);
    await using elsewhere = await openEtcdStore({
      ...place,
      prefix: `${place.prefix}-not`,
      owner: "another",
    });
    await elsewhere.transact([], [{ put: "/key", value: Buffer.of(1) }]);
    const put = (value: string): Operation => ({ put: "/key", value: Buffer.from(value) });
    const absent = { key: "/key", target: "version", operator: "=", value: 0 } as const;
    for (let round = 0; round < 20; round++) {
      const [first, second] = await Promise.all([
        one.transact([absent], [put("one")]),
        two.transact([absent], [put("two")]),
      ]);
      assert.notEqual(first.succeeded, second.succeeded);
      const winner = first.succeeded ? "one" : "two";
      for (const store of [one, two]) {
        assert.equal(Buffer.from(store.get("/key")!.value).toString(), winner);
      }
      // Both find it gone, whoever has deleted it.
      await Promise.all([one, two].map((store) => store.transact([], [{ deletePrefix: "/" }])));
      assert.deepEqual([one.range(""), two.range("")], [[], []]);
    }
    assert.equal(elsewhere.range("").length, 1);
    await using third = await openEtcdStore(place);
    assert.deepEqual(third.range(""), []);
    assert.equal(one.get("key"), undefined);
    await assert.rejects(one.transact([], [{ put: "key", value: Buffer.of(1) }]), faultOf("invalid"));
  });

  test(`${name}: more operations than the cluster takes are refused with that reason`, async () => {
    await using store = await openEtcdStore({
      endpoints: [`127.0.0.1:${port()}`],
      prefix: `/many/${name}`,
    });
    const many = Array.from({ length: 129 }, (_, index) => ({ put: `${index}`, value: Buffer.of(1) }));
    await assert.rejects(store.transact([], many), (error) => {
      assert.ok(error instanceof Fault && error.code === "invalid");
      return /129 operations, 128 are left/.test(error.message);
    });
  });
}

test("openEtcdStore() with a certificate and a password, as a user who may use its prefix alone", async (t) => {
  const files = mkdtempSync(join(tmpdir(), "plinth-mirror-tls-"));
  t.after(() => rmSync(files, { recursive: true }));
  const authority = await makeAuthority(files, "authority");
  if (authority === undefined) return t.skip("openssl is not installed");
  const { ca } = authority;
  const cluster = await startRealEtcd({ tls: { ca, ...(await authority.issue("127.0.0.1")) } });
  if (cluster === undefined) return t.skip("etcd is not installed");
  await using _cluster = cluster;
  const client = await authority.issue("client");
  const etcdctl = (...words: string[]): void => {
    const tls = [`--cacert=${ca}`, `--cert=${client.cert}`, `--key=${client.key}`];
    const ended = spawnSync("etcdctl", [`--endpoints=https://127.0.0.1:${cluster.port}`, ...tls, ...words], {
      env: { ...process.env, ETCDCTL_API: "3" },
      encoding: "utf8",
    });
    assert.equal(ended.status, 0, ended.stderr);
  };
  for (const [user, password] of [
    ["root", "power"],
    ["plinth", "a:word"],
  ] as const) {
    etcdctl("user", "add", user, `--new-user-password=${password}`);
    etcdctl("role", "add", user);
    etcdctl("user", "grant-role", user, user);
  }
  etcdctl("role", "grant-permission", "plinth", "readwrite", "/team", "/team0");
  etcdctl("auth", "enable");

  const place = { endpoints: [`127.0.0.1:${cluster.port}`], prefix: "/team", owner: "one" };
  const credentials = { user: "plinth", password: "a:word" };
  const [root, cert, key] = [ca, client.cert, client.key].map((path) => readFileSync(path));
  const tls = { ca: root!, cert: cert!, key: key! };
  {
    await using store = await openEtcdStore({ ...place, tls, credentials });
    await store.transact([], [{ put: "/key", value: Buffer.from("value") }]);
    assert.equal(Buffer.from(store.get("/key")!.value).toString(), "value");
  }
  await using again = await openEtcdStore({ ...place, tls, credentials });
  assert.equal(Buffer.from(again.get("/key")!.value).toString(), "value");
  const wrongs = [
    { tls, credentials: { user: "plinth", password: "guess" } },
    { tls },
    { tls, credentials, prefix: "/other" },
    { tls: { ca: root! }, credentials },
    { tls: { cert: cert!, key: key! }, credentials },
    { credentials },
  ];
  // At once: a server that hangs up is asked again for a while.
  await Promise.all(
    wrongs.map((wrong) =>
      assert.rejects(openEtcdStore({ ...place, ...wrong }), (error: Error) => {
        assert.ok(error instanceof Fault);
        return !/a:word|guess/.test(error.message);
      }),
    ),
  );
});

const directory = mkdtempSync(join(tmpdir(), "plinth-mirror-"));
const ours = await startTestServer(await openMvcc(directory));
suite("openEtcdStore() on the store's own server", () => {
  after(async () => {
    await ours[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });
  onCluster("own server", () => ours.port);
});

const etcd = await startRealEtcd();
if (etcd === undefined) test("openEtcdStore()", (t) => t.skip("etcd is not installed"));
else {
  suite("openEtcdStore() on etcd", () => {
    after(() => etcd[Symbol.asyncDispose]());
    onCluster("etcd", () => etcd.port);
  });
}
