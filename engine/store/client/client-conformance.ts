import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenBackend } from "./backend-conformance.ts";
import { StoreClient } from "./client.ts";
import type { Item } from "./item.ts";
import type { WatchItem } from "./relisting-watch.ts";

let names = 0;

/** Registers the tests of what clients share: leases, locks, elections, queues, counters, lists and watches. */
export function clientConformance(name: string, open: OpenBackend): void {
  const check = (
    title: string,
    body: (store: StoreClient, at: string, other: StoreClient) => Promise<void>,
  ): void => {
    test(`${name}: ${title}`, async () => {
      await using fixture = await open();
      // Two clients of one backend: what they share is in the store alone.
      await body(new StoreClient(fixture.backend), `c${names++}`, new StoreClient(fixture.backend));
    });
  };
  const never = new AbortController().signal;

  check("get(), put(), range() and delete() take text and bytes", async (store, at) => {
    const revision = await store.put(`${at}/ä`, "grün");
    const item = await store.get(Buffer.from(`${at}/ä`));
    assert.deepEqual([item!.key, item!.text, item!.modRevision], [`${at}/ä`, "grün", revision]);
    assert.equal(await store.get(`${at}/none`), undefined);
    await store.put(`${at}/b`, Buffer.from([1, 2]));
    const found = await store.range({ from: `${at}/b`, to: `${at}/c` });
    assert.deepEqual(Buffer.from(found.items[0]!.value), Buffer.from([1, 2]));
    const newest = await store.range({ prefix: at }, { limit: 1, sort: { by: "mod", descending: true } });
    assert.deepEqual([newest.items[0]!.key, newest.more, newest.count], [`${at}/b`, true, 2]);
    assert.equal(await store.delete({ prefix: at }), 2);
  });

  check("list() goes through pages of one revision", async (store, at) => {
    const keys = Array.from({ length: 1200 }, (_, index) => `${at}/${String(index).padStart(4, "0")}`);
    for (let start = 0; start < keys.length; start += 100) {
      await store.txn({ success: keys.slice(start, start + 100).map((put) => ({ put, value: "v" })) });
    }
    const seen: string[] = [];
    for await (const item of store.list({ prefix: `${at}/` })) {
      if (seen.length === 0) await store.delete(keys[1100]!);
      seen.push(item.key);
    }
    assert.deepEqual(seen, keys);
  });

  check("txn() goes one way or the other", async (store, at) => {
    const steps = {
      when: [{ key: at, exists: false }],
      success: [{ put: at, value: "1" }],
      failure: [{ get: at }],
    };
    assert.equal((await store.txn(steps)).succeeded, true);
    const { succeeded, items } = await store.txn(steps);
    assert.deepEqual([succeeded, items[0]![0]!.text], [false, "1"]);
    assert.equal((await store.txn({ when: [{ key: at, value: "2" }] })).succeeded, false);
  });

  check("watch() lists again where history is forgotten, if asked to", async (store, at) => {
    const first = await store.put(`${at}/a`, "1");
    await store.put(`${at}/gone`, "1");
    await store.delete(`${at}/gone`);
    const last = await store.put(`${at}/a`, "2");
    await store.backend.compact(last, false);
    const span = { prefix: `${at}/` };
    const strict = await store.watch(span, { fromRevision: first, signal: never });
    await assert.rejects(strict[Symbol.asyncIterator]().next(), { code: "compacted" });
    const watch = await store.watch(span, { fromRevision: first, relist: true, signal: never });
    const items = watch[Symbol.asyncIterator]() as AsyncGenerator<WatchItem>;
    const relisted = (await items.next()).value as WatchItem;
    assert.ok(relisted.kind === "relist" && relisted.revision >= last);
    assert.deepEqual(
      relisted.items.map((item) => `${item.key}=${item.text}`),
      [`${at}/a=2`],
    );
    await store.put(`${at}/a`, "3");
    const changed = (await items.next()).value as WatchItem;
    assert.equal(changed.kind === "changes" && changed.changes[0]!.item.text, "3");
    await items.return(undefined);
  });

  check("a lease keeps its keys until it is disposed of, and says when it is lost", async (store, at) => {
    {
      await using lease = await store.lease(60);
      await store.put(`${at}/a`, "1", { lease });
      assert.equal((await store.get(`${at}/a`))!.lease, lease.id);
    }
    assert.equal(await store.get(`${at}/a`), undefined);
    await using lost = await store.lease(2);
    const aborted = new Promise((resolve) => lost.signal.addEventListener("abort", resolve, { once: true }));
    await store.backend.revokeLease(lost.id);
    await aborted;
    assert.match(String(lost.signal.reason), /is lost/);
  });

  check("lock() is held by one at a time, in order, with a growing fence", async (store, at, other) => {
    const order: number[] = [];
    let holders = 0;
    const first = await store.lock(at, { ttlS: 30 });
    const fences = [first.revision];
    const waiting = [1, 2, 3].map(async (each) => {
      await using lock = await (each === 2 ? other : store).lock(at, { ttlS: 30 });
      assert.equal(++holders, 1);
      order.push(each);
      fences.push(lock.revision);
      await store.get(at);
      holders--;
    });
    await first[Symbol.asyncDispose]();
    assert.equal(first.signal.aborted, true);
    await Promise.all(waiting);
    assert.equal(order.length, 3);
    assert.deepEqual(
      fences,
      fences.toSorted((left, right) => left - right),
    );
    assert.equal(new Set(fences).size, 4);
    assert.equal((await store.range({ prefix: `${at}/` })).count, 0);
  });

  check("lock() gives up its place when its signal is aborted", async (store, at) => {
    await using held = await store.lock(at, { ttlS: 30 });
    const ended = new AbortController();
    const waiting = store.lock(at, { ttlS: 30, signal: ended.signal });
    const watch = await store.watch({ prefix: `${at}/` }, { signal: never, fromRevision: held.revision + 1 });
    // Its place in the queue is there.
    await watch[Symbol.asyncIterator]().next();
    ended.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    assert.equal((await store.range({ prefix: `${at}/` })).count, 1);
    assert.equal(held.signal.aborted, false);
  });

  check("a lock whose lease is revoked by somebody is lost, and the next one has it", async (store, at) => {
    await using first = await store.lock(at, { ttlS: 2 });
    const lost = new Promise((resolve) => first.signal.addEventListener("abort", resolve, { once: true }));
    const second = store.lock(at, { ttlS: 2 });
    const { items } = await store.range(first.key);
    await store.backend.revokeLease(items[0]!.lease);
    await using held = await second;
    assert.ok(held.revision > first.revision);
    await lost;
  });

  check("an election has one leader, whom all can see", async (store, at, other) => {
    const election = store.election(at);
    assert.equal(await election.leader(), undefined);
    const watching = new AbortController();
    const observed: string[] = [];
    const observing = (async () => {
      for await (const item of other.election(at).observe({ signal: watching.signal })) {
        observed.push(item.text);
        if (item.text === "b") break;
      }
    })();
    const first = await election.campaign("a", { ttlS: 30 });
    assert.equal((await other.election(at).leader())!.text, "a");
    const second = other.election(at).campaign("b", { ttlS: 30 });
    await first.proclaim("a2");
    assert.equal((await election.leader())!.text, "a2");
    await first.resign();
    await assert.rejects(first.proclaim("a3"), { code: "conflict" });
    await using leadership = await second;
    assert.ok(leadership.revision > first.revision);
    await observing;
    assert.equal(observed.at(-1), "b");
  });

  check("a queue gives each value to one taker, in order", async (store, at, other) => {
    const queue = store.queue(at);
    const taken: string[] = [];
    const takers = [store, other, store].map(async (client) => {
      for (let count = 0; count < 10; count++) {
        const item: Item = await client.queue(at).dequeue({ signal: never });
        taken.push(item.text);
      }
    });
    for (let value = 0; value < 30; value++) await queue.enqueue(String(value));
    await Promise.all(takers);
    assert.deepEqual(
      taken.map(Number).sort((left, right) => left - right),
      Array.from({ length: 30 }, (_, value) => value),
    );
    await queue.enqueue("first");
    await queue.enqueue("second");
    assert.equal((await queue.dequeue({ signal: never })).text, "first");
    assert.equal((await queue.dequeue({ signal: never })).text, "second");
    const ended = new AbortController();
    const waiting = queue.dequeue({ signal: ended.signal });
    ended.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
  });

  check("a counter loses nothing", async (store, at, other) => {
    const adding = [store, other, store, other].map(async (client) => {
      for (let count = 0; count < 10; count++) await client.counter(at).add(3);
    });
    await Promise.all(adding);
    assert.equal(await store.counter(at).value(), 120n);
    assert.equal(await store.counter(at).add(-(2n ** 70n)), 120n - 2n ** 70n);
    await store.put(at, "many");
    await assert.rejects(store.counter(at).add(1), { code: "invalid" });
  });
}
