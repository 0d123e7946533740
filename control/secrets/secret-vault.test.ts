import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { createRegistry } from "@plinth/registry";
import { openStore } from "@plinth/store";
import { openSecretKey } from "./secret-key.ts";
import { SecretVault } from "./secret-vault.ts";

test("SecretVault keeps no plain value on disk, counts versions and tells a wrong key", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-secrets-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const state = join(directory, "state");
  await using store = await openStore(state);
  const registry = createRegistry({ store });
  const key = await openSecretKey(join(directory, "keys", "secrets.key"));
  const vault = new SecretVault({ store, registry, key, clock: systemClock });

  const value = Buffer.from("a value nobody else holds");
  assert.equal((await vault.set("api-key", value)).status?.version, 1);
  assert.equal((await vault.set("api-key", value)).status?.version, 1, "the same value is no new version");
  assert.equal((await vault.set("api-key", Buffer.from("another"))).status?.version, 2);
  await vault.set("api-key", value);
  assert.equal(vault.reveal("api-key"), value.toString());
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  assert.ok(files.length > 1);
  for (const { parentPath, name } of files) {
    assert.ok(!readFileSync(join(parentPath, name)).includes(value), name);
  }

  const stranger = new SecretVault({ store, registry, key: Buffer.alloc(32, 1), clock: systemClock });
  assert.throws(() => stranger.reveal("api-key"), /not written with this home's key/);
  await assert.rejects(vault.set("bad", Buffer.from([65, 0, 66])), /zero byte/);
  assert.throws(() => vault.reveal("unknown"), /not set/);

  await vault.delete("api-key");
  assert.equal(registry.get("Secret", "api-key"), undefined);
  assert.equal(vault.version("api-key"), undefined);
  assert.throws(() => vault.reveal("api-key"), /not set/);
  assert.equal(
    (await vault.set("api-key", value)).status?.version,
    4,
    "a new value never passes for an old one",
  );
});

test("openSecretKey() refuses a key that others may read", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-secrets-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "key");
  const key = await openSecretKey(path);
  assert.deepEqual(await openSecretKey(path), key);
  chmodSync(path, 0o644);
  await assert.rejects(openSecretKey(path), /others may read it/);
});
