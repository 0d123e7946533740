import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { Etcd3, Range } from "etcd3";
import { openMvcc } from "../mvcc-store.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** Real clients, against the server over the store on disk. */

const run = promisify(execFile);

interface Started extends AsyncDisposable {
  readonly server: TestServer;
}

async function start(): Promise<Started> {
  await using setup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "plinth-etcd-clients-"));
  setup.defer(() => rm(directory, { recursive: true }));
  const server = setup.use(await startTestServer(await openMvcc(directory)));
  setup.defer(() => assert.deepEqual(server.errors, []));
  const lifetime = setup.move();
  return { server, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

interface Ctl {
  (...words: string[]): Promise<string>;
}

/** Runs etcdctl, and gives what it prints. */
function ctlOf({ port }: TestServer): Ctl {
  return async (...words) => (await run("etcdctl", wordsFor(port, words), { env, timeout: 10_000 })).stdout;
}

const env = { ...process.env, ETCDCTL_API: "3" };
const wordsFor = (port: number, words: readonly string[]): string[] => [
  `--endpoints=127.0.0.1:${port}`,
  ...words,
];

async function hasEtcdctl(): Promise<boolean> {
  return run("etcdctl", ["version"], { env }).then(
    () => true,
    () => false,
  );
}

test("etcdctl reads, writes, compacts, and looks after the server", async (t) => {
  if (!(await hasEtcdctl())) return t.skip("etcdctl is not installed");
  await using started = await start();
  const ctl = ctlOf(started.server);
  assert.equal(await ctl("put", "a", "1"), "OK\n");
  assert.equal(await ctl("put", "a", "2", "--prev-kv"), "OK\na\n1\n");
  assert.equal(await ctl("get", "a"), "a\n2\n");
  assert.equal(await ctl("get", "a", "--rev", "2"), "a\n1\n");
  assert.equal(await ctl("get", "", "--prefix", "--keys-only"), "a\n\n");
  assert.equal(await ctl("del", "a", "--prev-kv"), "1\na\n2\n");
  assert.equal(await ctl("compaction", "3"), "compacted revision 3\n");
  await assert.rejects(ctl("get", "a", "--rev", "2"), /mvcc: required revision has been compacted/);
  assert.match(await ctl("endpoint", "status"), /, feed, 3\.5\.21, .*, true, false, 2, /);
  assert.match(await ctl("member", "list"), /^feed, started, default, /);
  assert.match(await ctl("defrag"), /Finished defragmenting/);
  assert.equal(await ctl("alarm", "list"), "");
  const granted = /^lease ([0-9a-f]{16}) granted with TTL\(600s\)$/m.exec(await ctl("lease", "grant", "600"));
  const lease = granted![1]!;
  await ctl("put", "leased", "x", `--lease=${lease}`);
  assert.match(await ctl("lease", "timetolive", lease, "--keys"), /attached keys\(\[leased\]\)/);
  assert.equal(await ctl("lease", "revoke", lease), `lease ${lease} revoked\n`);
  assert.equal(await ctl("get", "leased"), "");
  assert.equal(await ctl("lock", "l", "echo", "held"), "held\n");
});

test("etcdctl takes a snapshot for whole", async (t) => {
  if (!(await hasEtcdctl())) return t.skip("etcdctl is not installed");
  await using started = await start();
  const ctl = ctlOf(started.server);
  const directory = await mkdtemp(join(tmpdir(), "plinth-etcd-snapshot-"));
  try {
    await ctl("put", "a", "1");
    const path = join(directory, "snapshot");
    assert.match(await ctl("snapshot", "save", path), /Snapshot saved/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("etcdctl watches a prefix from the past into the present", async (t) => {
  if (!(await hasEtcdctl())) return t.skip("etcdctl is not installed");
  await using started = await start();
  const { server } = started;
  const ctl = ctlOf(server);
  await ctl("put", "k/1", "past");
  const watching = spawn("etcdctl", wordsFor(server.port, ["watch", "--prefix", "k/", "--rev", "2"]), {
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(watching, "exit");
  try {
    const lines: string[] = [];
    for await (const line of createInterface(watching.stdout)) {
      lines.push(line);
      if (lines.length === 3) await ctl("put", "k/2", "present");
      if (lines.length === 6) await ctl("del", "k/1");
      if (lines.length === 8) break;
    }
    assert.deepEqual(lines, ["PUT", "k/1", "past", "PUT", "k/2", "present", "DELETE", "k/1"]);
  } finally {
    watching.kill();
    await exited;
  }
});

test("etcdctl makes users and roles, turns them on, and is refused what they may not", async (t) => {
  if (!(await hasEtcdctl())) return t.skip("etcdctl is not installed");
  await using started = await start();
  const ctl = ctlOf(started.server);
  assert.equal(await ctl("user", "add", "root:secret"), "User root created\n");
  assert.equal(await ctl("user", "add", "ann:word"), "User ann created\n");
  assert.equal(await ctl("role", "add", "root"), "Role root created\n");
  assert.equal(await ctl("user", "grant-role", "root", "root"), "Role root is granted to user root\n");
  await ctl("role", "add", "app");
  assert.equal(
    await ctl("role", "grant-permission", "app", "readwrite", "--prefix", "app/"),
    "Role app updated\n",
  );
  await ctl("user", "grant-role", "ann", "app");
  assert.equal(await ctl("auth", "enable"), "Authentication Enabled\n");
  await assert.rejects(ctl("get", "app/1"), /etcdserver: user name is empty/);
  const ann = (...words: string[]): Promise<string> => ctl("--user", "ann:word", ...words);
  assert.equal(await ann("put", "app/1", "one"), "OK\n");
  assert.equal(await ann("get", "--prefix", "app/"), "app/1\none\n");
  await assert.rejects(ann("get", "other"), /etcdserver: permission denied/);
  await assert.rejects(ann("watch", "other"), /permission denied/);
  await assert.rejects(ctl("--user", "ann:wrong", "get", "app/1"), /invalid user ID or password/);
  const root = (...words: string[]): Promise<string> => ctl("--user", "root:secret", ...words);
  assert.equal(await root("user", "get", "ann"), "User: ann\nRoles: app\n");
  assert.match(await root("role", "get", "app"), /\[app\/, app0\) \(prefix app\/\)/);
  assert.match(await root("endpoint", "status"), /, feed, /);
  assert.equal(await root("auth", "disable"), "Authentication Disabled\n");
  assert.equal(await ctl("get", "app/1"), "app/1\none\n");
});

test("npm etcd3 logs in, and is refused what its user may not", async () => {
  await using started = await start();
  const hosts = `http://127.0.0.1:${started.server.port}`;
  const admin = new Etcd3({ hosts });
  const root = new Etcd3({ hosts, auth: { username: "root", password: "secret" } });
  const ann = new Etcd3({ hosts, auth: { username: "ann", password: "word" } });
  try {
    await admin.user("root").create("secret");
    await admin.role("root").create();
    await admin.user("root").addRole("root");
    await admin.auth.authEnable();
    const app = root.role("app");
    await app.create();
    await app.grant({ permission: "Readwrite", range: Range.prefix("app/") });
    await root.user("ann").create("word");
    await root.user("ann").addRole("app");
    await ann.put("app/1").value("one");
    assert.equal(await ann.get("app/1").string(), "one");
    await assert.rejects(ann.get("other").string(), /permission denied/);
  } finally {
    for (const client of [admin, root, ann]) client.close();
  }
});

test("npm etcd3 reads, writes, watches, leases and locks", async () => {
  await using started = await start();
  const client = new Etcd3({ hosts: `http://127.0.0.1:${started.server.port}` });
  try {
    await client.put("greeting").value("hello");
    assert.equal(await client.get("greeting").string(), "hello");
    const watcher = await client.watch().prefix("w/").create();
    const put = once(watcher, "put");
    await client.put("w/1").value("seen");
    const [event] = (await put) as [{ key: Buffer; value: Buffer }];
    assert.deepEqual([event.key.toString(), event.value.toString()], ["w/1", "seen"]);
    await watcher.cancel();
    const result = await client
      .if("greeting", "Value", "==", "hello")
      .then(client.put("greeting").value("changed"))
      .commit();
    assert.equal(result.succeeded, true);
    const lease = client.lease(60);
    await lease.put("leased").value("x");
    await lease.revoke();
    assert.equal(await client.get("leased").string(), null);
    const held = await client.lock("one").do(async () => client.get("greeting").string());
    assert.equal(held, "changed");
  } finally {
    client.close();
  }
});
