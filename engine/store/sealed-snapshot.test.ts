import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openMvcc } from "./mvcc-store.ts";
import { StoreError } from "./mvcc.ts";
import { checkedSnapshot, sealSnapshot } from "./sealed-snapshot.ts";
import { inspectSnapshot, restoreMvcc } from "./snapshot.ts";

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const isCorrupt = (error: unknown): boolean => error instanceof StoreError && error.code === "corrupt";

test("a sealed snapshot is restored and inspected in any pieces; a changed or cut one is refused everywhere", async () => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-sealed-"));
  try {
    await using store = await openMvcc(join(directory, "store"));
    for (let index = 0; index < 9; index++) {
      await store.put({ key: `k${index % 3}`, value: Buffer.from(`v${index}`), lease: 0n });
    }
    const sealed = Buffer.concat(await Array.fromAsync(sealSnapshot(store.snapshot())));
    for (const length of [1, 31, 33, 512, sealed.length]) {
      assert.deepEqual(
        Buffer.concat(await Array.fromAsync(checkedSnapshot(inPieces(sealed, length)))),
        sealed,
      );
      assert.deepEqual(await inspectSnapshot(inPieces(sealed, length)), { revision: 10, records: 9 });
      const to = join(directory, `restored-${length}`);
      await restoreMvcc(to, inPieces(sealed, length), { sealed: true });
      await using restored = await openMvcc(to);
      assert.equal(restored.hash(0), store.hash(0));
    }
    const broken = [
      sealed.subarray(0, -1),
      sealed.subarray(0, -512),
      sealed.subarray(0, 40),
      Buffer.alloc(0),
    ];
    for (const at of [2, 200, sealed.length - 40, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      broken.push(changed);
    }
    for (const bytes of broken) {
      await assert.rejects(Array.fromAsync(checkedSnapshot(inPieces(bytes, 100))), isCorrupt);
      await assert.rejects(inspectSnapshot(inPieces(bytes, 100)), isCorrupt);
      const to = join(directory, "broken");
      await assert.rejects(restoreMvcc(to, inPieces(bytes, 100), { sealed: true }), isCorrupt);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
