import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { WATCH_BATCH_BYTES } from "./limits.ts";
import type { Operation } from "./mvcc.ts";
import { openMvcc } from "./mvcc-store.ts";

const VALUE_BYTES = 300_000;
const WRITES = 20;

test("a watch hands out history in batches of bounded size, whole revisions each", async () => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-watcher-"));
  try {
    await using store = await openMvcc(join(directory, "store"));
    const put = (key: string): Operation => ({
      kind: "put",
      put: { key, value: Buffer.alloc(VALUE_BYTES), lease: 0n },
    });
    // Two keys at a time, so that a batch could end within a revision.
    for (let write = 0; write < WRITES; write++) {
      await store.transact({ compares: [], success: [put("a"), put("b")], failure: [] });
    }
    const stop = new AbortController();
    for (const previous of [false, true]) {
      const seen: number[] = [];
      const watch = store.watch({ key: "a", end: "c" }, { fromRevision: 2, previous, signal: stop.signal });
      for await (const events of watch) {
        const held = events.flatMap(({ kv, previous: before }) => [
          kv,
          ...(before === undefined ? [] : [before]),
        ]);
        const bytes = held.reduce((total, { value }) => total + value.length, 0);
        // One revision more than the limit at the most.
        assert.ok(bytes < WATCH_BATCH_BYTES + 4 * VALUE_BYTES, `${bytes} bytes in a batch`);
        const revisions = events.map(({ kv }) => kv.modRevision);
        assert.equal(revisions.length % 2, 0);
        seen.push(...revisions);
        if (seen.length === 2 * WRITES) break;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 2 * WRITES }, (_, index) => 2 + Math.floor(index / 2)),
      );
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
