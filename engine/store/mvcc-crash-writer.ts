/** Usage: DIRECTORY. Says on standard output what was acknowledged; the crash test ends it. */
import { openMvcc } from "./mvcc-store.ts";

const [directory = ""] = process.argv.slice(2);
await using store = await openMvcc(directory, { retention: { revisions: 100 } });

/** Each writer counts in a key of its own, and leaves a trail of keys that are never written again. */
async function write(writer: number): Promise<void> {
  const counter = `counter/${writer}`;
  let count = Number(Buffer.from(store.range({ key: counter }).kvs[0]?.value ?? []).toString());
  for (;;) {
    count += 1;
    const value = Buffer.from(String(count));
    const puts = [counter, `trail/${writer}/${count}`].map(
      (key) => ({ kind: "put", put: { key, value, lease: 0n } }) as const,
    );
    const { revision } = await store.transact({ compares: [], success: puts, failure: [] });
    // A compaction's several commits are cut off as well.
    if (count % 50 === 0) void store.compact(revision, true).catch(() => {});
    process.stdout.write(`ACK ${writer} ${count} ${revision}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
