import { createHash, X509Certificate } from "node:crypto";

/** The roots by which identities of one trust domain are known. A new state is a new object. */
export interface TrustBundle {
  readonly trustDomain: string;
  /** Root certificates, DER; the signing one first. */
  readonly roots: readonly Buffer[];
  /** Grows with every change. */
  readonly sequence: number;
}

/** The SHA-256 fingerprint of a certificate, lower-case hexadecimal. */
export function fingerprintOf(certificate: Uint8Array): string {
  return createHash("sha256").update(certificate).digest("hex");
}

// A bundle is read for every handshake and changes a few times a year.
const parsedRoots = new WeakMap<TrustBundle, readonly X509Certificate[]>();

export function rootsOf(bundle: TrustBundle): readonly X509Certificate[] {
  let roots = parsedRoots.get(bundle);
  if (roots === undefined) {
    roots = bundle.roots.map((root) => new X509Certificate(root));
    parsedRoots.set(bundle, roots);
  }
  return roots;
}
