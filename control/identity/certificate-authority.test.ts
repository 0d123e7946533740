import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { CertificateAuthority, ROOTS_MAX, SKEW_MS, SVID_LIFE_MS } from "./certificate-authority.ts";
import { createCertificateRequest, generateKeyPair } from "./key-pair.ts";
import { openTestAuthority } from "./test-authority.ts";
import { verifySvid } from "./verify-svid.ts";
import { pemOf } from "./x509.ts";

const catalog = { kind: "service", app: "shop", service: "catalog" } as const;
const reopen = (path: string, clock = systemClock): Promise<CertificateAuthority> =>
  CertificateAuthority.open({ path, homeId: "test", clock });

test("CertificateAuthority makes its root once, for its owner alone, and gives out SVIDs of 24 hours", async () => {
  const clock = new VirtualClock();
  await using held = await openTestAuthority({ clock });
  const { authority, path } = held;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual((await reopen(path, clock)).bundle, authority.bundle);

  const keys = await generateKeyPair();
  const issued = await authority.issue(catalog, { csr: await createCertificateRequest(keys) });
  assert.equal(issued.spiffeId, "spiffe://test.example/app/shop/service/catalog");
  assert.equal(issued.notBeforeMs, clock.now() - SKEW_MS);
  assert.equal(issued.notAfterMs, clock.now() + SVID_LIFE_MS);
  const leaf = new X509Certificate(issued.certificates[0]!);
  assert.equal(leaf.serialNumber.length, 40);
  assert.equal(leaf.ca, false);
  assert.equal(leaf.subjectAltName, `URI:${issued.spiffeId}`);
  assert.equal(leaf.validFromDate.getTime(), issued.notBeforeMs);
  assert.equal(leaf.validToDate.getTime(), issued.notAfterMs);
  assert.ok(leaf.publicKey.export({ type: "spki", format: "der" }).equals(keys.publicKey));
  assert.ok(leaf.checkPrivateKey(keys.privateKey));
  const again = await authority.issue(catalog, { publicKey: keys.publicKey });
  assert.notEqual(new X509Certificate(again.certificates[0]!).serialNumber, leaf.serialNumber);
});

test("CertificateAuthority names its trust domain after the home, and keeps to it", async () => {
  await using held = await openTestAuthority();
  const path = join(held.directory, "keys", "other.json");
  const options = { path, homeId: "0f0e", clock: systemClock };
  assert.equal((await CertificateAuthority.open(options)).trustDomain, "plinth-0f0e");
  await assert.rejects(CertificateAuthority.open({ ...options, trustDomain: "else" }), /"plinth-0f0e"/);
  await assert.rejects(
    CertificateAuthority.open({ ...options, path: `${path}2`, trustDomain: "Bad/Domain" }),
    /not a SPIFFE trust domain/,
  );
});

test("CertificateAuthority.issue() refuses names that mean more than a name, foreign keys and unproven requests", async () => {
  await using held = await openTestAuthority();
  const keys = await generateKeyPair();
  for (const service of ["", "a/b", "..", "Web", "a%2f", "a\n", "x".repeat(41)]) {
    await assert.rejects(held.authority.issue({ ...catalog, service }, keys), { code: "invalid" });
  }
  const csr = await createCertificateRequest(keys);
  csr[csr.length - 1] = csr.at(-1)! ^ 1;
  await assert.rejects(held.authority.issue(catalog, { csr }), { code: "invalid" });
  await assert.rejects(held.authority.issue(catalog, { csr: Buffer.from("no request") }), {
    code: "invalid",
  });
  await assert.rejects(held.authority.issue(catalog, { csr: Buffer.alloc(5000) }), { code: "too-large" });
  const p384 = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-384" }, true, ["sign"]);
  const publicKey = Buffer.from(await crypto.subtle.exportKey("spki", p384.publicKey));
  await assert.rejects(held.authority.issue(catalog, { publicKey }), /only ECDSA P-256/);
});

test("CertificateAuthority refuses keys that others may read or that are not whole, and quotes none of them", async () => {
  await using held = await openTestAuthority();
  const { path } = held;
  chmodSync(path, 0o640);
  await assert.rejects(reopen(path), { code: "forbidden" });
  chmodSync(path, 0o600);
  const text = readFileSync(path, "utf8");
  const key = /"key":"([^"]{20})/.exec(text)![1]!;
  writeFileSync(path, text.slice(0, -20));
  await assert.rejects(reopen(path), (error: Error) => {
    assert.match(error.message, /Cannot read the authority's state/);
    assert.ok(!JSON.stringify([error.message, error.cause, error.stack]).includes(key));
    return true;
  });
});

