/** What is on disk: killed writers, broken records, quota, retention. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { StoreError } from "./mvcc.ts";
import { openMvcc } from "./mvcc-store.ts";
import { restoreMvcc } from "./snapshot.ts";

/** Kills of the writer; the soak run asks for 50. */
const ROUNDS = Number(process.env["PLINTH_ROUNDS"] ?? 5);
const WRITER = fileURLToPath(new URL("./mvcc-crash-writer.ts", import.meta.url));
/** A round ends after 20 to 320 acknowledgements: in the middle of a commit, mostly. */
const someAcknowledgements = (): number => 20 + Math.floor(systemRandom() * 300);

const refusal = (code: string) => (error: unknown) => error instanceof StoreError && error.code === code;
const all = { key: "\0", end: "" };

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "plinth-mvcc-"));
  try {
    await run(join(parent, "store"));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

async function killedWriter(directory: string, files: string): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, directory, files], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const enough = someAcknowledgements();
  let output = "";
  let killed = false;
  writer.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
    if (killed || output.split("\n").length <= enough) return;
    killed = true;
    writer.kill("SIGKILL");
  });
  await once(writer, "close");
  assert.ok(killed, "the writer ended by itself");
  // What follows the last newline was cut off in being said: it counts as not acknowledged.
  return output.split("\n").slice(0, -1);
}

for (const files of ["log", "lmdb"]) {
  test(`openMvcc() on ${files} has every acknowledged write after ${ROUNDS} kills of the writer`, () =>
    inDirectory(async (directory) => {
      const acknowledged = new Map<string, number>();
      let newest = 1;
      for (let round = 0; round < ROUNDS; round++) {
        for (const line of await killedWriter(directory, files)) {
          const [, name = "", count, revision] = line.split(" ");
          acknowledged.set(name, Number(count));
          newest = Math.max(newest, Number(revision));
        }
        await using store = await openMvcc(directory, { log: files === "log" });
        assert.ok(store.revision >= newest, `revision ${store.revision} after ${newest}`);
        for (const [name, count] of acknowledged) {
          const counter = store.range({ key: `counter/${name}` }).kvs[0]!;
          const stored = Number(Buffer.from(counter.value).toString());
          assert.ok(stored >= count, `round ${round}: writer ${name} has ${stored} of ${count}`);
          assert.equal(counter.version, stored);
          // Both halves of each transaction, and no transaction skipped.
          const trail = store
            .range({ key: `trail/${name}/`, end: `trail/${name}0` })
            .kvs.map((kv) => Number(Buffer.from(kv.value).toString()));
          trail.sort((left, right) => left - right);
          assert.deepEqual(
            trail,
            Array.from({ length: stored }, (_, index) => index + 1),
          );
        }
      }
    }));
}

test("openMvcc() refuses a directory that is open already", () =>
  inDirectory(async (directory) => {
    await using _store = await openMvcc(directory);
    await assert.rejects(openMvcc(directory), /another process has it open/);
  }));

test("openMvcc() says that a record is broken, and does not serve it", () =>
  inDirectory(async (directory) => {
    const value = Buffer.from("a value that is found in the file");
    {
      await using store = await openMvcc(directory);
      await store.put({ key: "key", value, lease: 0n });
    }
    const path = join(directory, "data.mdb");
    const file = readFileSync(path);
    for (let at = file.indexOf(value); at >= 0; at = file.indexOf(value, at + 1)) file[at]! ^= 1;
    writeFileSync(path, file);
    await assert.rejects(openMvcc(directory), refusal("corrupt"));
  }));

test("openMvcc() undoes a transaction that meets a broken record, and goes on", () =>
  inDirectory(async (directory) => {
    const value = Buffer.from("a value that is found in the file");
    {
      await using store = await openMvcc(directory);
      await store.put({ key: "key", value, lease: 0n });
    }
    await using store = await openMvcc(directory);
    const file = await openFile(join(directory, "data.mdb"), "r+");
    const bytes = await file.readFile();
    for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) {
      await file.write(Buffer.of(bytes[at]! ^ 1), 0, 1, at);
    }
    await file.close();
    assert.throws(() => store.range({ key: "key" }), refusal("corrupt"));
    const put = { kind: "put", put: { key: "other", value, lease: 0n } } as const;
    const read = { kind: "range", range: { key: "key" } } as const;
    const transaction = { compares: [], success: [put, read], failure: [] };
    await assert.rejects(store.transact(transaction), refusal("corrupt"));
    assert.equal(store.revision, 2);
    const { revision } = await store.put({ key: "third", value, lease: 0n });
    assert.equal(revision, 3);
    const { kvs, count } = store.range({ ...all, keysOnly: true });
    assert.deepEqual([kvs.map((kv) => kv.key), count], [["key", "third"], 2]);
  }));

