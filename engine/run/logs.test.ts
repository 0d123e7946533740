import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { droppedBytes, logFile, nextLogFile } from "./log-files.ts";
import { type LogCaps, trimLogs } from "./log-trim.ts";
import { lastLines, tailLog } from "./tail-log.ts";

const limit = { timeout: 60_000 };
const NEVER = new AbortController().signal;
const NOTICE = /^\[plinth: (\d+) bytes dropped, over the log's cap\]$/;
const caps = (fileBytesMax: number): LogCaps => ({ fileBytesMax, oldBytesMax: 2 ** 30, oldFilesMax: 100 });

const withoutNotices = (lines: readonly string[]): string[] => lines.filter((each) => !NOTICE.test(each));

interface Logs extends Disposable {
  readonly directory: string;
}

function logs(): Logs {
  const directory = mkdtempSync(join(tmpdir(), "plinth-logs-"));
  return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

async function readAll(directory: string, lines?: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tailLog({ directory, lines, follow: false, signal: NEVER })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function canPunch(context: TestContext, directory: string): Promise<boolean> {
  mkdirSync(join(directory, "probe"));
  writeFileSync(logFile(join(directory, "probe"), 1), Buffer.alloc(65536, "x\n"));
  const problem = await trimLogs(join(directory, "probe"), caps(8192));
  if (problem !== undefined) context.skip(problem);
  return problem === undefined;
}

test(
  "trimLogs() frees the oldest range on disk, and tailLog() says so and begins at a line",
  limit,
  async (context) => {
    using place = logs();
    const { directory } = place;
    if (!(await canPunch(context, directory))) return;
    const path = await nextLogFile(directory);
    const written = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${"x".repeat(index % 90)}`);
    writeFileSync(path, `${written.join("\n")}\n`);
    const { size } = statSync(path);
    const cap = 256 * 1024;
    assert.equal(await trimLogs(directory, caps(cap)), undefined);
    assert.equal(statSync(path).size, size);
    assert.ok(statSync(path).blocks * 512 <= cap);

    const [notice, ...kept] = (await readAll(directory)).trimEnd().split("\n");
    const dropped = await droppedBytes(directory, 1);
    assert.equal(Number(NOTICE.exec(notice!)?.[1]), dropped);
    assert.deepEqual(kept, written.slice(-kept.length));
    assert.equal(dropped + kept.join("\n").length + 1, size);
    assert.deepEqual(await lastLines(directory, 3), written.slice(-3));

    // Trimmed again only for what is new.
    appendFileSync(path, "after\n");
    await trimLogs(directory, caps(cap));
    assert.equal(await droppedBytes(directory, 1), dropped);
    assert.deepEqual(await lastLines(directory, 1), ["after"]);
  },
);

test("trimLogs() removes the output of the oldest starts, never of the newest", async () => {
  using place = logs();
  const { directory } = place;
  for (let start = 1; start <= 6; start += 1) writeFileSync(await nextLogFile(directory), `${start}\n`);
  await trimLogs(directory, { fileBytesMax: 2 ** 20, oldBytesMax: 2 ** 20, oldFilesMax: 2 });
  assert.deepEqual(readdirSync(directory).sort(), ["4.log", "5.log", "6.log"]);
  await trimLogs(directory, { fileBytesMax: 2 ** 20, oldBytesMax: 0, oldFilesMax: 2 });
  assert.deepEqual(readdirSync(directory), ["6.log"]);
  assert.match(await nextLogFile(directory), /7\.log$/);
});

test(
  "tailLog() gives the same lines however they were written and whatever was freed",
  limit,
  async (context) => {
    using probe = logs();
    if (!(await canPunch(context, probe.directory))) return;
    const line = fc.string({
      maxLength: 60,
      unit: fc.constantFrom("a", "b", "é", "💥", " ", "\u0000", "\r"),
    });
    const file = fc.record({
      lines: fc.array(line, { maxLength: 400 }),
      isCut: fc.boolean(),
      chunk: fc.integer({ min: 1, max: 5000 }),
      cap: fc.option(fc.constantFrom(4096, 8192, 12288), { freq: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 4 }),
        fc.integer({ min: 1, max: 600 }),
        async (files, count) => {
          using place = logs();
          const { directory } = place;
          const expected: string[] = [];
          for (const { lines, isCut, chunk, cap } of files) {
            const path = await nextLogFile(directory);
            const text = Buffer.from(lines.map((each) => `${each}\n`).join(""));
            const content = isCut ? text.subarray(0, Math.max(0, text.length - 1)) : text;
            writeFileSync(path, "");
            for (let at = 0; at < content.length; at += chunk) {
              appendFileSync(path, content.subarray(at, at + chunk));
              if (cap !== null) await trimLogs(directory, caps(cap));
            }
            const number = Number(/(\d+)\.log$/.exec(path)?.[1]);
            const dropped = await droppedBytes(directory, number);
            if (dropped > 0) {
              assert.equal(content[dropped - 1], 10, "begins at a line");
              expected.push(`[plinth: ${dropped} bytes dropped, over the log's cap]`);
            }
            const kept = content.subarray(dropped).toString();
            if (kept !== "") expected.push(...kept.replace(/\n$/, "").split("\n"));
          }
          const all = await readAll(directory);
          assert.deepEqual(all === "" ? [] : all.replace(/\n$/, "").split("\n"), expected);
          const tail = (await readAll(directory, count)).replace(/\n$/, "").split("\n");
          const wanted = withoutNotices(expected).slice(-count);
          assert.deepEqual(withoutNotices(wanted.length === 0 ? [] : tail), wanted);
        },
      ),
      { numRuns: 60 },
    );
  },
);

