import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openStore } from "./lmdb-store.ts";
import { storeConformance } from "./testing.ts";

storeConformance("openStore()", (directory) => openStore(directory));

test("openStore() refuses a directory that is open already", async () => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-store-"));
  {
    await using _store = await openStore(directory);
    await assert.rejects(openStore(directory), /another process has it open/);
  }
  await using again = await openStore(directory);
  assert.equal(again.revision, 1);
  rmSync(directory, { recursive: true });
});

test("openStore() keeps history within its bound by itself", async () => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-store-"));
  {
    await using store = await openStore(directory, { historyRevisions: 50 });
    for (let index = 0; index < 30; index++) {
      await Promise.all(
        Array.from({ length: 100 }, () => store.transact([], [{ put: "key", value: Buffer.from("x") }])),
      );
      assert.ok(store.revision - store.compactedRevision <= 50 + 1000 + 256);
    }
    assert.equal(store.get("key")?.version, 3000);
  }
  await using again = await openStore(directory);
  assert.equal(again.get("key")?.version, 3000);
  assert.equal(again.revision, 3001);
  rmSync(directory, { recursive: true });
});
