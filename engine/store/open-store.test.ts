import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "@plinth/fault";
import { type RecordBefore, writeFormat1 } from "./format-1.ts";
import { openMvcc } from "./mvcc-store.ts";
import { openStore } from "./open-store.ts";
import type { WatchEvent } from "./store.ts";
import { storeConformance } from "./testing.ts";

const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const putting = (key: string, value: string) => ({ put: key, value: Buffer.from(value) });

storeConformance("openStore()", (directory) => openStore(directory));

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-store-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("openStore() refuses a directory that is open already", () =>
  inDirectory(async (directory) => {
    {
      await using _store = await openStore(directory);
      await assert.rejects(openStore(directory), faultOf("conflict"));
    }
    await using again = await openStore(directory);
    assert.equal(again.revision, 1);
    assert.equal(again.compactedRevision, 0);
  }));

test("openStore() keeps history within its bound by itself", () =>
  inDirectory(async (directory) => {
    {
      await using store = await openStore(directory, { historyRevisions: 50 });
      for (let index = 0; index < 30; index++) {
        await Promise.all(Array.from({ length: 100 }, () => store.transact([], [putting("key", "x")])));
        assert.ok(store.revision - store.compactedRevision <= 50 + 1000 + 256);
      }
      assert.ok(store.compactedRevision > 1500);
    }
    await using again = await openStore(directory);
    assert.equal(again.get("key")?.version, 3000);
    assert.equal(again.revision, 3001);
  }));

test("openStore() refuses what there is no room for, and takes writes again once there is", () =>
  inDirectory(async (directory) => {
    await using store = await openStore(directory, { quotaBytes: 10_000 });
    const large = putting("large", "x".repeat(6000));
    await store.transact([], [large]);
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(store.transact([], [large]), faultOf("exhausted"));
    }
    await store.transact([], [putting("small", "x")]);
    await store.transact([], [{ delete: "large" }]);
    await store.compact(store.revision);
    await store.transact([], [large]);
    assert.equal(store.get("large")?.value.length, 6000);
  }));

test("openStore() says that a record is broken", () =>
  inDirectory(async (directory) => {
    const value = "a value that is found in the file";
    {
      await using store = await openStore(directory);
      await store.transact([], [putting("key", value)]);
    }
    const path = join(directory, "data.mdb");
    const file = readFileSync(path);
    for (let at = file.indexOf(value); at >= 0; at = file.indexOf(value, at + 1)) file[at]! ^= 1;
    writeFileSync(path, file);
    await assert.rejects(openStore(directory), faultOf("corrupt"));
  }));

/** Compacted at 3: what was before is not there, and of "made" only the version in force. */
const before: readonly RecordBefore[] = [
  { revision: 2, ordinal: 0, key: "kept", value: "1", createRevision: 2, version: 1 },
  { revision: 3, ordinal: 0, key: "clé", value: "1", createRevision: 3, version: 1 },
  { revision: 4, ordinal: 0, key: "clé", value: "2", createRevision: 3, version: 2 },
  { revision: 4, ordinal: 1, key: "\u{1F600}", value: "1", createRevision: 4, version: 1 },
  { revision: 5, ordinal: 0, key: "kept", value: undefined, createRevision: 2, version: 0 },
];

test("openStore() takes over a store of the format before, history included, and for good", () =>
  inDirectory(async (directory) => {
    await writeFormat1(directory, before, 3);
    {
      await using store = await openStore(directory);
      assert.equal(store.revision, 5);
      assert.equal(store.compactedRevision, 3);
      const { signal } = new AbortController();
      const events: WatchEvent[] = [];
      for await (const batch of store.watch("", { fromRevision: 4, signal })) {
        events.push(...batch);
        if (store.revision === batch.at(-1)!.entry.modRevision) break;
      }
      assert.deepEqual(
        events.map(({ type, entry, previous }) => [
          type,
          entry.key,
          entry.createRevision,
          entry.modRevision,
          previous && Buffer.from(previous.value).toString(),
        ]),
        [
          ["put", "clé", 3, 4, "1"],
          ["put", "\u{1F600}", 4, 4, undefined],
          ["delete", "kept", 2, 5, "1"],
        ],
      );
      await store.transact([], [putting("clé", "3")]);
    }
    await using again = await openMvcc(directory);
    const key = Buffer.from("clé").toString("latin1");
    const values = again.range({ key, revision: 5 }).kvs.concat(again.range({ key }).kvs);
    assert.deepEqual(
      values.map((kv) => [Buffer.from(kv.value).toString(), kv.createRevision, kv.modRevision, kv.version]),
      [
        ["2", 3, 4, 2],
        ["3", 3, 6, 3],
      ],
    );
    assert.equal(again.range({ key: "kept", revision: 4 }).count, 1);
  }));
