import { createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from "node:crypto";
import { Fault } from "@plinth/fault";
import {
  KEY_ALGORITHM,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SIGNATURE_ALGORITHM,
} from "./x509.ts";

/** A certificate request larger than this was not made for one of our keys (they take about 200 bytes). */
const CSR_BYTES_MAX = 4096;

/** An ECDSA P-256 key. It lives in memory only, unless its owner writes it down. */
export interface KeyPair {
  readonly crypto: webcrypto.CryptoKeyPair;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
}

export async function generateKeyPair(): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    crypto: keys,
    publicKey: Buffer.from(await crypto.subtle.exportKey("spki", keys.publicKey)),
    privateKey: createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }),
  };
}

/** A PKCS #10 request (RFC 2986): proves possession of the key; names are the issuer's to give, so it holds none. */
export async function createCertificateRequest(keys: KeyPair): Promise<Buffer> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys: keys.crypto,
    signingAlgorithm: SIGNATURE_ALGORITHM,
  });
  return Buffer.from(request.rawData);
}

/** The public key (SPKI, DER) of a request that was signed with the key it asks for. */
export async function publicKeyOfRequest(csr: Uint8Array): Promise<Buffer> {
  if (csr.length > CSR_BYTES_MAX) {
    throw new Fault(
      "too-large",
      `Cannot read certificate request: ${csr.length} bytes, at most ${CSR_BYTES_MAX}`,
    );
  }
  let publicKey: Buffer;
  let proven: boolean;
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(csr));
    publicKey = Buffer.from(request.publicKey.rawData);
    checkPublicKey(publicKey);
    proven = await request.verify();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("invalid", "Cannot read certificate request: it is malformed", { cause: error });
  }
  if (!proven) {
    throw new Fault("invalid", "Cannot use certificate request: it is not signed with the key it names");
  }
  return publicKey;
}

/** Fault "invalid" unless the key is ECDSA P-256. */
export function checkPublicKey(spki: Uint8Array): void {
  let curve: string | undefined;
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
    curve = key.asymmetricKeyDetails?.namedCurve;
  } catch (error) {
    throw new Fault("invalid", "Cannot certify public key: it is malformed", { cause: error });
  }
  if (curve !== "prime256v1" && curve !== "P-256") {
    throw new Fault("invalid", "Cannot certify public key: only ECDSA P-256 keys are certified");
  }
}
