import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { systemClock } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { type Event, StoreError } from "../mvcc.ts";
import { MvccModel } from "../mvcc-model.ts";
import { createEtcdServer } from "../server/server.ts";
import { startTestServer } from "../server/test-server.ts";
import { OutcomeUnknownError } from "./backend.ts";
import { answersProgress } from "./progress-version.ts";
import { type Relay, startRelay } from "./relay.ts";
import { remote } from "./remote.ts";

/** What becomes of calls and watches when connections do not last. */

const run = promisify(execFile);
const bytes = (text: string): Uint8Array => Buffer.from(text);

interface Relayed extends AsyncDisposable {
  readonly store: MvccModel;
  readonly relay: Relay;
  readonly url: string;
}

async function startRelayed(requestBytesMax?: number): Promise<Relayed> {
  await using setup = new AsyncDisposableStack();
  const store = new MvccModel({ clock: systemClock });
  const server = setup.use(
    await startTestServer(store, requestBytesMax === undefined ? {} : { requestBytesMax }),
  );
  const relay = setup.use(await startRelay(server.port));
  const lifetime = setup.move();
  return {
    store,
    relay,
    url: `127.0.0.1:${relay.port}`,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

const putIn = (store: MvccModel, key: string, value = "v"): Promise<{ revision: number }> =>
  store.put({ key, value: bytes(value), lease: 0n });

test("a watch has no gap and no repetition over connections that are cut", async () => {
  await using relayed = await startRelayed();
  const { store, relay, url } = relayed;
  await using backend = remote({ endpoints: [url] });
  const ended = new AbortController();
  let interruptions = 0;
  const watch = await backend.watch(
    { key: "a", end: "b" },
    { signal: ended.signal, onInterrupted: () => interruptions++ },
  );
  const seen: Event[] = [];
  const expected: number[] = [];
  const events = watch[Symbol.asyncIterator]();
  for (let round = 0; round < 20; round++) {
    for (let count = 0; count < 10; count++) {
      const { revision } = await putIn(store, `a${count}`, String(round));
      expected.push(revision);
      // Cut in all states: with events on their way, and without.
      if (round % 3 === 0 && count === 5) relay.cut();
    }
    while (seen.length < expected.length - (round % 2) * 5) {
      seen.push(...((await events.next()).value as readonly Event[]));
    }
    if (round % 4 === 1) relay.cut();
  }
  while (seen.length < expected.length) seen.push(...((await events.next()).value as readonly Event[]));
  assert.deepEqual(
    seen.map((event) => event.kv.modRevision),
    expected,
  );
  assert.equal(watch.progress, expected.at(-1));
  assert.ok(interruptions >= 5);
  ended.abort();
});

test("a watch goes on at a member that does not know its token", async () => {
  const store = new MvccModel({ clock: systemClock });
  await using first = await startTestServer(store);
  await first.etcd.enableAuth("word", true);
  // Knows the same users, and has given nobody a token.
  await using second = await startTestServer(store);
  const relays = [await startRelay(first.port), await startRelay(second.port)];
  try {
    const endpoints = relays.map(({ port }) => `127.0.0.1:${port}`);
    await using backend = remote({ endpoints, credentials: { user: "root", password: "word" } });
    const { signal } = new AbortController();
    const watch = await backend.watch({ key: "a" }, { signal });
    const events = watch[Symbol.asyncIterator]();
    await putIn(store, "a", "1");
    assert.equal((await events.next()).value[0].kv.version, 1);
    const used = relays.find(({ taken }) => taken > 0)!;
    await used[Symbol.asyncDispose]();
    await putIn(store, "a", "2");
    assert.equal((await events.next()).value[0].kv.version, 2);
  } finally {
    await Promise.allSettled(relays.map((relay) => relay[Symbol.asyncDispose]()));
  }
});

test("a watch gives a revision in one piece, however the server divides it", async () => {
  await using relayed = await startRelayed(2000);
  const { store, relay, url } = relayed;
  await using backend = remote({ endpoints: [url] });
  const ended = new AbortController();
  const watch = await backend.watch({ key: "a", end: "b" }, { signal: ended.signal });
  const events = watch[Symbol.asyncIterator]();
  for (let round = 0; round < 3; round++) {
    // Twelve events of 700 bytes: several responses.
    await store.transact({
      compares: [],
      success: Array.from({ length: 12 }, (_, index) => ({
        kind: "put",
        put: { key: `a${index}`, value: Buffer.alloc(700), lease: 0n },
      })),
      failure: [],
    });
    const { value } = (await events.next()) as { value: readonly Event[] };
    assert.equal(value.length, 12);
    assert.equal(new Set(value.map((event) => event.kv.modRevision)).size, 1);
    relay.cut();
  }
  ended.abort();
});

test("a watch whose history was compacted while it was cut off says so", async () => {
  await using relayed = await startRelayed();
  const { store, relay, url } = relayed;
  await using backend = remote({ endpoints: [url], random: () => 1 });
  const signal = new AbortController().signal;
  const watch = await backend.watch({ key: "a" }, { signal });
  const events = watch[Symbol.asyncIterator]();
  await putIn(store, "a");
  await events.next();
  const waiting = events.next();
  relay.cut();
  await putIn(store, "a");
  const { revision } = await putIn(store, "a");
  await store.compact(revision);
  await assert.rejects(
    waiting,
    (error) =>
      error instanceof StoreError && error.code === "compacted" && error.compactedRevision === revision,
  );
});

test("an idle watch keeps up with compaction by asking how far it is", async () => {
  await using relayed = await startRelayed();
  const { store, relay, url } = relayed;
  await using backend = remote({ endpoints: [url], progressIntervalMs: 10 });
  const signal = new AbortController().signal;
  const watch = await backend.watch({ key: "a" }, { signal });
  const next = watch[Symbol.asyncIterator]().next();
  await putIn(store, "elsewhere");
  const { revision } = await putIn(store, "elsewhere");
  while (watch.progress < revision) await systemClock.sleep(5);
  relay.cut();
  await store.compact(revision);
  await putIn(store, "a", "seen");
  const { value } = (await next) as { value: readonly Event[] };
  assert.equal(String(Buffer.from(value[0]!.kv.value)), "seen");
});

test("a write whose answer is lost is not sent again, and its caller is told", async () => {
  await using relayed = await startRelayed();
  const { store, relay, url } = relayed;
  await using backend = remote({ endpoints: [url] });
  await backend.status();
  const arrived = store.watch({ key: "a" }, { signal: new AbortController().signal });
  relay.mute();
  const writing = backend.put({ key: "a", value: bytes("1"), lease: 0n });
  await arrived[Symbol.asyncIterator]().next();
  relay.cut();
  await assert.rejects(writing, OutcomeUnknownError);
  const { kvs } = await backend.range({ key: "a" });
  assert.equal(kvs[0]!.version, 1);
});

test("a read whose answer is lost is sent again", async () => {
  await using relayed = await startRelayed();
  const { relay, url } = relayed;
  await using backend = remote({ endpoints: [url] });
  await backend.status();
  relay.mute();
  const reading = backend.range({ key: "a" });
  setImmediate(() => relay.cut());
  assert.equal((await reading).count, 0);
  assert.equal(relay.taken, 2);
});

test("a member that is not there is left for one that is", async () => {
  await using relayed = await startRelayed();
  const gone = await startRelay(1);
  await gone[Symbol.asyncDispose]();
  await using backend = remote({ endpoints: [`127.0.0.1:${gone.port}`, relayed.url], random: () => 0 });
  const { revision } = await backend.put({ key: "a", value: bytes("1"), lease: 0n });
  assert.equal(revision, 2);
});

test("a call to nobody ends at its deadline with the reason", async () => {
  const gone = await startRelay(1);
  await gone[Symbol.asyncDispose]();
  await using backend = remote({ endpoints: [`127.0.0.1:${gone.port}`], timeoutMs: 500 });
  await assert.rejects(backend.range({ key: "a" }), { code: "unavailable", message: /ECONNREFUSED/ });
  const reason = new Error("enough");
  const ended = new AbortController();
  const waiting = backend.range({ key: "a" }, { signal: ended.signal, timeoutMs: 10_000 });
  ended.abort(reason);
  await assert.rejects(waiting, reason);
});

test("a member that says nothing is left at the deadline", async () => {
  await using relayed = await startRelayed();
  const { relay, url } = relayed;
  await using backend = remote({ endpoints: [url] });
  await backend.status();
  relay.mute();
  await assert.rejects(backend.range({ key: "a" }, { timeoutMs: 50 }), { code: "timeout" });
  assert.equal((await backend.range({ key: "a" })).count, 0);
  assert.equal(relay.taken, 2);
});

test("a member that has gone silent is found by asking for a sign of life", async () => {
  await using relayed = await startRelayed();
  const { relay, url } = relayed;
  const clock = new VirtualClock();
  await using backend = remote({ endpoints: [url], clock, timeoutMs: 1_000_000 });
  await backend.status();
  relay.mute();
  const began = clock.now();
  const answered = new AbortController();
  const reading = backend.range({ key: "a" }).finally(() => answered.abort());
  while (!answered.signal.aborted) {
    // What is on the wire takes real time, so the clock is slow once it is.
    await clock.advance(relay.taken === 1 ? 100 : 1);
    await systemClock.sleep(2);
  }
  await reading;
  assert.ok(relay.taken >= 2 && clock.now() - began >= 10_000);
});

test("closing ends what is under way", async () => {
  await using relayed = await startRelayed();
  const { relay, url } = relayed;
  const backend = remote({ endpoints: [url] });
  const signal = new AbortController().signal;
  const watching = (await backend.watch({ key: "a" }, { signal }))[Symbol.asyncIterator]().next();
  relay.mute();
  const reading = backend.range({ key: "a" });
  const both = Promise.all([
    assert.rejects(watching, { code: "unavailable" }),
    assert.rejects(reading, { code: "unavailable" }),
  ]);
  await backend[Symbol.asyncDispose]();
  await both;
  await assert.rejects(backend.range({ key: "a" }), { code: "unavailable", message: /closed/ });
});

test("TLS: the server is known by its certificate, or refused", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-client-tls-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true }));
  const [keyPath, certPath] = [join(directory, "key"), join(directory, "cert")];
  const words = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
  ];
  const name = ["-subj", "/CN=etcd", "-addext", "subjectAltName=DNS:etcd.test", "-keyout", keyPath];
  try {
    await run("openssl", [...words, ...name, "-out", certPath]);
  } catch {
    return t.skip("openssl is not installed");
  }
  const [key, cert] = [await readFile(keyPath), await readFile(certPath)];
  const store = cleanup.use(new MvccModel({ clock: systemClock }));
  const etcd = cleanup.use(
    createEtcdServer({ store, name: "a", clusterId: 1n, memberId: 1n, peerUrls: [], clientUrls: [] }),
  );
  const listener = createTlsServer({ key, cert, ALPNProtocols: ["h2"] }, (socket) => etcd.serve(socket));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  cleanup.defer(async () => {
    listener.close();
    await once(listener, "close");
  });
  const endpoints = [`https://127.0.0.1:${(listener.address() as AddressInfo).port}`];
  {
    await using backend = remote({ endpoints, tls: { ca: cert, serverName: "etcd.test" } });
    assert.equal((await backend.put({ key: "a", value: bytes("1"), lease: 0n })).revision, 2);
  }
  // TLS is spoken because the endpoint says so, and a certificate of nobody's is refused.
  await using stranger = remote({ endpoints });
  await assert.rejects(stranger.range({ key: "a" }), { code: "unauthorized", message: /self-signed/ });
  await using wrongName = remote({ endpoints, tls: { ca: cert, serverName: "other" } });
  await assert.rejects(wrongName.range({ key: "a" }), { code: "unauthorized", message: /altnames/ });
});

test("remote() refuses endpoints of which some are with TLS and some without", () => {
  assert.throws(() => remote({ endpoints: ["https://a", "b"] }), { code: "invalid" });
  assert.throws(() => remote({ endpoints: ["http://a"], tls: {} }), { code: "invalid" });
  assert.throws(() => remote({ endpoints: [] }), { code: "invalid" });
});

test("answersProgress() trusts the versions that do it right", () => {
  for (const version of ["3.4.31", "3.5.13", "3.5.21", "3.6.0", "4.0.0"]) assert.ok(answersProgress(version));
  for (const version of ["3.4.23", "3.5.12", "3.3.99", "", "next"]) assert.ok(!answersProgress(version));
});
