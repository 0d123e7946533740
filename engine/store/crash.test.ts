import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemRandom } from "@plinth/clock";
import { openStore } from "./lmdb-store.ts";

/** Kills of the writer; the soak run asks for 50. */
const ROUNDS = Number(process.env["PLINTH_ROUNDS"] ?? 10);
const WRITER = fileURLToPath(new URL("./crash-writer.ts", import.meta.url));
/** A round ends after 20 to 320 acknowledgements: in the middle of a commit, mostly. */
const someAcknowledgements = (): number => 20 + Math.floor(systemRandom() * 300);

test(`every acknowledged write is there after ${ROUNDS} kills of the writer`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-crash-"));
  const acknowledged = new Map<string, number>();
  let newestRevision = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const writer = spawn(process.execPath, [WRITER, directory], { stdio: ["ignore", "pipe", "inherit"] });
    const enough = someAcknowledgements();
    let output = "";
    let killed = false;
    writer.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (killed || output.split("\n").length <= enough) return;
      killed = true;
      writer.kill("SIGKILL");
    });
    await once(writer, "close");
    assert.ok(killed, "the writer ended by itself");
    // What follows the last newline was cut off in being said: it counts as not acknowledged.
    for (const line of output.split("\n").slice(0, -1)) {
      const [, name = "", count, revision] = line.split(" ");
      acknowledged.set(name, Number(count));
      newestRevision = Math.max(newestRevision, Number(revision));
    }
    await using store = await openStore(directory);
    assert.ok(store.revision >= newestRevision, `revision ${store.revision} after ${newestRevision}`);
    for (const [name, count] of acknowledged) {
      const stored = Number(Buffer.from(store.get(`counter/${name}`)!.value).toString());
      assert.ok(stored >= count, `round ${round}: writer ${name} has ${stored} of ${count}`);
      // Both halves of each transaction, and no transaction skipped.
      const trail = store.range(`trail/${name}/`).map((entry) => Number(Buffer.from(entry.value).toString()));
      trail.sort((left, right) => left - right);
      assert.deepEqual(
        trail,
        Array.from({ length: stored }, (_, index) => index + 1),
      );
    }
  }
  rmSync(directory, { recursive: true });
});
