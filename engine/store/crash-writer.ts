/** Usage: DIRECTORY [WRITERS [WRITES]]. Says on standard output what was acknowledged; the crash test ends it. */
import { openStore } from "./lmdb-store.ts";

const [directory = "", writers = "4", writes = "Infinity"] = process.argv.slice(2);
await using store = await openStore(directory);

/** Each writer counts in a key of its own, and leaves a trail of keys that are never written again. */
async function write(writer: number): Promise<void> {
  const counter = `counter/${writer}`;
  let count = Number(Buffer.from(store.get(counter)?.value ?? []).toString());
  for (let written = 0; written < Number(writes); written++) {
    count += 1;
    const value = Buffer.from(String(count));
    const { revision } = await store.transact(
      [],
      [
        { put: counter, value },
        { put: `trail/${writer}/${count}`, value },
      ],
    );
    process.stdout.write(`ACK ${writer} ${count} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
