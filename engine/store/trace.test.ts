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

const isSync = ({ text }: SystemCall): boolean => /^fdatasync\(\d+<[^>]*data\.mdb>/.test(text);

test(
  "no acknowledgement is written before its commit's data and meta page are synced",
  { skip: strace ? false : "strace is missing or may not trace here (apt-get install strace)" },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "plinth-trace-"));
    const log = join(directory, "trace");
    // One writer: each acknowledgement belongs to the one commit before it.
    const parameters = [
      "-f",
      "-y",
      "-s",
      "200",
      "-e",
      "trace=write,writev,pwrite64,pwritev,fdatasync,openat",
      "-o",
      log,
    ];
    const writer = [
      process.execPath,
      WRITER,
      join(directory, "state"),
      "lmdb",
      "1",
      String(ACKNOWLEDGEMENTS),
    ];
    const traced = spawn("strace", [...parameters, ...writer], { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(traced, "close")) as [number];
    assert.equal(code, 0);
    const trace = readFileSync(log, "utf8");
    const calls = systemCalls(trace);
    const synced = /openat\(.*data\.mdb", O_WRONLY\|O_DSYNC\|O_CLOEXEC\) = (\d+)/.exec(trace)?.[1];
    assert.ok(synced, "LMDB opens its meta page for synced writes");
    const isMeta = ({ text }: SystemCall): boolean =>
      text.startsWith(`pwrite64(${synced}<`) && text.includes("data.mdb");
    const isData = (call: SystemCall): boolean =>
      /^p?writev?(64)?\(\d+<[^>]*data\.mdb>/.test(call.text) && !isMeta(call);
    const acknowledgements = calls.filter(({ text }) => /^write\(1<.*"ACK /.test(text));
    assert.equal(acknowledgements.length, ACKNOWLEDGEMENTS);
    let from = -1;
    for (const acknowledgement of acknowledgements) {
      const before = calls.filter((call) => call.ended > from && call.ended < acknowledgement.began);
      const meta = before.findLast(isMeta);
      const sync = before.findLast(isSync);
      const data = before.findLast(isData);
      assert.ok(meta && sync && data, `no whole commit before ${acknowledgement.text}`);
      assert.ok(
        data.ended < sync.began && sync.ended < meta.began,
        `out of order before ${acknowledgement.text}`,
      );
      from = acknowledgement.ended;
    }
    rmSync(directory, { recursive: true });
  },
);
