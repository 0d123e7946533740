import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSecretFile } from "./index.ts";

test("readSecretFile() reads what is its owner's alone, and nothing else", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-secret-file-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "key");
  const what = "the key";
  assert.equal(await readSecretFile(path, { what }), undefined);
  writeFileSync(path, "a secret", { mode: 0o600 });
  assert.equal((await readSecretFile(path, { what }))?.toString(), "a secret");
  for (const mode of [0o640, 0o604, 0o620, 0o777]) {
    chmodSync(path, mode);
    await assert.rejects(
      readSecretFile(path, { what }),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, "forbidden");
        assert.match(error.message, /^Cannot use the key ".*\/key": its mode is \d+, others may read it$/);
        assert.match(error.hint ?? "", /chmod 600/);
        return !error.message.includes('secret"');
      },
    );
  }
  chmodSync(path, 0o600);
  truncateSync(path, 1024 * 1024 + 1);
  await assert.rejects(readSecretFile(path, { what }), { code: "too-large" });
  await assert.rejects(readSecretFile(directory, { what }));
});