test("A rotation of the root: published, signing, gone; every step outlives a restart and may be repeated", async () => {
  const clock = new VirtualClock();
  await using held = await openTestAuthority({ clock });
  let { authority } = held;
  const { path } = held;
  const keys = await generateKeyPair();
  const first = authority.bundle;
  const verdict = async (chain: readonly Buffer[]): Promise<string> => {
    const result = verifySvid(chain, authority.bundle, { now: clock.now() });
    return result.accepted ? "accepted" : result.reason;
  };
  const before = await authority.issue(catalog, keys);
  await assert.rejects(authority.activateRoot(), /none is prepared/);

  const told: number[] = [];
  authority.subscribe((bundle) => told.push(bundle.roots.length));
  await authority.prepareRoot();
  await authority.prepareRoot();
  assert.deepEqual(told, [2]);
  authority = await reopen(path, clock);
  assert.equal(authority.bundle.roots.length, 2);
  const during = await authority.issue(catalog, keys);
  assert.ok(
    verifySvid(during.certificates, first, { now: clock.now() }).accepted,
    "the old root still signs",
  );

  const oldKey = (JSON.parse(readFileSync(path, "utf8")) as { roots: { key: string }[] }).roots[0]!.key;
  await authority.activateRoot();
  assert.ok(!readFileSync(path, "utf8").includes(oldKey), "a replaced root's key is erased");
  authority = await reopen(path, clock);
  const after = await authority.issue(catalog, keys);
  assert.equal(verifySvid(after.certificates, first, { now: clock.now() }).accepted, false);
  assert.equal(await verdict(before.certificates), "accepted");
  assert.equal(await verdict(after.certificates), "accepted");

  await assert.rejects(authority.retireRoot(), /may be in use for another 1441 min/);
  await clock.advance(SVID_LIFE_MS + SKEW_MS - 1);
  await assert.rejects(authority.retireRoot(), { code: "conflict" });
  await clock.advance(1);
  await authority.retireRoot();
  authority = await reopen(path, clock);
  assert.equal(authority.bundle.roots.length, 1);
  assert.ok(authority.bundle.sequence > first.sequence);
  assert.equal(await verdict(before.certificates), "removed-root");
  assert.equal(await verdict((await authority.issue(catalog, keys)).certificates), "accepted");
});

test("retireRoot() can be forced; a bundle holds a bounded number of roots", async () => {
  await using held = await openTestAuthority();
  for (let made = 1; made < ROOTS_MAX; made++) {
    await held.authority.prepareRoot();
    await held.authority.activateRoot();
  }
  await assert.rejects(held.authority.prepareRoot(), { code: "exhausted" });
  await held.authority.retireRoot({ force: true });
  assert.equal(held.authority.bundle.roots.length, 1);
});

const openssl = "/usr/bin/openssl";
test(
  "openssl takes our chain for servers and clients, and reads the fields SPIFFE asks for",
  { skip: existsSync(openssl) ? false : "openssl is missing" },
  async () => {
    await using held = await openTestAuthority();
    const keys = await generateKeyPair();
    const issued = await held.authority.issue(catalog, keys);
    const file = (name: string): string => join(held.directory, name);
    const run = (...parameters: string[]): string => execFileSync(openssl, parameters, { encoding: "utf8" });
    writeFileSync(file("root.pem"), pemOf("CERTIFICATE", held.authority.bundle.roots[0]!));
    writeFileSync(file("leaf.pem"), pemOf("CERTIFICATE", issued.certificates[0]!));
    for (const purpose of ["sslserver", "sslclient"]) {
      const verified = run(
        "verify",
        "-x509_strict",
        "-purpose",
        purpose,
        "-CAfile",
        file("root.pem"),
        file("leaf.pem"),
      );
      assert.match(verified, /leaf\.pem: OK/);
    }
    const leaf = run("x509", "-noout", "-text", "-in", file("leaf.pem"));
    assert.match(leaf, /X509v3 Basic Constraints: critical\s+CA:FALSE/);
    assert.match(leaf, /X509v3 Key Usage: critical\s+Digital Signature\n/);
    assert.match(leaf, /TLS Web Server Authentication, TLS Web Client Authentication/);
    assert.match(
      leaf,
      /Subject Alternative Name:\s+URI:spiffe:\/\/test\.example\/app\/shop\/service\/catalog\n/,
    );
    assert.match(leaf, /ASN1 OID: prime256v1/);
    const root = run("x509", "-noout", "-text", "-in", file("root.pem"));
    assert.match(root, /X509v3 Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    assert.match(root, /X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);
    assert.match(root, /URI:spiffe:\/\/test\.example\n/);
  },
);
