import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { NOTE_BYTES_MAX } from "./limits.ts";
import { type Event, type Mvcc, type Operation, type Put, StoreError, type Transaction } from "./mvcc.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const put = (key: string, value = "v", more: Partial<Put> = {}): Put => ({
  key,
  value: bytes(value),
  lease: 0n,
  ...more,
});
const putting = (key: string, value = "v"): Operation => ({ kind: "put", put: put(key, value) });
const deleting = (key: string, end?: string): Operation => ({
  kind: "delete",
  delete: end === undefined ? { key } : { key, end },
});
const always = (...success: Operation[]): Transaction => ({ compares: [], success, failure: [] });
const nested = (transaction: Transaction): Operation => ({ kind: "transaction", transaction });
const refusal = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code;
const keysOf = (store: Mvcc): string[] => store.range({ key: "\0", end: "" }).kvs.map((kv) => kv.key);

/** Waits for what was submitted before, leases' ends included, and changes nothing. */
async function settled(store: Mvcc): Promise<void> {
  await assert.rejects(store.revokeLease(404n), refusal("lease-not-found"));
}

/** Registers the tests of the contract in mvcc.ts. */
export function mvccConformance(
  name: string,
  open: (directory: string, clock: VirtualClock) => Promise<Mvcc>,
): void {
  const withStore =
    (run: (store: Mvcc, clock: VirtualClock) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "plinth-mvcc-"));
      const clock = new VirtualClock();
      try {
        await using store = await open(directory, clock);
        await run(store, clock);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    };

  test(
    `${name}: a transaction's operations see those before them, its compares do not`,
    withStore(async (store) => {
      const absent = { key: "a", target: "version", operator: "=", operand: 0 } as const;
      const read: Operation = { kind: "range", range: { key: "a", end: "b" } };
      const { revision, results } = await store.transact(
        always(
          putting("a"),
          read,
          nested({ compares: [absent], success: [putting("then")], failure: [putting("else")] }),
        ),
      );
      assert.equal(revision, 2);
      assert.equal(results[1]?.kind === "range" && results[1].range.count, 1);
      assert.deepEqual(keysOf(store), ["a", "then"]);
      assert.deepEqual(
        store.range({ key: "\0", end: "" }).kvs.map((kv) => kv.modRevision),
        [2, 2],
      );
    }),
  );

  test(
    `${name}: writing a key twice on one way through a transaction is refused, on two ways it is not`,
    withStore(async (store) => {
      const refused: Transaction[] = [
        always(putting("a"), putting("a")),
        always(putting("a"), deleting("a")),
        always(deleting("a", ""), putting("b")),
        always(putting("a"), nested(always(putting("a")))),
        always(putting("b"), nested(always(deleting("a", "c")))),
        always(nested(always(putting("a"))), nested(always(putting("a")))),
        { compares: [], success: [], failure: [putting("a"), putting("a")] },
      ];
      for (const transaction of refused) {
        await assert.rejects(store.transact(transaction), refusal("duplicate-key"));
      }
      const bothWays = { compares: [], success: [putting("a")], failure: [putting("a")] };
      await store.transact({ ...bothWays, success: [nested(bothWays)] });
      await store.transact(always(deleting("a"), deleting("a", "b")));
      assert.equal(store.revision, 3);
    }),
  );

  test(
    `${name}: what cannot be done is refused whole`,
    withStore(async (store) => {
      await assert.rejects(store.put(put("")), refusal("empty-key"));
      await assert.rejects(store.put(put("a", "v", { ignoreValue: true })), refusal("value-provided"));
      await assert.rejects(
        store.put(put("a", "v", { ignoreLease: true, lease: 1n })),
        refusal("lease-provided"),
      );
      await assert.rejects(store.put(put("a", "", { ignoreValue: true })), refusal("key-not-found"));
      await assert.rejects(store.put(put("a", "v", { lease: 7n })), refusal("lease-not-found"));
      const late: Operation = { kind: "range", range: { key: "a", revision: 9 } };
      await assert.rejects(store.transact(always(putting("a"), late)), refusal("future-revision"));
      const many = Array.from({ length: 65 }, (_, index) => putting(`k${index}`));
      await assert.rejects(
        store.transact(always(...many, nested(always(...many)))),
        refusal("too-many-operations"),
      );
      assert.throws(() => store.range({ key: "" }), refusal("empty-key"));
      assert.equal(store.revision, 1);
    }),
  );

  test(
    `${name}: limits, sorting and bounds do not change the count`,
    withStore(async (store) => {
      for (const [key, value] of ["a3", "b1", "c2"].map((text) => [text[0]!, text[1]!] as const)) {
        await store.put(put(key, value));
      }
      const all = { key: "\0", end: "" };
      const byValue = store.range({ ...all, sort: { target: "value", descending: true }, limit: 2 });
      assert.deepEqual([byValue.kvs.map((kv) => kv.key), byValue.more, byValue.count], [["a", "c"], true, 3]);
      const bounded = store.range({ ...all, minModRevision: 3, maxModRevision: 3, keysOnly: true });
      assert.deepEqual(
        [bounded.kvs.map((kv) => [kv.key, kv.value.length]), bounded.more, bounded.count],
        [[["b", 0]], false, 3],
      );
      assert.deepEqual(store.range({ ...all, countOnly: true }), {
        kvs: [],
        more: false,
        count: 3,
        revision: 4,
      });
      assert.equal(store.range({ key: "c", end: "a" }).count, 0);
    }),
  );

  test(
    `${name}: keys of any bytes and length are kept, in the order of their bytes`,
    withStore(async (store) => {
      const long = "k".repeat(10_000);
      for (const key of ["\u00ff\u00ff", "\u0000", long, "\u0080"]) await store.put(put(key));
      assert.deepEqual(keysOf(store), ["\u0000", long, "\u0080", "\u00ff\u00ff"]);
      assert.equal(store.range({ key: long }).kvs[0]?.key, long);
    }),
  );

  test(
    `${name}: compaction leaves what is in force, and tells those who come too late`,
    withStore(async (store) => {
      const { signal } = new AbortController();
      await store.put(put("a", "1"));
      await store.put(put("a", "2"));
      await store.delete({ key: "a" });
      await store.put(put("b", "1"));
      const late = store.watch({ key: "a" }, { fromRevision: 2, signal });
      await store.compact(4, true);
      assert.equal(store.compactedRevision, 4);
      assert.throws(() => store.range({ key: "a", revision: 3 }), refusal("compacted"));
      assert.throws(() => store.range({ key: "a", revision: 6 }), refusal("future-revision"));
      assert.equal(store.range({ key: "a", revision: 4 }).count, 0);
      await assert.rejects(store.compact(4, false), refusal("compacted"));
      await assert.rejects(store.compact(6, false), refusal("future-revision"));
      await assert.rejects(
        late[Symbol.asyncIterator]().next(),
        (error) => error instanceof StoreError && error.code === "compacted" && error.compactedRevision === 4,
      );
      const early = store.watch({ key: "a" }, { fromRevision: 4, signal });
      const { value } = await early[Symbol.asyncIterator]().next();
      assert.deepEqual(
        (value as Event[]).map((event) => [event.kind, event.kv.modRevision, event.previous]),
        [["delete", 4, undefined]],
      );
    }),
  );

  test(
    `${name}: an idle watch of other keys is not overtaken by compaction, and one to come waits`,
    withStore(async (store) => {
      const { signal } = new AbortController();
      const idle = store.watch({ key: "quiet" }, { signal });
      const future = store.watch({ key: "\0", end: "" }, { fromRevision: 7, signal });
      const first = future[Symbol.asyncIterator]().next();
      for (let index = 0; index < 5; index++) await store.put(put("busy", String(index)));
      await store.compact(store.revision, false);
      await store.put(put("quiet"));
      const { value: seen } = await idle[Symbol.asyncIterator]().next();
      assert.equal((seen as Event[])[0]?.kv.key, "quiet");
      const { value: awaited } = await first;
      assert.equal((awaited as Event[]).length, 1);
      assert.equal((awaited as Event[])[0]?.kv.key, "quiet");
    }),
  );

  test(
    `${name}: a watch ends with the signal's reason, and when the store closes`,
    withStore(async (store) => {
      const controller = new AbortController();
      const waiting = store.watch({ key: "a" }, { signal: controller.signal })[Symbol.asyncIterator]().next();
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(waiting, reason);
      const { signal } = new AbortController();
      const left = assert.rejects(
        store.watch({ key: "a" }, { signal })[Symbol.asyncIterator]().next(),
        refusal("stopped"),
      );
      await store[Symbol.asyncDispose]();
      await left;
      await assert.rejects(store.put(put("a")), refusal("stopped"));
    }),
  );

  test(
    `${name}: a lease's end deletes its keys in one revision, and only those still on it`,
    withStore(async (store, clock) => {
      assert.deepEqual(await store.grantLease(5n, 1), { id: 5n, grantedTtl: 2, ttl: 2, keys: [] });
      await assert.rejects(store.grantLease(5n, 1), refusal("lease-exists"));
      await assert.rejects(store.grantLease(6n, 9_000_000_001), refusal("lease-ttl-too-large"));
      const chosen = await store.grantLease(0n, 9_000_000_000);
      assert.ok(chosen.id > 0n);
      for (const key of ["b", "a", "kept", "moved"]) await store.put(put(key, "v", { lease: 5n }));
      await store.put(put("kept"));
      await store.put(put("moved", "w", { lease: chosen.id }));
      await store.put(put("a", "w", { ignoreLease: true }));
      assert.deepEqual(store.lease(5n, true).keys, ["a", "b"]);
      await clock.advance(1000);
      assert.equal(store.lease(5n, false).ttl, 1);
      assert.equal(store.keepLeaseAlive(5n), 2);
      await clock.advance(1000);
      await settled(store);
      assert.deepEqual(keysOf(store), ["a", "b", "kept", "moved"]);
      const before = store.revision;
      await clock.advance(1000);
      await settled(store);
      assert.equal(store.revision, before + 1);
      assert.deepEqual(keysOf(store), ["kept", "moved"]);
      assert.deepEqual(store.leases(), [chosen.id]);
      assert.equal(store.lease(5n, true).ttl, -1);
      assert.throws(() => store.keepLeaseAlive(5n), refusal("lease-not-found"));
      await store.revokeLease(chosen.id);
      assert.deepEqual(keysOf(store), ["kept"]);
    }),
  );

  test(
    `${name}: a hash tells states apart, and is of one revision`,
    withStore(async (store) => {
      await store.put(put("a", "1"));
      const first = store.hash(2);
      await store.put(put("a", "2"));
      assert.notEqual(store.hash(3), first);
      assert.equal(store.hash(2), first);
      assert.equal(store.hash(0), store.hash(3));
      assert.throws(() => store.hash(4), refusal("future-revision"));
    }),
  );

  test(
    `${name}: a note stands beside the keys, and makes no revision`,
    withStore(async (store) => {
      assert.equal(store.note.length, 0);
      await store.put(put("a", "1"));
      const before = [store.revision, store.hash(0)];
      await store.setNote(Buffer.from("first"));
      await Promise.all([store.setNote(Buffer.from("second")), store.setNote(Buffer.from("third"))]);
      assert.equal(Buffer.from(store.note).toString(), "third");
      assert.deepEqual([store.revision, store.hash(0)], before);
      assert.equal(store.range({ key: "\0", end: "" }).count, 1);
      await assert.rejects(store.setNote(new Uint8Array(NOTE_BYTES_MAX + 1)), refusal("request-too-large"));
      assert.equal(store.note.length, 5);
    }),
  );
}
