/** Usage: DIRECTORY on a small file system of its own. Fills it, makes room, and checks what the store does meanwhile. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { VirtualClock } from "@plinth/clock/testing";
import { Fault } from "@plinth/fault";
import { PROBE_INTERVAL_MS } from "./limits.ts";
import { openStore } from "./lmdb-store.ts";

const [directory = ""] = process.argv.slice(2);
const ballast = join(directory, "ballast");
writeFileSync(ballast, Buffer.alloc(6 * 2 ** 20, 1));
const clock = new VirtualClock();
const told: (string | undefined)[] = [];
const events: string[] = [];
let acknowledged = 0;
{
  await using store = await openStore(join(directory, "state"), {
    clock,
    onReadOnly: (reason) => told.push(reason),
  });
  const { signal } = new AbortController();
  const watch = store.watch("", { signal })[Symbol.asyncIterator]();
  const value = Buffer.alloc(50_000, 7);
  const put = () => store.transact([], [{ put: `key/${acknowledged}`, value }]);
  let refused: unknown;
  while (refused === undefined) {
    try {
      await put();
      acknowledged += 1;
    } catch (error) {
      refused = error;
    }
  }
  assert.ok(refused instanceof Fault && refused.code === "exhausted", "the disk fills");
  assert.match(refused.message, /^Cannot write: the disk is full \(\d+ bytes free/);
  assert.equal(store.readOnlyReason, told[0]);
  const everything = (): number => store.range("key/").length;
  assert.equal(everything(), acknowledged);
  assert.deepEqual(Buffer.from(store.get(`key/${acknowledged - 1}`)!.value), value);
  assert.equal(store.get(`key/${acknowledged}`), undefined);
  await assert.rejects(put(), { code: "exhausted" });
  await assert.rejects(store.compact(store.revision), { code: "exhausted" });

  rmSync(ballast);
  // A probe takes as long as the disk does, whatever the clock says; the next one is due only after it.
  while (store.readOnlyReason !== undefined) {
    await clock.advance(PROBE_INTERVAL_MS);
    await setImmediate();
  }
  assert.equal(told.at(-1), undefined);
  const { revision } = await put();
  acknowledged += 1;
  assert.equal(everything(), acknowledged);
  while (events.length < acknowledged) {
    const { value: batch } = await watch.next();
    for (const { entry } of batch) events.push(entry.key);
  }
  assert.equal(new Set(events).size, acknowledged);
  assert.equal(revision, acknowledged + 1);
}
await using again = await openStore(join(directory, "state"));
assert.equal(again.range("key/").length, acknowledged);
console.log(`${acknowledged} writes kept`);