test("restoreMvcc() refuses a snapshot that is cut off, changed or followed by something, and leaves nothing", () =>
  inDirectory(async (directory) => {
    await using store = await openMvcc(directory);
    await store.grantLease(3n, 60);
    for (const key of ["a", "b"]) await store.put({ key, value: Buffer.alloc(300, 7), lease: 3n });
    const snapshot = Buffer.concat(await Array.fromAsync(store.snapshot()));
    const restored = `${directory}-restored`;
    async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    }
    const broken = [
      snapshot.subarray(0, -1),
      snapshot.subarray(0, 200),
      snapshot.subarray(0, 10),
      Buffer.concat([snapshot, Buffer.of(0)]),
    ];
    for (const at of [3, 30, 400, snapshot.length - 10, snapshot.length - 1]) {
      const changed = Buffer.from(snapshot);
      changed[at]! ^= 1;
      broken.push(changed);
    }
    for (const bytes of broken) {
      await assert.rejects(restoreMvcc(restored, streamOf(bytes)), refusal("corrupt"));
      assert.ok(!existsSync(restored) && !existsSync(`${restored}.restoring`));
    }
    await restoreMvcc(restored, streamOf(snapshot));
    await assert.rejects(restoreMvcc(restored, streamOf(snapshot)), /it is there already/);
    await using copy = await openMvcc(restored);
    assert.equal(copy.hash(0), store.hash(0));
    assert.deepEqual(copy.lease(3n, true), { id: 3n, grantedTtl: 60, ttl: 59, keys: ["a", "b"] });
  }));

test("openMvcc() keeps the note, through snapshots too, and refuses a broken one", () =>
  inDirectory(async (directory) => {
    const restored = join(directory, "restored");
    const data = join(directory, "data");
    {
      await using store = await openMvcc(data);
      await store.setNote(Buffer.from("who may"));
    }
    {
      await using store = await openMvcc(data);
      assert.equal(Buffer.from(store.note).toString(), "who may");
      await restoreMvcc(restored, store.snapshot());
    }
    {
      await using copy = await openMvcc(restored);
      assert.equal(Buffer.from(copy.note).toString(), "who may");
    }
    const file = join(restored, "data.mdb");
    const bytes = readFileSync(file);
    // The file holds the pages that a commit has replaced, too.
    for (let at = bytes.indexOf("who may"); at >= 0; at = bytes.indexOf("who may", at))
      bytes.write("you", at);
    writeFileSync(file, bytes);
    await assert.rejects(openMvcc(restored), refusal("corrupt"));
  }));

test("openMvcc() refuses what needs room once the quota is reached, until the alarm is lifted", () =>
  inDirectory(async (directory) => {
    const options = { quotaBytes: 10_000 };
    const put = { key: "a", value: Buffer.alloc(3000), lease: 0n };
    {
      await using store = await openMvcc(directory, options);
      for (let count = 0; count < 3; count++) await store.put(put);
      assert.equal(store.noSpace, false);
      // A key takes room as a value does.
      const named = { key: "k".repeat(900), value: Buffer.alloc(1), lease: 0n };
      await assert.rejects(store.put(named), refusal("no-space"));
      assert.equal(store.noSpace, true);
    }
    await using store = await openMvcc(directory, options);
    assert.equal(store.noSpace, true);
    const small = { key: "b", value: Buffer.alloc(1), lease: 0n };
    await assert.rejects(store.put(small), refusal("no-space"));
    await assert.rejects(store.grantLease(1n, 5), refusal("no-space"));
    assert.equal(store.range({ key: "a" }).count, 1);
    await store.delete({ key: "a" });
    await store.compact(store.revision, true);
    await store.setNoSpace(false);
    await store.put(put);
    assert.ok(store.size.allocated >= store.size.inUse && store.size.inUse > 3000);
  }));

test("openMvcc() keeps so many revisions, or so much time, by itself", () =>
  inDirectory(async (directory) => {
    const clock = new VirtualClock();
    const write = (store: Awaited<ReturnType<typeof openMvcc>>) =>
      store.put({ key: "key", value: Buffer.from("x"), lease: 0n });
    {
      await using store = await openMvcc(directory, { clock, retention: { revisions: 50 } });
      for (let round = 0; round < 20; round++) {
        await Promise.all(Array.from({ length: 100 }, () => write(store)));
        assert.ok(store.revision - Math.max(0, store.compactedRevision) <= 50 + 1000 + 256);
      }
      assert.ok(store.compactedRevision > 0);
    }
    await using store = await openMvcc(directory, { clock, retention: { milliseconds: 10_000 } });
    await write(store);
    const { revision } = store;
    await clock.advance(9000);
    await write(store);
    await clock.advance(3000);
    // Behind the compactions under way.
    while (store.compactedRevision < revision) await assert.rejects(store.revokeLease(404n));
    assert.equal(store.compactedRevision, revision);
  }));
