/** What is on disk with a log: broken logs and checkpoints, formats before, the thread that dies. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom, systemClock } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { ThreadCheckpointer } from "./checkpointer.ts";
import { SEGMENT_BYTES } from "./limits.ts";
import { openMvccFile } from "./mvcc-file.ts";
import { StoreError } from "./mvcc.ts";
import { openMvcc } from "./mvcc-store.ts";
import { Metrics } from "./server/metrics.ts";

/** Flips of bits in a checkpoint that are tried, each in a process of its own. */
const FLIPS = Number(process.env["PLINTH_ROUNDS"] ?? 10);
/** So many hit only what is in no use (freed pages, the room between records) once in a billion billion tests. */
const FLIPS_MAX = 100;
const PAGE_BYTES = 4096;
/** LMDB's own abortion, when a page makes no sense, is a refusal, too. */
const MODULE = new URL("./mvcc-store.ts", import.meta.url).href;
const READER = `const { openMvcc } = await import(${JSON.stringify(MODULE)});
try { await using store = await openMvcc(process.argv[1]); console.log(store.hash(0), store.leases().join()); }
catch (error) { console.log(error.code); }`;

const all = { key: "\0", end: "" };
const put = (key: string, text = "value") => ({ key, value: Buffer.from(text), lease: 0n });
const refusal = (what: RegExp) => (error: unknown) =>
  error instanceof StoreError && error.code === "corrupt" && what.test(error.message);

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "plinth-log-"));
  try {
    await run(join(parent, "store"));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** A directory as a crash leaves it behind three commits, none of them in the checkpoint. */
async function crashed(directory: string): Promise<void> {
  const running = `${directory}-running`;
  await using store = await openMvcc(running, { clock: new VirtualClock() });
  for (const key of ["first", "second", "third"]) await store.put(put(key, `value of ${key}`));
  cpSync(running, directory, { recursive: true });
}

const logOf = (directory: string): string => join(directory, "wal", readdirSync(join(directory, "wal"))[0]!);

function change(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 4;
  writeFileSync(path, bytes);
}

test("openMvcc() replays the log, and a commit that was cut off in it is none", () =>
  inDirectory(async (directory) => {
    await crashed(directory);
    change(logOf(directory), readFileSync(logOf(directory)).indexOf("value of third"));
    {
      await using store = await openMvcc(directory);
      assert.deepEqual(
        store.range(all).kvs.map((kv) => [kv.key, Buffer.from(kv.value).toString()]),
        [
          ["first", "value of first"],
          ["second", "value of second"],
        ],
      );
      assert.equal((await store.put(put("fourth"))).revision, 4);
    }
    await using again = await openMvcc(directory);
    assert.equal(again.range(all).count, 3);
  }));

test("how long the disk took is told for each commit, and for the checkpoint", () =>
  inDirectory(async (directory) => {
    await using store = await openMvcc(directory);
    await store.put(put("first"));
    await store.put(put("second"));
    // Waits for the checkpoint.
    for await (const _ of store.snapshot());
    const { logSync, checkpoint } = store.diskTimes!;
    assert.equal(logSync.count, 2);
    assert.ok(logSync.sum > 0 && logSync.sum < 60, String(logSync.sum));
    assert.ok(checkpoint.count > 0 && checkpoint.sum > 0);
    const metrics = new Metrics(store, systemClock, undefined).text();
    assert.match(metrics, /^etcd_disk_wal_fsync_duration_seconds_count 2$/m);
    assert.match(metrics, /^etcd_disk_backend_commit_duration_seconds_bucket\{le="0.001"\} \d+$/m);
  }));

test("openMvcc() opens again and again what it did not write to, after a commit larger than a file of the log", () =>
  inDirectory(async (directory) => {
    const value = Buffer.alloc(2 * SEGMENT_BYTES, 7);
    {
      await using store = await openMvcc(directory);
      await store.put({ key: "large", value, lease: 0n });
    }
    for (let opening = 0; opening < 3; opening++) {
      await using store = await openMvcc(directory);
      assert.deepEqual(Buffer.from(store.range({ key: "large" }).kvs[0]!.value), value);
    }
  }));

test("openMvcc() says where a log is broken, what to do, and does not open it", () =>
  inDirectory(async (directory) => {
    await crashed(directory);
    const log = logOf(directory);
    const whole = readFileSync(log);
    change(log, whole.indexOf("value of second"));
    const place =
      /file "0\.log" is broken at byte \d+, commit 2; others follow it\. .*restore the last backup/;
    await assert.rejects(openMvcc(directory), refusal(place));
    writeFileSync(log, whole);
    change(log, 20);
    await assert.rejects(openMvcc(directory), refusal(/file "0\.log" has no valid header/));
    writeFileSync(log, whole);
    await using store = await openMvcc(directory);
    assert.equal(store.revision, 4);
  }));

test("openMvcc() does not take a log that is missing, or another store's, for its own", () =>
  inDirectory(async (directory) => {
    await crashed(directory);
    const other = `${directory}-other`;
    {
      await using store = await openMvcc(other);
      await store.put(put("other"));
    }
    cpSync(logOf(directory), join(other, "wal", "7.log"));
    await assert.rejects(openMvcc(other), refusal(/file "7\.log" belongs to another store/));
    rmSync(join(other, "wal"), { recursive: true });
    await assert.rejects(openMvcc(other), refusal(/commits from number 2 on are missing/));
  }));

test(`a bit of the checkpoint that flips is said, or changes nothing (${FLIPS} bits)`, () =>
  inDirectory(async (directory) => {
    const random = seededRandom(1);
    let expected: string;
    {
      await using store = await openMvcc(directory);
      for (const id of [1n, 2n]) await store.grantLease(id, 1000);
      for (let round = 0; round < 20; round++) {
        const puts = Array.from({ length: 50 }, (_, key) => put(`key/${key}`, `value ${round} `.repeat(key)));
        await Promise.all(puts.map((each) => store.put(each)));
      }
      await store.compact(500, true);
      expected = `${store.hash(0)} ${store.leases().join()}`;
    }
    let refused = 0;
    for (let flip = 0; flip < FLIPS || (refused === 0 && flip < FLIPS_MAX); flip++) {
      const copy = `${directory}-${flip}`;
      cpSync(directory, copy, { recursive: true });
      const file = join(copy, "data.mdb");
      const pages = readFileSync(file).length / PAGE_BYTES;
      // Every other one in a page's head, which says what else is in it.
      const within = Math.floor(random() * (flip % 2 === 0 ? PAGE_BYTES : 64));
      change(file, Math.floor(random() * pages) * PAGE_BYTES + within);
      const parameters = ["--input-type=module", "-e", READER, copy];
      const reader = spawnSync(process.execPath, parameters, { encoding: "utf8", timeout: 30_000 });
      const said = reader.signal ?? reader.stdout.trim();
      if (said !== expected) refused += 1;
      assert.ok(
        [expected, "corrupt", "SIGABRT", "SIGSEGV", "SIGBUS"].includes(said),
        `${said} ${reader.stderr}`,
      );
    }
    assert.ok(refused > 0, "some were said");
  }));

test("openMvcc() takes over a store without a log, its alarm and leases included", () =>
  inDirectory(async (directory) => {
    {
      await using store = await openMvcc(directory, { log: false });
      await store.grantLease(9n, 1000);
      await store.put({ ...put("kept"), lease: 9n });
      await store.put(put("kept too"));
      await store.compact(3, true);
      await store.setNoSpace(true);
    }
    {
      await using store = await openMvcc(directory);
      assert.deepEqual([store.revision, store.compactedRevision, store.noSpace], [3, 3, true]);
      assert.deepEqual(store.lease(9n, true).keys, ["kept"]);
      await store.setNoSpace(false);
      await store.put(put("new"));
      await store.revokeLease(9n);
      await store.compact(5, true);
    }
    {
      await using store = await openMvcc(directory);
      assert.deepEqual(
        [store.range(all).kvs.map((kv) => kv.key), store.noSpace, store.leases(), store.compactedRevision],
        [["kept too", "new"], false, [], 5],
      );
    }
    await assert.rejects(openMvcc(directory, { log: false }), /its format is "plinth-store\/3"/);
  }));

test("ThreadCheckpointer says that its thread has died, and starts another", () =>
  inDirectory(async (directory) => {
    await using checkpointer = new ThreadCheckpointer(directory);
    writeFileSync(directory, "not a directory");
    await assert.rejects(checkpointer.apply([]), /the thread that writes checkpoints has died/);
    rmSync(directory);
    mkdirSync(join(directory, "wal"), { recursive: true });
    await using _file = await openMvccFile(directory, "plinth-store/3");
    await checkpointer.apply([]);
    assert.ok(checkpointer.isRunning);
  }));
