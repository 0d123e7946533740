import assert from "node:assert/strict";
import { X509Certificate as NativeCertificate } from "node:crypto";
import { test } from "node:test";
import { dateOf, systemClock } from "@plinth/clock";
import fc from "fast-check";
import { generateKeyPair } from "./key-pair.ts";
import { type Forgery, forgeSvid, openTestAuthority } from "./test-authority.ts";
import type { TrustBundle } from "./trust-bundle.ts";
import { type SvidVerdict, verifySvid } from "./verify-svid.ts";
import { KeyUsageFlags, X509Certificate } from "./x509.ts";

const now = systemClock.now();
const HOUR_MS = 3_600_000;
const reasonOf = (verdict: SvidVerdict): string => (verdict.accepted ? "accepted" : verdict.reason);
const id = "spiffe://test.example/app/shop/service/web";

const cases: Record<string, [Forgery, string]> = {
  right: [{}, "accepted"],
  expired: [{ notAfterMs: now - 5_000 }, "expired"],
  "not yet valid": [{ notBeforeMs: now + HOUR_MS, notAfterMs: now + 2 * HOUR_MS }, "not-yet-valid"],
  "of another domain": [{ uris: ["spiffe://other.example/app/shop/service/web"] }, "wrong-domain"],
  "of a domain that begins like ours": [{ uris: ["spiffe://test.example.evil/app/a"] }, "wrong-domain"],
  "for nothing": [{ purposes: [] }, "wrong-purpose"],
  "for servers only": [{ purposes: ["server"] }, "wrong-purpose"],
  "for clients only": [{ purposes: ["client"] }, "wrong-purpose"],
  "for other usage": [{ usages: KeyUsageFlags.keyAgreement }, "wrong-purpose"],
  "with two URIs": [{ uris: [id, `${id}2`] }, "several-uris"],
  "with no URI": [{ uris: [] }, "malformed"],
  "with an URI of another scheme": [{ uris: ["https://test.example/app"] }, "malformed"],
  "with the bare domain": [{ uris: ["spiffe://test.example"] }, "malformed"],
  "with an empty path": [{ uris: ["spiffe://test.example/"] }, "malformed"],
  "with dots": [{ uris: ["spiffe://test.example/app/../host/a"] }, "malformed"],
  "with a query": [{ uris: [`${id}?a=b`] }, "malformed"],
  "an authority": [{ ca: true }, "ca-as-leaf"],
  "able to sign certificates": [
    { usages: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
    "ca-as-leaf",
  ],
};

test("verifySvid() names why it refuses", async (t) => {
  await using held = await openTestAuthority();
  const keys = await generateKeyPair();
  for (const [name, [forgery, expected]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const leaf = await forgeSvid(held.path, keys, forgery);
      assert.equal(reasonOf(verifySvid([leaf], held.authority.bundle, { now })), expected);
    });
  }
  const forServers = await forgeSvid(held.path, keys, { purposes: ["server"] });
  const verdictAs = (role: "client" | "server"): string =>
    reasonOf(verifySvid([forServers], held.authority.bundle, { now, role }));
  assert.equal(verdictAs("server"), "accepted");
  assert.equal(verdictAs("client"), "wrong-purpose");
  assert.equal(reasonOf(verifySvid([], held.authority.bundle, { now })), "malformed");
  const root = held.authority.bundle.roots[0]!;
  assert.equal(reasonOf(verifySvid([root], held.authority.bundle, { now })), "ca-as-leaf");
});

test("verifySvid() tells a removed root from a forged signature", async () => {
  await using held = await openTestAuthority();
  await using other = await openTestAuthority();
  const leaf = await forgeSvid(held.path, await generateKeyPair(), {});
  assert.equal(reasonOf(verifySvid([leaf], other.authority.bundle, { now })), "removed-root");
  const forged = Buffer.from(leaf);
  forged[forged.length - 1] = forged.at(-1)! ^ 1;
  assert.equal(reasonOf(verifySvid([forged], held.authority.bundle, { now })), "bad-signature");
});

test("verifySvid() remembers what a bundle has proven, and neither time nor other roots are passed over", async () => {
  await using held = await openTestAuthority();
  const { authority } = held;
  const leaf = await forgeSvid(held.path, await generateKeyPair(), {});
  const before = authority.bundle;
  const at = (when: number, bundle = before): string => reasonOf(verifySvid([leaf], bundle, { now: when }));
  assert.equal(at(now), "accepted");
  assert.equal(at(now), "accepted");
  assert.equal(at(now + 2 * HOUR_MS), "expired");
  assert.equal(at(now - HOUR_MS), "not-yet-valid");
  assert.equal(at(now), "accepted");
  await authority.prepareRoot();
  await authority.activateRoot();
  await authority.retireRoot({ force: true });
  assert.equal(at(now, authority.bundle), "removed-root");
  const damaged = Buffer.from(leaf);
  damaged[damaged.length - 1] = damaged.at(-1)! ^ 1;
  assert.equal(reasonOf(verifySvid([damaged], before, { now })), "bad-signature");
});

/** The same question answered by the library's signature check and node:crypto's view of the fields. */
async function secondOpinion(leaf: Buffer, bundle: TrustBundle): Promise<boolean> {
  try {
    const native = new NativeCertificate(leaf);
    const [uri, ...more] = (native.subjectAltName ?? "").split(", ");
    if (more.length > 0 || !/^URI:spiffe:\/\/test\.example(\/(?!\.\.?(\/|$))[\w.-]+)+$/.test(uri!))
      return false;
    const purposes = (native.keyUsage as string[] | undefined) ?? [];
    if (native.ca || !["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"].every((each) => purposes.includes(each)))
      return false;
    const parsed = new X509Certificate(new Uint8Array(leaf));
    for (const root of bundle.roots) {
      const issuer = new X509Certificate(new Uint8Array(root));
      if (await parsed.verify({ publicKey: issuer.publicKey, date: dateOf(now) })) return true;
    }
    return false;
  } catch {
    return false;
  }
}

test("verifySvid() agrees with a second implementation on right and wrong certificates, and refuses damaged ones", async () => {
  await using held = await openTestAuthority();
  const { bundle } = held.authority;
  const keys = await generateKeyPair();
  const forgeries = await Promise.all(
    Object.values(cases)
      // node:crypto does not show what a key may do, and calls an authority none whose key may not sign certificates.
      .filter(([{ usages, ca }]) => usages === undefined && ca === undefined)
      .map(([forgery]) => forgeSvid(held.path, keys, forgery)),
  );
  for (const leaf of forgeries) {
    const verdict = verifySvid([leaf], bundle, { now });
    assert.equal(verdict.accepted, await secondOpinion(leaf, bundle), reasonOf(verdict));
  }
  const damage = fc.record({ at: fc.nat(), bit: fc.nat(7), which: fc.nat(forgeries.length - 1) });
  fc.assert(
    fc.property(damage, ({ at, bit, which }) => {
      const leaf = Buffer.from(forgeries[which]!);
      leaf[at % leaf.length] = leaf[at % leaf.length]! ^ (1 << bit);
      // The other one overlooks some bits outside of what is signed, such as the signature's count of unused ones.
      assert.equal(verifySvid([leaf], bundle, { now }).accepted, false, `damaged at ${at % leaf.length}`);
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      assert.equal(reasonOf(verifySvid([bytes], bundle, { now })), "malformed");
    }),
    { numRuns: 100 },
  );
});
