import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const WRITER = fileURLToPath(new URL("./mvcc-crash-writer.ts", import.meta.url));
const strace = spawnSync("strace", ["-f", "-o", "/dev/null", "/bin/true"]).status === 0;
/** Enough commits to be sure that they are not in step by chance. */
const ACKNOWLEDGEMENTS = 100;

/** One finished system call, in the order in which calls ended or, for `began`, in which they began. */
interface Call {
  readonly text: string;
  readonly began: number;
  readonly ended: number;
}

/** Joins the halves of calls that strace shows as unfinished and resumed. */
function callsOf(trace: string): Call[] {
  const open = new Map<string, { text: string; began: number }>();
  const calls: Call[] = [];
  trace.split("\n").forEach((line, index) => {
    const [, thread = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (text.endsWith("<unfinished ...>")) {
      open.set(thread, { text, began: index });
    } else if (text.startsWith("<...")) {
      const first = open.get(thread);
      if (first !== undefined)
        calls.push({ text: `${first.text} ${text}`, began: first.began, ended: index });
    } else {
      calls.push({ text, began: index, ended: index });
    }
  });
  return calls;
}

const isSync = ({ text }: Call): boolean => /^fdatasync\(\d+<[^>]*data\.mdb>/.test(text);

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
    const calls = callsOf(trace);
    const synced = /openat\(.*data\.mdb", O_WRONLY\|O_DSYNC\|O_CLOEXEC\) = (\d+)/.exec(trace)?.[1];
    assert.ok(synced, "LMDB opens its meta page for synced writes");
    const isMeta = ({ text }: Call): boolean =>
      text.startsWith(`pwrite64(${synced}<`) && text.includes("data.mdb");
    const isData = (call: Call): boolean =>
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
