/** The log and its frames, apart from a store. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import * as fc from "fast-check";
import { type Checkpointer, inlineCheckpointer } from "./checkpoint.ts";
import { LOG_BYTES_MAX } from "./limits.ts";
import {
  endOfFrame,
  findFrameBehind,
  FrameEncoder,
  PUT,
  readOperations,
  RECORD,
  sealFrame,
} from "./log-frame.ts";
import { MemoryFile, revisionsOf } from "./log-simulation.ts";
import { recoverLoggedFile } from "./logged-file.ts";
import { decodeRecord, leaseKey, recordBytes, recordKey, sealRecord, valueIn } from "./mvcc-record.ts";
import type { Commit } from "./record-file.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import type { Version } from "./version-index.ts";

function version(key: string, revision: number, value: Uint8Array, lease = 0n): Version {
  const bytes = recordBytes(key, value);
  return {
    key,
    revision,
    ordinal: 0,
    createRevision: revision,
    version: 1,
    lease,
    deleted: false,
    bytes,
    value,
  };
}

function commitOf(writes: readonly Version[], more: Partial<Commit> = {}): Commit {
  const nothing = {
    removals: [],
    compactedRevision: undefined,
    granted: new Map(),
    revoked: new Set<bigint>(),
  };
  return { ...nothing, noSpace: undefined, note: undefined, writes, ...more };
}

const someKey = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
const someVersion = fc
  .tuple(
    someKey,
    fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER }),
    fc.uint8Array({ maxLength: 300 }),
    fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  )
  .map((parts) => version(...parts));

test("FrameEncoder and readOperations() give back what a commit writes, whatever it is", () => {
  const encoder = new FrameEncoder();
  fc.assert(
    fc.property(fc.array(someVersion, { maxLength: 20 }), fc.nat(2 ** 32 - 1), (writes, salt) => {
      const expected = writes.map(({ value, ...rest }) => [rest, Buffer.from(value!)]);
      const removed = version("removed", 7, Buffer.alloc(0));
      const granted = new Map([[5n, 60]]);
      const frame = encoder.encode(
        commitOf(writes, { removals: [removed], granted, noSpace: true }),
        2 ** 40,
      );
      sealFrame(frame, salt);
      assert.equal(endOfFrame(frame, 0, salt, 2 ** 40), frame.length);
      const found: unknown[] = [];
      const others: [number, string][] = [];
      readOperations(Buffer.from(frame), (kind, key, value) => {
        if (kind !== RECORD) {
          others.push([kind, key.toString("latin1")]);
          return;
        }
        sealRecord(key, value);
        const decoded = decodeRecord(key, value);
        const { value: _none, ...rest } = decoded;
        found.push([rest, valueIn(value, decoded)]);
      });
      assert.deepEqual(found, expected);
      assert.deepEqual(
        others.map(([, key]) => key),
        [recordKey(removed).toString("latin1"), leaseKey(5n).toString("latin1"), "mno-space"],
      );
      assert.equal(others[1]![0], PUT);
      // The versions now have views of the frame, and the same in them.
      assert.deepEqual(
        writes.map(({ value }) => Buffer.from(value!)),
        expected.map(([, value]) => value),
      );
    }),
  );
});

test("endOfFrame() knows no frame of another number, of another use of the file, or with any bit changed", () => {
  const frame = new FrameEncoder().encode(commitOf([version("key", 2, Buffer.from("value"))]), 3);
  sealFrame(frame, 1);
  assert.equal(endOfFrame(frame, 0, 1, 3), frame.length);
  assert.equal(endOfFrame(frame, 0, 1, 4), 0);
  assert.equal(endOfFrame(frame, 0, 2, 3), 0);
  assert.equal(endOfFrame(frame.subarray(0, -1), 0, 1, 3), 0);
  for (let bit = 0; bit < frame.length * 8; bit++) {
    frame[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(endOfFrame(frame, 0, 1, 3), 0, `bit ${bit}`);
    frame[bit >> 3]! ^= 1 << (bit & 7);
  }
  const behind = Buffer.concat([Buffer.alloc(24, 9), frame]);
  assert.equal(findFrameBehind(behind, 0, 1, 2), 24);
  assert.equal(findFrameBehind(behind, 0, 1, 3), -1);
});

test("LoggedFile.commit() waits once too much is behind the checkpoint, and goes on with it; all is kept", async () => {
  const base = new MemoryFile();
  const disk = new SimulatedDisk(seededRandom(1));
  const inline = inlineCheckpointer(disk, base);
  const gate = Promise.withResolvers<void>();
  const checkpointer: Checkpointer = {
    ...inline,
    apply: async (extents) => {
      await gate.promise;
      await inline.apply(extents);
    },
  };
  await using file = await recoverLoggedFile({ base, disk, clock: new VirtualClock(), checkpointer });
  const value = Buffer.alloc(LOG_BYTES_MAX / 8);
  const versions: Version[] = [];
  let committed = 0;
  const writing = (async () => {
    for (let revision = 2; revision < 14; revision++) {
      const written = version("key", revision, value);
      versions.push(written);
      await file.commit(commitOf([written]));
      committed += 1;
    }
  })();
  for (let turn = 0; turn < 200; turn++) await setImmediate();
  assert.equal(committed, 8, "it stops at the limit");
  assert.ok(
    versions.slice(0, 8).every((each) => each.value !== undefined),
    "what is behind is in memory",
  );
  gate.resolve();
  await writing;
  await file.settle();
  assert.ok(
    versions.every((each) => each.value === undefined),
    "and no longer than it has to be",
  );
  assert.equal(revisionsOf(base).size, 12);
});