test("tailLog() follows over chunks and into the next start's file, until its signal", limit, async () => {
  using place = logs();
  const { directory } = place;
  const abort = new AbortController();
  const tail = tailLog({ directory, lines: 1, follow: true, signal: abort.signal });
  let seen = "";
  const until = async (wanted: string): Promise<void> => {
    while (!seen.endsWith(wanted)) {
      const { value, done } = await tail.next();
      assert.equal(done, false);
      seen += Buffer.from(value).toString();
    }
  };
  const first = await nextLogFile(directory);
  writeFileSync(first, "one\ntwo\n");
  await until("two\n");
  appendFileSync(first, "thr");
  await until("thr");
  appendFileSync(first, "ee\ncut off");
  const second = await nextLogFile(directory);
  writeFileSync(second, "next start\n");
  await until("next start\n");
  assert.equal(seen, "two\nthree\ncut off\nnext start\n");
  const ended = tail.next();
  abort.abort();
  assert.equal((await ended).done, true);
});

test("tailLog() tells a follower what was dropped before it could be read", limit, async (context) => {
  using place = logs();
  const { directory } = place;
  if (!(await canPunch(context, directory))) return;
  const path = await nextLogFile(directory);
  writeFileSync(path, "first\n");
  const abort = new AbortController();
  const tail = tailLog({ directory, lines: 10, follow: true, signal: abort.signal });
  assert.equal(Buffer.from((await tail.next()).value).toString(), "first\n");
  for (let index = 0; index < 3000; index += 1) appendFileSync(path, `line ${index}\n`);
  await trimLogs(directory, caps(8192));
  const dropped = await droppedBytes(directory, 1);
  let seen = "";
  while (!seen.endsWith("line 2999\n")) seen += Buffer.from((await tail.next()).value).toString();
  const [notice, ...lines] = seen.trimEnd().split("\n");
  assert.equal(Number(NOTICE.exec(notice!)?.[1]), dropped - "first\n".length);
  assert.equal(lines[0], `line ${3000 - lines.length}`);
  assert.equal(seen.includes("\u0000"), false);
  abort.abort();
  await tail.return(undefined);
});

test("lastLines() cuts a line without end and finds nothing in a directory that is not there", async () => {
  using place = logs();
  assert.deepEqual(await lastLines(join(place.directory, "none"), 5), []);
  assert.equal(existsSync(join(place.directory, "none")), false);
  writeFileSync(await nextLogFile(place.directory), "a\n" + "é".repeat(300_000));
  const lines = await lastLines(place.directory, 5);
  assert.deepEqual(lines, ["a", "é".repeat(2000)]);
});

test(
  "tailLog() without follow ends where the log ended when it was asked, whoever goes on writing",
  limit,
  async () => {
    using place = logs();
    const path = await nextLogFile(place.directory);
    writeFileSync(path, `${"old\n".repeat(40_000)}last\n`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of tailLog({ ...place, lines: 30_001, follow: false, signal: NEVER })) {
      chunks.push(chunk);
      appendFileSync(path, "new\n".repeat(chunk.length));
      writeFileSync(await nextLogFile(place.directory), "of a later start\n");
    }
    assert.equal(Buffer.concat(chunks).toString(), `${"old\n".repeat(30_000)}last\n`);
  },
);
