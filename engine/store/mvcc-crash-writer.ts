/** Usage: DIRECTORY log|lmdb [WRITERS [WRITES]]. Says on standard output what was acknowledged; the crash test ends it. */
import { openMvcc } from "./mvcc-store.ts";

const [directory = "", files, writers = "4", writes = "Infinity"] = process.argv.slice(2);
await using store = await openMvcc(directory, { retention: { revisions: 100 }, log: files === "log" });

/** Fills files of the log, so that kills meet checkpoints and the files' next use, too. */
const BULK = Buffer.alloc(16_384, "bulk");

/** Each writer counts in a key of its own, and leaves a trail of keys that are never written again. */
async function write(writer: number): Promise<void> {
  const counter = `counter/${writer}`;
  let count = Number(Buffer.from(store.range({ key: counter }).kvs[0]?.value ?? []).toString());
  for (let written = 0; written < Number(writes); written++) {
    count += 1;
    const value = Buffer.from(String(count));
    const puts = [counter, `trail/${writer}/${count}`, "bulk"].map((key) => {
      const bytes = key === "bulk" ? BULK : value;
      return { kind: "put", put: { key, value: bytes, lease: 0n } } as const;
    });
    const { revision } = await store.transact({ compares: [], success: puts, failure: [] });
    // A compaction's several commits are cut off as well; a writer that is counted has no commits beside its own.
    if (writes === "Infinity" && count % 50 === 0) void store.compact(revision, true).catch(() => {});
    process.stdout.write(`ACK ${writer} ${count} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
