/** Pulls an image into a new store: `node worker.ts REFERENCE DIRECTORY`. */
import { systemClock as clock } from "@plinth/clock";
import { openImageStore } from "@plinth/run";

const [reference = "", directory = ""] = process.argv.slice(2);
const store = await openImageStore(directory, { clock });
const { digest } = await store.pull(reference);
const startMs = performance.now();
await store[Symbol.asyncDispose]();
console.log(`${digest}\nsynced in ${performance.now() - startMs}`);
