import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "@plinth/fault";
import * as fc from "fast-check";
import { KEY_BYTES_MAX, OPERATIONS_MAX, VALUE_BYTES_MAX } from "./limits.ts";
import type { Operation, Store, WatchEvent } from "./store.ts";
import { type HistoryTraits, runHistory, someHistory } from "./store-history.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const textOf = (value: Uint8Array): string => Buffer.from(value).toString();
const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const putting = (key: string, value = "v"): Operation => ({ put: key, value: bytes(value) });
const { signal } = new AbortController();

export interface StoreConformanceOptions extends Partial<HistoryTraits> {
  /** Random histories that are compared with the model. Default: 40. */
  readonly runs?: number;
  /** Operations that it takes in one transaction. Default: 2048. */
  readonly operationsMax?: number;
}

/** The next batch of a watch. */
async function nextOf(watch: AsyncIterable<readonly WatchEvent[]>): Promise<readonly WatchEvent[]> {
  const { value } = await watch[Symbol.asyncIterator]().next();
  return value as readonly WatchEvent[];
}

/** Registers the tests of the contract in store.ts. */
export function storeConformance(
  name: string,
  open: (directory: string) => Promise<Store>,
  options: StoreConformanceOptions = {},
): void {
  const { runs = 40, operationsMax = OPERATIONS_MAX } = options;
  const traits: HistoryTraits = { keepsHistory: true, keepsOrder: true, ...options };
  const inDirectory = async (run: (directory: string) => Promise<void>): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), "plinth-store-"));
    try {
      await run(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
  const withStore =
    (run: (store: Store) => Promise<void>): (() => Promise<void>) =>
    () =>
      inDirectory(async (directory) => {
        await using store = await open(directory);
        await run(store);
      });

  test(`${name}: any history reads, watches and reopens as the model does`, async () => {
    await fc.assert(
      fc.asyncProperty(someHistory(traits), (history) =>
        inDirectory((directory) => runHistory(history, () => open(directory), traits)),
      ),
      { numRuns: runs },
    );
  });

  test(
    `${name}: keys are in order of code point, found by prefix and counted by version`,
    withStore(async (store) => {
      // By UTF-16 units U+1F600 would come before U+FFFD.
      const ordered = ["/a", "/a/", "/a/b", "/a0", "/a\uFFFD", "/a\u{1F600}", "/b", "/\u{10FFFF}"];
      for (const key of ordered.toReversed()) await store.transact([], [putting(key, key)]);
      const { revision } = await store.transact([], [putting("/a/b", "again")]);
      const keysOf = (prefix: string, limit?: number): string[] =>
        store.range(prefix, limit === undefined ? {} : { limit }).map((entry) => entry.key);
      assert.deepEqual(keysOf(""), ordered);
      assert.deepEqual(keysOf("/a"), ordered.slice(0, 6));
      assert.deepEqual(keysOf("/a/"), ["/a/", "/a/b"]);
      assert.deepEqual(keysOf("/a\u{1F600}"), ["/a\u{1F600}"]);
      assert.deepEqual(keysOf("/\u{10FFFF}"), ["/\u{10FFFF}"]);
      assert.deepEqual(keysOf("", 2), ["/a", "/a/"]);
      assert.equal(keysOf("", 0).length, ordered.length);
      const { value, ...entry } = store.get("/a/b")!;
      assert.equal(textOf(value), "again");
      assert.equal(store.revision, revision);
      assert.deepEqual(entry, {
        key: "/a/b",
        createRevision: revision - 3,
        modRevision: revision,
        version: 2,
      });
      assert.equal(store.get("/a/c"), undefined);
    }),
  );

  test(
    `${name}: a deletion's event tells what the key was`,
    withStore(async (store) => {
      const watch = store.watch("/a/", { signal });
      const { revision: made } = await store.transact([], [putting("/a/b", "1")]);
      await store.transact([], [putting("/a/b", "2"), putting("/a", "1")]);
      const { revision } = await store.transact([], [{ deletePrefix: "/a/" }, { delete: "/none" }]);
      const events: WatchEvent[] = [];
      while (events.length < 3) events.push(...(await nextOf(watch)));
      const { type, entry, previous } = events[2]!;
      assert.deepEqual(
        [type, entry.key, entry.createRevision, entry.modRevision, entry.version, entry.value.length],
        ["delete", "/a/b", made, revision, 0, 0],
      );
      assert.deepEqual(
        [textOf(previous!.value), previous!.modRevision, previous!.version],
        ["2", made + 1, 2],
      );
      assert.deepEqual(
        events.map((event) => event.previous?.version),
        [undefined, 1, 2],
      );
      assert.equal(watch.progress, revision);
    }),
  );

  test(
    `${name}: where a compare fails nothing is written, and of many compare-and-swaps exactly one succeeds`,
    withStore(async (store) => {
      const before = store.revision;
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.transact(
            [{ key: "/leader", target: "version", operator: "=", value: 0 }],
            [putting("/leader", String(index))],
          ),
        ),
      );
      assert.equal(results.filter((result) => result.succeeded).length, 1);
      assert.equal(store.revision, before + 1);
      const { modRevision } = store.get("/leader")!;
      const { succeeded } = await store.transact(
        [{ key: "/leader", target: "modRevision", operator: "=", value: modRevision }],
        [{ delete: "/leader" }],
      );
      assert.ok(succeeded);
      assert.equal(store.get("/leader"), undefined);
    }),
  );

  test(
    `${name}: a watcher sees each event once, in order, whatever is committed meanwhile`,
    withStore(async (store) => {
      const total = 300;
      const seen: WatchEvent[] = [];
      const watch = store.watch("/n/", { signal });
      const reading = (async () => {
        for await (const batch of watch) {
          seen.push(...batch);
          if (seen.length === total) return;
        }
      })();
      await Promise.all(
        Array.from({ length: total }, (_, index) =>
          store.transact([], [putting(`/n/${index % 7}`, String(index))]),
        ),
      );
      await reading;
      assert.deepEqual(
        seen.map(({ entry }) => entry.modRevision - seen[0]!.entry.modRevision),
        Array.from({ length: total }, (_, index) => index),
      );
      assert.equal(new Set(seen.map(({ entry }) => textOf(entry.value))).size, total);
      assert.equal(watch.progress, store.revision);
    }),
  );

  test(
    `${name}: a watch ends with the signal's reason, and when the store closes`,
    withStore(async (store) => {
      const controller = new AbortController();
      const waiting = nextOf(store.watch("", { signal: controller.signal }));
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(waiting, reason);
      const left = assert.rejects(nextOf(store.watch("", { signal })), faultOf("unavailable"));
      await store[Symbol.asyncDispose]();
      await left;
      await assert.rejects(store.transact([], [putting("/a")]), faultOf("unavailable"));
    }),
  );

  test(
    `${name}: an idle watcher of other keys is not overtaken by compaction, a late one is told`,
    withStore(async (store) => {
      const idle = store.watch("/quiet/", { signal });
      const late = store.watch("/busy/", { signal });
      for (let index = 0; index < 5; index++) await store.transact([], [putting("/busy/key", String(index))]);
      // Its event will be at hand, but not what was before it.
      const last = store.watch("/busy/", { fromRevision: store.revision, signal });
      await store.compact(store.revision);
      await store.compact(1);
      assert.equal(store.compactedRevision, store.revision);
      await store.transact([], [putting("/quiet/key")]);
      assert.equal((await nextOf(idle))[0]?.entry.key, "/quiet/key");
      await assert.rejects(nextOf(late), faultOf("gone"));
      await assert.rejects(nextOf(last), faultOf("gone"));
      const { compactedRevision } = store;
      const before = store.watch("/quiet/", { fromRevision: compactedRevision, signal });
      await assert.rejects(nextOf(before), faultOf("gone"));
      const behind = await nextOf(store.watch("/quiet/", { fromRevision: compactedRevision + 1, signal }));
      assert.equal(behind.length, 1);
      await assert.rejects(store.compact(store.revision + 1), faultOf("invalid"));
    }),
  );

  test(
    `${name}: keys and transactions it cannot keep are refused whole`,
    withStore(async (store) => {
      const before = store.revision;
      const refused: readonly Operation[][] = [
        [putting("")],
        [putting("\ud800")],
        [{ deletePrefix: "\udc00" }],
        [putting("é".repeat(KEY_BYTES_MAX / 2 + 1))],
        [putting("/k"), putting("/k")],
        [putting("/k"), { delete: "/k" }],
        [putting("/k/a"), { deletePrefix: "/k/" }],
        [putting("/k"), { deletePrefix: "" }],
        Array.from({ length: operationsMax + 1 }, (_, index) => putting(`/k${index}`)),
      ];
      for (const operations of refused) {
        await assert.rejects(store.transact([], operations), faultOf("invalid"));
      }
      const large = { put: "/k", value: new Uint8Array(VALUE_BYTES_MAX + 1) };
      await assert.rejects(store.transact([], [large]), faultOf("too-large"));
      assert.throws(() => store.get(""), faultOf("invalid"));
      assert.throws(() => store.watch("\ud800", { signal }), faultOf("invalid"));
      assert.equal(store.revision, before);
      const many = Array.from({ length: operationsMax }, (_, index) => putting(`/k${index}`));
      await store.transact([], many);
      assert.equal(store.range("/k").length, operationsMax);
      // Deletions may meet: their order does not matter.
      await store.transact([], [{ delete: "/k1" }, { delete: "/k1" }, { deletePrefix: "/k" }]);
      assert.deepEqual(store.range(""), []);
    }),
  );
}
