import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { Fault } from "@plinth/fault";
import { MvccModel } from "../mvcc-model.ts";
import type { Backend } from "./backend.ts";
import { inProcess } from "./in-process.ts";
import { grantLease } from "./lease.ts";

const random = seededRandom(1);

test("a lease is renewed in time for as long as it is held", async () => {
  const clock = new VirtualClock();
  await using store = new MvccModel({ clock });
  await using lease = await grantLease(inProcess(store, { clock }), { clock, random, open: new Set() }, 10);
  await clock.advance(100_000);
  assert.equal(lease.signal.aborted, false);
  assert.ok(store.lease(lease.id, false).ttl > 0);
});

test("a lease that cannot be renewed is lost no later than the store may have ended it", async () => {
  const clock = new VirtualClock();
  await using store = new MvccModel({ clock });
  let reachable = true;
  let attempts = 0;
  const backend: Backend = {
    ...inProcess(store, { clock }),
    async keepLeaseAlive(id) {
      attempts++;
      if (!reachable) throw new Fault("unavailable", "nobody there");
      return store.keepLeaseAlive(id);
    },
  };
  await using lease = await grantLease(backend, { clock, random, open: new Set() }, 10);
  const lastRenewal = Math.floor(10_000 / 3);
  await clock.advance(lastRenewal + 1);
  reachable = false;
  await clock.advance(9_900);
  assert.equal(lease.signal.aborted, false);
  assert.equal(store.lease(lease.id, false).grantedTtl, 10);
  await clock.advance(100);
  assert.equal(lease.signal.aborted, true);
  assert.match(String(lease.signal.reason), /without a renewal/);
  // It did not ask without end, either.
  assert.ok(attempts > 5 && attempts < 100);
});

test("a renewal that comes late does not make a lost lease good", async () => {
  const clock = new VirtualClock();
  await using store = new MvccModel({ clock });
  let answer = (_seconds: number): void => {};
  const backend: Backend = {
    ...inProcess(store, { clock }),
    keepLeaseAlive: (_id, { signal } = {}) =>
      new Promise((resolve, reject) => {
        answer = resolve;
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  };
  await using lease = await grantLease(backend, { clock, random, open: new Set() }, 10);
  await clock.advance(4_000);
  await lease[Symbol.asyncDispose]();
  answer(10);
  await clock.advance(20_000);
  assert.equal(lease.signal.aborted, true);
  assert.deepEqual(store.leases(), []);
});
