/** A test file made of others: `node --test scripts/together.ts FILE...`, as `--test-isolation=none` in one process. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

for (const file of process.argv.slice(2)) await import(pathToFileURL(resolve(file)).href);
