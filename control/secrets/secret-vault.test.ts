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
  for (const name of readdirSync(state)) assert.ok(!readFileSync(join(state, name)).includes(value));

  const stranger = new SecretVault({ store, registry, key: Buffer.alloc(32, 1), clock: systemClock });
  assert.throws(() => stranger.reveal("api-key"), /not written with this home's key/);
  await assert.rejects(vault.set("bad", Buffer.from([65, 0, 66])), /zero byte/);
  assert.throws(() => vault.reveal("unknown"), /not set/);
});

test("SecretVault removes the value of a deleted secret, but not one that was set anew", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-secrets-"));
  t.after(() => rmSync(directory, { recursive: true }));
  await using store = await openStore(directory);
  const registry = createRegistry({ store });
  const vault = new SecretVault({ store, registry, key: Buffer.alloc(32, 7), clock: systemClock });
  await vault.set("orphan", Buffer.from("deleted while no daemon ran"));
  await registry.delete("Secret", "orphan");
  await vault.set("again", Buffer.from("first"));
  const stop = new AbortController();
  const following = vault.followDeletions(stop.signal).catch(() => undefined);
  await registry.delete("Secret", "again");
  assert.equal(vault.version("again"), undefined);
  await vault.set("again", Buffer.from("second"));
  await vault.set("last", Buffer.from("x"));
  const gone = store.watch("/secrets/last", { signal: stop.signal })[Symbol.asyncIterator]();
  await registry.delete("Secret", "last");
  const { value: events } = await gone.next();
  assert.equal(events?.[0]?.type, "delete");
  assert.equal(store.get("/secrets/orphan"), undefined);
  assert.equal(vault.reveal("again"), "second");
  stop.abort();
  await following;
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
