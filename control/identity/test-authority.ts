import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, dateOf, systemClock } from "@plinth/clock";
import { readAuthorityRecord } from "./authority-record.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import type { KeyPair } from "./key-pair.ts";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KEY_ALGORITHM,
  KeyUsageFlags,
  KeyUsagesExtension,
  randomSerial,
  SIGNATURE_ALGORITHM,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "./x509.ts";

export interface TestAuthority extends AsyncDisposable {
  readonly authority: CertificateAuthority;
  readonly directory: string;
  readonly path: string;
}

export async function openTestAuthority(
  options: { trustDomain?: string; clock?: Clock } = {},
): Promise<TestAuthority> {
  const directory = await mkdtemp(join(tmpdir(), "plinth-identity-"));
  const path = join(directory, "keys", "authority.json");
  const { trustDomain = "test.example", clock = systemClock } = options;
  const authority = await CertificateAuthority.open({ path, trustDomain, homeId: "test", clock });
  return {
    authority,
    directory,
    path,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** What differs from a right SVID. */
export interface Forgery {
  readonly uris?: readonly string[];
  readonly ca?: boolean;
  /** Default: digitalSignature. */
  readonly usages?: KeyUsageFlags;
  /** Default: both. */
  readonly purposes?: readonly ("server" | "client")[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
}

const purposeIds = { server: ExtendedKeyUsage.serverAuth, client: ExtendedKeyUsage.clientAuth };

/** A leaf signed with the authority's own root key, wrong in the way asked for. */
export async function forgeSvid(path: string, keys: KeyPair, forgery: Forgery): Promise<Buffer> {
  const record = await readAuthorityRecord(path);
  const root = record?.roots.find(({ state }) => state === "signing");
  if (record === undefined || root === undefined || root.state === "retiring") throw new Error("no root");
  const rootCertificate = new X509Certificate(new Uint8Array(Buffer.from(root.certificate, "base64")));
  const nowMs = systemClock.now();
  const uris = forgery.uris ?? [`spiffe://${record.trustDomain}/app/shop/service/web`];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: "O=Forger",
    issuer: rootCertificate.subject,
    notBefore: dateOf(forgery.notBeforeMs ?? nowMs - 20_000),
    notAfter: dateOf(forgery.notAfterMs ?? nowMs + 3_600_000),
    publicKey: new Uint8Array(keys.publicKey),
    signingKey: await crypto.subtle.importKey(
      "pkcs8",
      new Uint8Array(Buffer.from(root.key, "base64")),
      KEY_ALGORITHM,
      false,
      ["sign"],
    ),
    signingAlgorithm: SIGNATURE_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(forgery.ca ?? false, undefined, true),
      new KeyUsagesExtension(forgery.usages ?? KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(
        (forgery.purposes ?? ["server", "client"]).map((purpose) => purposeIds[purpose]),
        false,
      ),
      ...(uris.length === 0
        ? []
        : [new SubjectAlternativeNameExtension(uris.map((value) => ({ type: "url" as const, value })))]),
      await AuthorityKeyIdentifierExtension.create(rootCertificate),
    ],
  });
  return Buffer.from(certificate.rawData);
}
