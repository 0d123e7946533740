/** System calls of a writer: nothing is acknowledged before the log's synced write of it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type SystemCall, systemCalls } from "./system-calls.ts";

const WRITER = fileURLToPath(new URL("./mvcc-crash-writer.ts", import.meta.url));
const strace = spawnSync("strace", ["-f", "-o", "/dev/null", "/bin/true"]).status === 0;
/** Enough commits to be sure that they are not in step by chance. */
const ACKNOWLEDGEMENTS = 100;
const CALLS = "trace=write,writev,pwrite64,pwritev,fsync,fdatasync,openat";

test(
  "no acknowledgement is written before the synced write of its commit, no checkpoint counts before its pages are synced",
  { skip: strace ? false : "strace is missing or may not trace here (apt-get install strace)" },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "plinth-trace-"));
    const log = join(directory, "trace");
    // One writer: each acknowledgement belongs to the one commit before it.
    const writer = [process.execPath, WRITER, join(directory, "state"), "log", "1", String(ACKNOWLEDGEMENTS)];
    const parameters = ["-f", "-y", "-s", "200", "-e", CALLS, "-o", log, ...writer];
    const traced = spawn("strace", parameters, { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(traced, "close")) as [number];
    assert.equal(code, 0);
    const calls = systemCalls(readFileSync(log, "utf8"));
    const opened = calls.filter(({ text }) => /openat\(.*\/wal\/\d+\.log", /.test(text));
    assert.ok(opened.length > 0, "files of the log are opened");
    for (const { text } of opened) assert.match(text, /O_RDWR\|O_CREAT\|O_DSYNC/);
    const acknowledgements = calls.filter(({ text }) => /^write\(1<.*"ACK /.test(text));
    assert.equal(acknowledgements.length, ACKNOWLEDGEMENTS);
    const named = calls.find(({ text }) => /^fsync\(\d+<[^>]*\/wal>\)/.test(text));
    assert.ok(
      named && named.ended < acknowledgements[0]!.began,
      "the name of the log's file is synced first",
    );
    // A frame holds its key, and behind it the value, which is the count again.
    const isFrame = ({ text }: SystemCall, count: string): boolean =>
      /^pwrite64\(\d+<[^>]*\/wal\/\d+\.log>/.test(text) && text.includes(`trail/0/${count}${count}`);
    for (const acknowledgement of acknowledgements) {
      const count = /ACK 0 (\d+) /.exec(acknowledgement.text)![1]!;
      const frame = calls.find((call) => isFrame(call, count));
      assert.ok(
        frame && frame.ended < acknowledgement.began,
        `commit ${count} is said before it is in the log`,
      );
      assert.match(frame.text, / = [1-9]\d+$/, "it was written whole");
    }
    const synced = calls
      .map(({ text }) => /data\.mdb", O_WRONLY\|O_DSYNC\|O_CLOEXEC\) = (\d+)/.exec(text)?.[1])
      .find((descriptor) => descriptor !== undefined);
    const isMeta = ({ text }: SystemCall): boolean =>
      text.startsWith(`pwrite64(${synced}<`) && text.includes("data.mdb");
    const metas = calls.filter(isMeta);
    assert.ok(metas.length > ACKNOWLEDGEMENTS / 25, `${metas.length} steps of checkpoints`);
    for (const meta of metas) {
      const before = calls.filter((call) => call.ended < meta.began);
      const sync = before.findLast(({ text }) => /^fdatasync\(\d+<[^>]*data\.mdb>/.test(text));
      const data = before.findLast(
        (call) => /^p?writev?(64)?\(\d+<[^>]*data\.mdb>/.test(call.text) && !isMeta(call),
      );
      assert.ok(sync && data && data.ended < sync.began, "a checkpoint's pages are synced before they count");
    }
    rmSync(directory, { recursive: true });
  },
);
