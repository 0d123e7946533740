import { createPrivateKey } from "node:crypto";
import { readSecretFile, writeFileDurably } from "@plinth/file";
import type { KeyPair, Svid } from "@plinth/identity";
import type { CertificateMessage, TrustMessage } from "./messages.ts";

/** What a joined host has to be known by the first one; its key is the one key of a certificate that is on disk. */
export interface HostCredential {
  readonly format: 1;
  readonly host: string;
  /** "ADDRESS:PORT" of the first host. */
  readonly first: string;
  readonly firstName: string;
  /** This machine's own address, as others reach it. */
  readonly address: string;
  readonly trust: TrustMessage;
  readonly certificate: CertificateMessage;
  /** PKCS #8, DER in base64. */
  readonly privateKey: string;
}

/** Undefined where this home has not joined. Fault "forbidden" when others may read it. */
export async function readHostCredential(path: string): Promise<HostCredential | undefined> {
  const held = await readSecretFile(path, {
    what: "the host's credential",
    hint: "Join again with a new token.",
  });
  return held === undefined ? undefined : (JSON.parse(held.toString()) as HostCredential);
}

export async function writeHostCredential(path: string, credential: HostCredential): Promise<void> {
  await writeFileDurably(path, JSON.stringify(credential), 0o600);
}

export function privateKeyText({ privateKey }: KeyPair): string {
  return privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
}

/** The credential as a certificate with its key. */
export function svidOf({ host, certificate, privateKey }: HostCredential): Svid {
  return {
    identity: { kind: "host", name: host },
    spiffeId: certificate.spiffeId,
    certificates: certificate.certificates.map((each) => Buffer.from(each, "base64")),
    privateKey: createPrivateKey({ key: Buffer.from(privateKey, "base64"), format: "der", type: "pkcs8" }),
    notBeforeMs: certificate.notBeforeMs,
    notAfterMs: certificate.notAfterMs,
  };
}
