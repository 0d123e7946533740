import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { DiskGuard, type DiskTask } from "./disk-guard.ts";

const limit = { timeout: 10_000 };
const MIB = 2 ** 20;

/** A task of which a number of bytes is counted, and how it is evicted. */
function written(
  bytes: number,
  limitBytes: number,
): { readonly task: DiskTask; readonly evicted: Promise<string> } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const evict = (reason: string): Promise<void> => Promise.resolve(resolve(reason));
  return { task: { id: "a", limitBytes, used: () => Promise.resolve(bytes), evict }, evicted: promise };
}

test("DiskGuard counts whoever comes at once, and evicts those beyond their limit alone", limit, async () => {
  // Time stands still: nothing is found by waiting.
  const log = createLog({ write: () => {} });
  const guard = new DiskGuard({ directory: tmpdir(), clock: new VirtualClock(0), log });
  const over = new AbortController();
  const modest = written(2 * MIB, 2 * MIB);
  void modest.evicted.then(() => assert.fail("it wrote no more than it may"));
  guard.watch(modest.task, over.signal);
  for (let round = 0; round < 3; round++) {
    const greedy = written(3 * MIB, 2 * MIB);
    guard.watch(greedy.task, over.signal);
    assert.equal(await greedy.evicted, 'it wrote 3 MiB, and "resources.disk" is 2 MiB');
  }
  over.abort();
});
