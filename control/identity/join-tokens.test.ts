import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { openStore } from "@plinth/store";
import { HostCredentials } from "./host-credentials.ts";
import { JoinTokens, parseJoinToken } from "./join-tokens.ts";
import { createCertificateRequest, generateKeyPair } from "./key-pair.ts";
import { openTestAuthority } from "./test-authority.ts";
import { fingerprintOf } from "./trust-bundle.ts";
import { verifySvid } from "./verify-svid.ts";

test("A host joins once with a token, which the store cannot be read for, and renews by its credential", async () => {
  const clock = new VirtualClock();
  await using held = await openTestAuthority({ clock });
  await using store = await openStore(join(held.directory, "state"));
  const { authority } = held;
  const tokens = new JoinTokens({ store, clock });
  const credentials = new HostCredentials({ authority, tokens });
  const fingerprint = fingerprintOf(authority.bundle.roots[0]!);
  const make = async (options: { host?: string; lifeMs?: number } = {}): Promise<string> =>
    parseJoinToken((await tokens.create({ address: "10.0.0.1:7443", fingerprint, ...options })).text).secret;
  const csr = await createCertificateRequest(await generateKeyPair());
  const otherCsr = await createCertificateRequest(await generateKeyPair());

  const { text, expiresAtMs } = await tokens.create({ address: "10.0.0.1:7443", fingerprint });
  assert.equal(expiresAtMs, clock.now() + 30 * 60_000);
  const { address, fingerprint: pinned, secret } = parseJoinToken(text);
  assert.deepEqual([address, pinned], ["10.0.0.1:7443", fingerprint]);
  for (const { key, value } of store.range("/"))
    assert.ok(!`${key}${Buffer.from(value).toString()}`.includes(secret));

  await assert.rejects(credentials.join({ secret, host: "b", csr: Buffer.from("none") }), {
    code: "invalid",
  });
  await assert.rejects(credentials.join({ secret, host: "../b", csr }), { code: "invalid" });
  const issued = await credentials.join({ secret, host: "b", csr });
  assert.equal(issued.spiffeId, "spiffe://test.example/host/b");
  assert.ok(verifySvid(issued.certificates, authority.bundle, { now: clock.now() }).accepted);
  await credentials.join({ secret, host: "b", csr }); // its answer was lost
  await assert.rejects(credentials.join({ secret, host: "b", csr: otherCsr }), /has been used/);
  await assert.rejects(credentials.join({ secret, host: "c", csr }), /has been used/);
  await assert.rejects(credentials.join({ secret: await make(), host: "b", csr: otherCsr }), {
    code: "conflict",
  });
  await credentials.join({ secret: await make({ host: "b" }), host: "b", csr: otherCsr });
  await assert.rejects(
    credentials.join({ secret: await make({ host: "c" }), host: "d", csr }),
    /another host/,
  );
  await assert.rejects(credentials.join({ secret: "x", host: "d", csr }), { code: "unauthorized" });

  const late = await make();
  await clock.advance(30 * 60_000);
  await assert.rejects(credentials.join({ secret: late, host: "d", csr }), /has expired/);
  await make();
  assert.equal(store.range("/identity/join-tokens/").length, 1, "expired tokens are swept");

  assert.equal((await credentials.renew(issued.spiffeId, csr)).spiffeId, issued.spiffeId);
  for (const peer of [
    "spiffe://test.example/app/host/service/b",
    "spiffe://other/host/b",
    "spiffe://test.example/host/z",
  ])
    await assert.rejects(credentials.renew(peer, csr), { code: "forbidden" });
  await tokens.forget("b");
  await assert.rejects(credentials.renew(issued.spiffeId, csr), { code: "forbidden" });
});

test("Of many who use one token at once, or take one name with several tokens, one succeeds", async () => {
  const clock = new VirtualClock();
  await using held = await openTestAuthority({ clock });
  await using store = await openStore(join(held.directory, "state"));
  const tokens = new JoinTokens({ store, clock });
  const make = async (): Promise<string> =>
    parseJoinToken((await tokens.create({ address: "a:1", fingerprint: "0".repeat(64) })).text).secret;
  const won = (results: PromiseSettledResult<void>[]): number =>
    results.filter(({ status }) => status === "fulfilled").length;
  const names = ["a", "b", "c", "d"];
  const secret = await make();
  const key = Buffer.from("key");
  assert.equal(won(await Promise.allSettled(names.map((name) => tokens.redeem(secret, name, key)))), 1);
  const secrets = await Promise.all(names.map(make));
  const taking = secrets.map((each, at) => tokens.redeem(each, "same", Buffer.from([at])));
  assert.equal(won(await Promise.allSettled(taking)), 1);
});

test("parseJoinToken() quotes nothing of a token that is not whole", () => {
  for (const text of [
    "",
    "plinth-join-",
    "plinth-join-c2VjcmV0",
    `plinth-join-${"A".repeat(2000)}`,
    "else",
  ]) {
    assert.throws(() => parseJoinToken(text), { code: "invalid", message: /not whole/ });
  }
});
