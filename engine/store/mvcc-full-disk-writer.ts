/** Usage: DIRECTORY log|lmdb, on a small file system of its own. Fills it, makes room, and checks what the store does meanwhile. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { VirtualClock } from "@plinth/clock/testing";
import { PROBE_INTERVAL_MS } from "./limits.ts";
import { StoreError } from "./mvcc.ts";
import { openMvcc } from "./mvcc-store.ts";
import { TextStore } from "./text-store.ts";

const [directory = "", files] = process.argv.slice(2);
const log = files === "log";
const ballast = join(directory, "ballast");
writeFileSync(ballast, Buffer.alloc(6 * 2 ** 20, 1));
const clock = new VirtualClock();
const told: (string | undefined)[] = [];
const keys = { key: "key/", end: "key0" };
let acknowledged = 0;
{
  await using store = await openMvcc(join(directory, "state"), {
    clock,
    log,
    onReadOnly: (reason) => told.push(reason),
  });
  await store.grantLease(1n, 100);
  const value = Buffer.alloc(50_000, 7);
  const put = () => store.put({ key: `key/${acknowledged}`, value, lease: 1n });
  let refused: unknown;
  while (refused === undefined) {
    try {
      await put();
      acknowledged += 1;
    } catch (error) {
      refused = error;
    }
  }
  const revision = store.revision;
  assert.ok(refused instanceof StoreError && refused.code === "read-only", "the disk fills");
  assert.match(refused.message, /^Cannot write: the disk is full \(\d+ bytes free/);
  assert.equal(store.readOnlyReason, told[0]);
  // Nothing of the commit that failed is left, in the index, in counts or on the lease.
  assert.equal(revision, acknowledged + 1);
  assert.equal(store.range(keys).kvs.length, acknowledged);
  assert.equal(store.range({ ...keys, countOnly: true }).count, acknowledged);
  assert.equal(store.lease(1n, true).keys.length, acknowledged);
  assert.deepEqual(Buffer.from(store.range({ key: `key/${acknowledged - 1}` }).kvs[0]!.value), value);
  await assert.rejects(put(), { code: "read-only" });
  const front = new TextStore(store);
  assert.equal(front.readOnlyReason, store.readOnlyReason);
  await assert.rejects(front.transact([], [{ put: "key", value }]), { code: "exhausted" });
  await assert.rejects(front.compact(revision), { code: "exhausted" });
  assert.equal(front.range("key/").length, acknowledged);
  await assert.rejects(store.grantLease(2n, 5), { code: "read-only" });
  await assert.rejects(store.compact(revision, false), { code: "read-only" });
  assert.deepEqual(store.leases(), [1n]);
  assert.equal(store.compactedRevision, -1);
  // A lease that ends meanwhile keeps its keys until its end can be written.
  await clock.advance(PROBE_INTERVAL_MS * 30);
  assert.equal(store.range({ ...keys, countOnly: true }).count, acknowledged);

  rmSync(ballast);
  // A probe takes as long as the disk does, whatever the clock says; the next one is due only after it.
  while (store.leases().length > 0) {
    await clock.advance(PROBE_INTERVAL_MS);
    await setImmediate();
  }
  assert.equal(told.at(-1), undefined);
  assert.equal(store.revision, revision + 1);
  assert.equal(store.range({ ...keys, countOnly: true }).count, 0);
  await store.put({ key: "key/after", value, lease: 0n });
}
await using again = await openMvcc(join(directory, "state"), { log });
assert.deepEqual(
  again.range(keys).kvs.map((kv) => kv.key),
  ["key/after"],
);
console.log(`${acknowledged} writes kept`);
