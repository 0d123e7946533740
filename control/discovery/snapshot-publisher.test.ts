import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import type { Snapshot } from "@plinth/connect";
import { createLog } from "@plinth/log";
import { SnapshotPublisher, type SnapshotReceipt } from "./snapshot-publisher.ts";

const silent = createLog({ write: () => {} });
const snapshot = (version: number): Snapshot => ({
  version,
  services: {},
  outbound: [],
  ingress: [],
  metrics: null,
  virtual: [],
  sources: {},
  dns: null,
  peer: null,
});

test("SnapshotPublisher makes one snapshot of many changes and tells when each is in force", async () => {
  const sent: number[] = [];
  const stop = new AbortController();
  const publisher = new SnapshotPublisher({
    build: snapshot,
    sink: {
      async putSnapshot({ version }): Promise<SnapshotReceipt> {
        await new Promise((resolve) => setImmediate(resolve));
        sent.push(version);
        return { version, failed: [] };
      },
    },
    version: 7,
    log: silent,
    clock: new VirtualClock(),
    signal: stop.signal,
  });
  publisher.changed(); // before start(): nothing is sent yet
  assert.deepEqual(sent, []);
  publisher.start();
  for (let count = 0; count < 5; count++) publisher.changed();
  assert.equal(await publisher.inForce(1000), true);
  assert.deepEqual(sent, [8, 9]);
  stop.abort();
});

test("SnapshotPublisher tries again while the proxy is away, and inForce() gives up in time", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  let isAway = true;
  const publisher = new SnapshotPublisher({
    build: snapshot,
    sink: {
      putSnapshot: ({ version }) =>
        isAway ? Promise.reject(new Error("away")) : Promise.resolve({ version, failed: [] }),
    },
    version: 0,
    log: silent,
    clock,
    signal: stop.signal,
  });
  publisher.start();
  const waiting = publisher.inForce(50);
  await clock.advance(60);
  assert.equal(await waiting, false);
  isAway = false;
  const again = publisher.inForce(10_000);
  await clock.advance(500);
  assert.equal(await again, true);
  stop.abort();
});
