import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { createEtcdServer, type Mvcc, openMvcc, openTlsDoor, type TlsFiles } from "@plinth/store";
import { type CliResult, runCli, startCli, startHome, temporaryDirectory } from "../testing.ts";

interface Served {
  readonly store: Mvcc;
  readonly address: string;
  readonly url: string;
}

/** A store of Plinth's with its server, gone after the test. */
async function serve(context: TestContext, tls?: TlsFiles): Promise<Served> {
  const store = await openMvcc(join(temporaryDirectory(context), "store"));
  const onSocket = (socket: Socket): void => etcd.serve(socket);
  const door = tls && (await openTlsDoor({ files: tls, onSocket, onError: assert.ifError }));
  const listener = createServer((socket) => (door ?? { accept: onSocket }).accept(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const clientUrls = [`http://${address}`];
  const etcd = createEtcdServer({ store, name: "t", clusterId: 1n, memberId: 2n, peerUrls: [], clientUrls });
  context.after(async () => {
    listener.close();
    door?.[Symbol.dispose]();
    await etcd[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  return { store, address, url: `${tls === undefined ? "etcd" : "etcds"}://${address}` };
}

const kv = ({ url }: Served, line: readonly string[], input?: string | Buffer): Promise<CliResult> =>
  runCli(["kv", ...line], { environment: { PLINTH_STORE_URL: url }, ...(input !== undefined && { input }) });

async function json<T>(served: Served, line: readonly string[], input?: string): Promise<T> {
  const { code, stdout, stderr } = await kv(served, [...line, "--json"], input);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** What both print to the byte, in this order. */
const script: readonly (readonly [line: readonly string[], input?: string])[] = [
  [["put", "a", "1"]],
  [["put", "a", "2", "--prev-kv"]],
  [["put", "b"], "from input\n"],
  [["put", "c", "--", "-v"]],
  [["put", "a", "--ignore-value"]],
  [["get", "a"]],
  [["get", "nothing"]],
  [["get", "", "--prefix"]],
  [["get", "a", "c"]],
  [["get", "b", "--from-key", "--keys-only"]],
  [["get", "", "--prefix", "--print-value-only", "--limit", "2"]],
  [["get", "", "--prefix", "--order", "descend", "--sort-by", "modify"]],
  [["get", "a", "--rev", "2"]],
  [
    ["txn"],
    'mod("a") > "0"\nvalue("c") = "-v"\n\nput d "x \\"y\\" z"\nget d\nget "" --prefix --keys-only\n\n\n',
  ],
  [["txn"], 'version("a") = "99"\n\nput d no\n\nget zz\ndel d --prev-kv\ndel zz\n\n'],
  [["lease", "list"]],
  [["lease", "timetolive", "7f"]],
  [["del", "b", "--prev-kv"]],
  [["del", "", "--prefix"]],
];
const hasEtcdctl = spawnSync("etcdctl", ["version"]).status === 0;

test("kv prints what etcdctl prints", { skip: hasEtcdctl ? false : "no etcdctl" }, async (context) => {
  const [ours, theirs] = [await serve(context), await serve(context)];
  for (const [line, input = ""] of script) {
    // Not spawnSync: the server is in this process.
    const { code, stdout, stderr } = await kv(ours, line, input);
    assert.equal(code, 0, `${line.join(" ")}: ${stderr}`);
    assert.equal(stdout, await etcdctl(theirs, line, input), line.join(" "));
  }
});

async function etcdctl({ address }: Served, line: readonly string[], input: string): Promise<string> {
  const { spawn } = await import("node:child_process");
  const environment = { ...process.env, ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: address };
  const child = spawn("etcdctl", line, { env: environment, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  await once(child, "close");
  return stdout;
}

test("kv --json has text where it is UTF-8 and base64 where it is not; bytes come out as they are", async (context) => {
  const served = await serve(context);
  const bytes = Buffer.from([0xff, 0, 0x80]);
  assert.equal((await kv(served, ["put", "raw"], bytes)).code, 0);
  const { lease } = await json<{ lease: string }>(served, ["lease", "grant", "600"]);
  await json(served, ["put", "text", "grün", "--lease", lease]);
  const found = await json<{ items: object[]; count: number; more: boolean; revision: number }>(served, [
    "get",
    "",
    "--prefix",
  ]);
  assert.deepEqual(found, {
    revision: 3,
    count: 2,
    more: false,
    items: [
      {
        key: "raw",
        value: null,
        valueBase64: "/wCA",
        createRevision: 2,
        modRevision: 2,
        version: 1,
        lease: null,
      },
      { key: "text", value: "grün", createRevision: 3, modRevision: 3, version: 1, lease },
    ],
  });
  const kept = await json<{ keys: object[]; expired: boolean }>(served, [
    "lease",
    "timetolive",
    lease,
    "--keys",
  ]);
  assert.deepEqual([kept.keys, kept.expired], [[{ key: "text" }], false]);
  assert.deepEqual(await json(served, ["lease", "keep-alive", lease, "--once"]), { lease, ttl: 600 });
  assert.deepEqual(await json(served, ["get", "", "--prefix", "--count-only"]), { revision: 3, count: 2 });
  const raw = startCli(["kv", "get", "raw", "--print-value-only", "--url", served.url]);
  const chunks: Buffer[] = [];
  raw.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(raw, "close");
  assert.deepEqual(Buffer.concat(chunks), Buffer.concat([bytes, Buffer.from("\n")]));
  const txn = await json<{ succeeded: boolean; results: { type: string; items: { key: string }[] }[] }>(
    served,
    ["txn"],
    `lease("text") = ${lease}\n\nget text --keys-only\ndel raw\n`,
  );
  assert.deepEqual([txn.succeeded, txn.results.map(({ type }) => type)], [true, ["get", "delete"]]);
  assert.equal("value" in txn.results[0]!.items[0]!, false);
});

test("kv get goes through more keys than one page, all of one revision", async (context) => {
  const served = await serve(context);
  const names = Array.from({ length: 1203 }, (_, index) => `k${String(index).padStart(5, "0")}`);
  await Promise.all(names.map((key) => served.store.put({ key, value: Buffer.from(key), lease: 0n })));
  const { stdout } = await kv(served, ["get", "k", "--prefix", "--print-value-only"]);
  assert.deepEqual(stdout.trimEnd().split("\n"), names);
  const found = await json<{ items: { key: string }[]; count: number; more: boolean }>(served, [
    "get",
    "k",
    "--prefix",
  ]);
  assert.deepEqual([found.items.map(({ key }) => key), found.count, found.more], [names, 1203, false]);
});

test("kv txn says at which line and column it cannot go on, and does nothing", async (context) => {
  const served = await serve(context);
  const { code, stdout, stderr } = await kv(served, ["txn", "--json"], "\nput a 1\nmove a b\n");
  assert.equal(code, 3);
  const { error } = JSON.parse(stdout) as { error: { line: number; column: number } };
  assert.deepEqual([error.line, error.column], [3, 1]);
  assert.match(stderr, /line 3, column 1: expected get, put or del\n {2}3 \| move a b\n {6}\^\n/);
  assert.equal(served.store.revision, 1);
});

test("kv watch prints changes until it is interrupted, and lists again what was forgotten", async (context) => {
  const served = await serve(context);
  const put = (key: string, value: string): Promise<unknown> =>
    served.store.put({ key, value: Buffer.from(value), lease: 0n });
  for (const value of ["1", "2", "3"]) await put("a", value);
  await served.store.compact(4, false);
  const line = ["kv", "watch", "", "--prefix", "--rev", "1", "--prev-kv", "--url", served.url];
  const child = startCli(line);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (count: number): Promise<string[]> => {
    const found: string[] = [];
    while (found.length < count) found.push((await lines.next()).value as string);
    return found;
  };
  assert.deepEqual(await next(3), ["PUT", "a", "3"]);
  await put("a", "4");
  assert.deepEqual(await next(5), ["PUT", "a", "3", "a", "4"]);
  await served.store.delete({ key: "a" });
  assert.deepEqual(await next(5), ["DELETE", "a", "4", "a", ""]);
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "close"), [130, null]);
  assert.match(stderr, /Some changes are forgotten: these are all 1 keys as of revision 4/);
});

test("kv snapshot saves a whole store, checks it and makes a store of it; a broken one is refused", async (context) => {
  const served = await serve(context);
  await served.store.put({ key: "a", value: Buffer.from("1"), lease: 0n });
  const directory = temporaryDirectory(context);
  const file = join(directory, "state.snapshot");
  writeFileSync(`${file}.part`, "left by a crash", { mode: 0o644 });
  const { code, stdout } = await kv(served, ["snapshot", "save", file]);
  assert.deepEqual([code, stdout], [0, `Snapshot saved at ${file}\n`]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.throws(() => statSync(`${file}.part`));
  const status = await json<{ revision: number; records: number; bytes: number }>(served, [
    "snapshot",
    "status",
    file,
  ]);
  assert.deepEqual(status, { revision: 2, records: 1, bytes: statSync(file).size });
  const data = join(directory, "data");
  assert.equal((await kv(served, ["snapshot", "restore", file, "--data-dir", data])).code, 0);
  {
    await using restored = await openMvcc(data);
    assert.equal(restored.hash(0), served.store.hash(0));
  }
  const bytes = readFileSync(file);
  bytes[50]! ^= 1; // of the record
  writeFileSync(file, bytes);
  for (const line of [
    ["status", file],
    ["restore", file, "--data-dir", join(directory, "other")],
  ]) {
    const broken = await kv(served, ["snapshot", ...line]);
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /state\.snapshot".*(SHA-256|checksum)/);
  }
  const nowhere = await kv(served, ["snapshot", "save", join(directory, "none", "x")]);
  assert.deepEqual([nowhere.code, /no such file/.test(nowhere.stderr)], [1, true]);
});

test("kv says what the store refuses, without taking it for a bug", async (context) => {
  const served = await serve(context);
  for (const [line, code, says] of [
    [["get", ""], 3, /key is not provided/],
    [["get", "a", "--rev", "99"], 3, /future revision/],
    [["put", "a", "1", "--lease", "zz"], 2, /hexadecimal/],
    [["put", "a", "1", "--lease", "77"], 3, /lease not found/],
    [["get", "a", "--order", "UP"], 2, /ASCEND or DESCEND/],
    [["get", "a", "--sort-by", "MODIFIED"], 2, /Did you mean "MODIFY"/],
    [["get", "a", "--prefix", "--from-key"], 2, /both/],
    [["get", "a", "--url", "etcd://x", "--store", "y"], 2, /two stores/],
    [["get", "a", "--url", "http://x"], 3, /etcd:\/\/host/],
    [["get", "a", "--cacert", "/nowhere.pem"], 3, /nowhere\.pem/],
    [["get", "a", "--url", "etcd://127.0.0.1:1", "--timeout", "200ms"], 4, /ECONNREFUSED/],
    [["lease", "keep-alive", "77"], 1, /has expired or was revoked/],
  ] as const) {
    const result = await kv(served, line);
    assert.equal(result.code, code, `${line.join(" ")}: ${result.stderr}`);
    assert.match(result.stderr, says);
    assert.doesNotMatch(result.stderr, /bug/);
  }
});

test("kv speaks TLS with certificates of both sides, and says which flag is missing", async (context) => {
  const directory = temporaryDirectory(context);
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = spawnSync("openssl", ["req", ...kind, ...name, "-keyout", key, "-out", cert]);
  if (made.status !== 0) return context.skip("openssl is not installed");
  const served = await serve(context, { cert, key, trustedCa: cert });
  const own = ["--cert", cert, "--key", key];
  assert.equal((await kv(served, ["put", "a", "1", "--cacert", cert, ...own])).stdout, "OK\n");
  for (const [line, code, says] of [
    [own, 1, /Name the certificates to check it by: --cacert FILE/],
    [["--cacert", cert], 4, /may want a certificate of yours: --cert and --key/],
    [["--url", `etcd://${served.address}`], 4, /may want TLS: etcds:\/\//],
    [["--cacert", cert, "--cert", cert], 2, /--cert without --key/],
  ] as const) {
    const refused = await kv(served, ["get", "a", "--timeout", "2s", ...line]);
    assert.equal(refused.code, code, `${line.join(" ")}: ${refused.stderr}`);
    assert.match(refused.stderr, says);
  }
});

test("kv finds the store of an app in this home, and asks for the right one where there are several", async (context) => {
  const { home, api } = await startHome(context);
  const served = await serve(context);
  const store = { command: ["x"], store: true };
  api.write("App", "shop", { spec: { services: { web: { command: ["x"] }, state: store } } });
  api.intercept(({ method, path }) =>
    method === "POST" && path === "/apps/shop/stores/state/access" ? { url: served.url } : undefined,
  );
  const at = (...line: string[]): Promise<CliResult> => runCli(["kv", ...line], { home });
  assert.equal((await at("put", "a", "1")).stdout, "OK\n");
  assert.equal((await at("get", "a", "--store", "state")).stdout, "a\n1\n");
  assert.equal((await at("get", "a", "--store", "shop/state")).stdout, "a\n1\n");
  const wrong = await at("get", "a", "--store", "shop/stat");
  assert.deepEqual([wrong.code, /Did you mean "state"/.test(wrong.stderr)], [2, true]);
  api.write("App", "shop", { spec: { services: { jobs: store, state: store } } });
  const several = await at("get", "a");
  assert.deepEqual([several.code, /--store: jobs, state/.test(several.stderr)], [2, true]);
  api.write("App", "blog", { spec: { services: {} } });
  const none = await at("get", "a", "--store", "blog/state");
  assert.deepEqual([none.code, /has no store "state"/.test(none.stderr)], [2, true]);
});
