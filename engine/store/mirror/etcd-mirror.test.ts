import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { Fault } from "@plinth/fault";
import * as fc from "fast-check";
import { OutcomeUnknownError } from "../client/backend.ts";
import { PROBE_INTERVAL_MS } from "../limits.ts";
import { type Operation as EngineOperation, StoreError } from "../mvcc.ts";
import { MvccModel } from "../mvcc-model.ts";
import type { Entry, Operation, Store, Watch } from "../store.ts";
import { TextStore } from "../text-store.ts";
import { breakable, type BreakableBackend } from "./breakable-backend.ts";
import { openEtcdMirror } from "./etcd-mirror.ts";
import { KeyPrefix } from "./key-prefix.ts";

const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const put = (key: string, value: string): Operation => ({ put: key, value: Buffer.from(value) });
const compacted = (): StoreError => new StoreError("compacted", "Revision is compacted");

interface Bench extends AsyncDisposable {
  readonly cluster: MvccModel;
  readonly backend: BreakableBackend;
  readonly clock: VirtualClock;
  readonly store: Store;
  /** Another mirror of the same prefix. */
  open(owner: string): Promise<Store>;
  /** Resolves once writes are refused or taken again, with the reason. */
  nextReason(): Promise<string | undefined>;
}

async function bench(owner?: string): Promise<Bench> {
  const clock = new VirtualClock();
  const cluster = new MvccModel({ clock });
  const backend = breakable(cluster);
  let reason = Promise.withResolvers<string | undefined>();
  const options = {
    backend,
    clock,
    random: seededRandom(1),
    owner,
    prefix: new KeyPrefix("/p"),
    retention: "off",
    operationsMax: 128,
  } as const;
  const mirror = await openEtcdMirror({
    ...options,
    onReadOnly: (why) => {
      reason.resolve(why);
      reason = Promise.withResolvers();
    },
  });
  const store = new TextStore(mirror);
  return {
    cluster,
    backend,
    clock,
    store,
    nextReason: () => reason.promise,
    open: async (other) => new TextStore(await openEtcdMirror({ ...options, owner: other, onReadOnly() {} })),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

const textOf = (entry: Entry | undefined): string | undefined => entry && Buffer.from(entry.value).toString();

test("EtcdMirror says that the cluster is cut off, reads on, and takes writes again where it was", async () => {
  await using all = await bench();
  const { cluster, backend, clock, store } = all;
  await store.transact([], [put("/a", "1")]);
  const watch = store.watch("", { signal: new AbortController().signal })[Symbol.asyncIterator]();
  const told = all.nextReason();
  backend.cut();
  assert.match((await told)!, /it is cut off/);
  assert.match(store.readOnlyReason!, /it is cut off/);
  await assert.rejects(store.transact([], [put("/a", "2")]), faultOf("unavailable"));
  await cluster.put({ key: "/p/a", value: Buffer.from("theirs"), lease: 0n });
  assert.equal(textOf(store.get("/a")), "1");
  const again = all.nextReason();
  backend.restore();
  await clock.advance(PROBE_INTERVAL_MS);
  assert.equal(await again, undefined);
  const { value } = await watch.next();
  assert.equal(textOf(value[0].entry), "theirs");
  const { revision } = await store.transact([], [put("/b", "1")]);
  assert.equal(revision, cluster.revision);
});

test("EtcdMirror takes no snapshot, and says where one is to be had", async () => {
  await using all = await bench();
  assert.throws(
    () => all.store.snapshot(),
    (error) => faultOf("unsupported")(error) && /plinth kv snapshot save/.test((error as Fault).hint ?? ""),
  );
});

test("EtcdMirror refuses writes for good where the cluster has become another one", async () => {
  await using all = await bench();
  const { backend, store } = all;
  for (let count = 0; count < 5; count++) await store.transact([], [put("/a", String(count))]);
  const other = new MvccModel();
  await other.put({ key: "/p/a", value: Buffer.from("old"), lease: 0n });
  const told = all.nextReason();
  backend.replace(other);
  backend.restore(compacted());
  assert.match((await told)!, /another history: it is at revision 2, and was at 6 already/);
  await assert.rejects(store.transact([], [put("/a", "6")]), faultOf("unavailable"));
  assert.equal(textOf(store.get("/a")), "4");

  // A watch from a later revision hears nothing of such a change; the first write does.
  await using second = await bench();
  for (let count = 0; count < 2; count++) await second.store.transact([], [put("/a", String(count))]);
  second.backend.replace(new MvccModel());
  await assert.rejects(second.store.transact([], [put("/a", "2")]), faultOf("corrupt"));
  assert.match(second.store.readOnlyReason!, /another history/);
});

test("EtcdMirror does not claim to know what came of a write whose answer was lost", async () => {
  await using all = await bench();
  const { backend, store } = all;
  backend.onAnswer = () => {
    throw new OutcomeUnknownError("the answer was lost");
  };
  await assert.rejects(store.transact([], [put("/a", "1")]), /Cannot tell whether it is written/);
});

test("EtcdMirror does not wait for ever for a write that etcd has and does not show", async () => {
  await using all = await bench();
  const { backend, clock, store } = all;
  backend.onAnswer = (answer) => ({ ...answer, revision: answer.revision + 100 });
  const outcome: { fault?: unknown } = {};
  const written = store.transact([], [put("/a", "2")]).catch((error: unknown) => {
    outcome.fault = error;
  });
  while (outcome.fault === undefined) {
    await clock.advance(1000);
    await setImmediate();
  }
  await written;
  assert.ok(faultOf("timeout")(outcome.fault));
});

test("EtcdMirror lets one owner write: another is refused, its own next life takes over", async () => {
  await using all = await bench("one");
  await all.store.transact([], [put("/a", "1")]);
  await assert.rejects(all.open("two"), (error) => {
    assert.ok(error instanceof Fault && error.code === "conflict");
    return error.message.includes('"one" uses it');
  });
  {
    await using again = await all.open("one");
    await again.transact([], [put("/a", "2")]);
    await assert.rejects(all.store.transact([], [put("/a", "3")]), faultOf("unavailable"));
    assert.equal(textOf(again.get("/a")), "2");
    assert.deepEqual(
      again.range("").map(({ key }) => key),
      ["/a"],
    );
  }
  await using two = await all.open("two");
  await two.transact([{ key: "/a", target: "version", operator: "=", value: 2 }], [put("/a", "3")]);
  assert.equal(textOf(two.get("/a")), "3");
});

test("EtcdMirror takes its claim again after a partition that outlived it", async () => {
  await using all = await bench("one");
  const { cluster, backend, clock, store } = all;
  backend.cut();
  while (cluster.leases().length > 0) {
    await clock.advance(1000);
    await setImmediate();
  }
  backend.restore();
  while (cluster.leases().length === 0 || store.readOnlyReason !== undefined) {
    await clock.advance(1000);
    await setImmediate();
  }
  await store.transact([], [put("/a", "1")]);
  assert.equal(textOf(store.get("/a")), "1");
});

/** Changes of the cluster by others, each one revision. */
const someChange: fc.Arbitrary<EngineOperation> = fc
  .tuple(fc.constantFrom("/p/a", "/p/b", "/p/c", "/q"), fc.constantFrom("put", "put", "delete"), fc.nat(9))
  .map(([key, kind, value]) =>
    kind === "put"
      ? { kind: "put", put: { key, value: Buffer.from(String(value)), lease: 0n } }
      : { kind: "delete", delete: { key } },
  );
const someChanges = fc.array(someChange, { maxLength: 12 });

async function change(cluster: MvccModel, changes: readonly EngineOperation[]): Promise<void> {
  for (const operation of changes) {
    await cluster.transact({ compares: [], success: [operation], failure: [] });
  }
}

/** Follows events until that of a revision, checking each against the copy that it changes. */
async function replay(copy: Map<string, Entry>, watch: Watch, until: number): Promise<void> {
  let last = 0;
  for await (const batch of watch) {
    for (const { type, entry, previous } of batch) {
      assert.ok(entry.modRevision >= last, "in order of revision");
      last = entry.modRevision;
      assert.deepEqual(previous, copy.get(entry.key));
      if (type === "delete") {
        assert.ok(previous !== undefined && entry.createRevision === previous.createRevision);
        copy.delete(entry.key);
      } else {
        assert.equal(entry.createRevision === previous?.createRevision, previous !== undefined);
        copy.set(entry.key, entry);
      }
    }
    if (last >= until) return;
  }
}

test("EtcdMirror misses no change that was compacted while it was cut off", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(someChanges, someChanges), { minLength: 1, maxLength: 3 }),
      async (rounds) => {
        await using all = await bench();
        const { cluster, backend, store } = all;
        const { signal } = new AbortController();
        const copy = new Map<string, Entry>();
        for (const [seen, missed] of rounds) {
          const watch = store.watch("", { signal });
          await change(cluster, seen);
          backend.cut();
          await change(cluster, missed);
          if (cluster.revision > cluster.compactedRevision) await cluster.compact(cluster.revision);
          backend.restore(compacted());
          const { revision } = await cluster.put({ key: "/p/end", value: Buffer.of(1), lease: 0n });
          await replay(copy, watch, revision);
          assert.deepEqual(
            [...copy.values()].sort((left, right) => (left.key < right.key ? -1 : 1)),
            store.range(""),
          );
          const listed = cluster.range({ key: "/p/", end: "/p0" }).kvs;
          assert.deepEqual(
            store.range("").map((entry) => [entry.key, entry.modRevision, entry.version, textOf(entry)]),
            listed.map((kv) => [
              kv.key.slice(2),
              kv.modRevision,
              kv.version,
              Buffer.from(kv.value).toString(),
            ]),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});
