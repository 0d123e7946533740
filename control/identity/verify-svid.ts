import { X509Certificate as NativeCertificate } from "node:crypto";
import { trustDomainId } from "./spiffe-id.ts";
import { fingerprintOf, rootsOf, type TrustBundle } from "./trust-bundle.ts";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from "./x509.ts";

/** Why a certificate is not taken as an identity. */
export type SvidRejection =
  | "malformed"
  | "several-uris"
  | "wrong-domain"
  | "ca-as-leaf"
  | "wrong-purpose"
  | "removed-root"
  | "bad-signature"
  | "not-yet-valid"
  | "expired";

export type SvidVerdict =
  | { readonly accepted: true; readonly spiffeId: string; readonly notAfterMs: number }
  | { readonly accepted: false; readonly reason: SvidRejection };

export interface VerifyOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the certificate's owner is in this connection. Default: it must be fit for both. */
  readonly role?: "client" | "server";
}

/** A leaf of ours takes under 1 KiB; parsing is the work of an unknown peer's choice. */
const CERTIFICATE_BYTES_MAX = 8 * 1024;
/** Extensions that are understood here; any other one that is critical is a refusal (RFC 5280 section 4.2). */
const understood = new Set(["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"]);
const SIGNING_USAGES = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
const PATH = /^(?:\/[a-zA-Z0-9._-]+)+$/;

/** What reading a leaf and checking its signature have shown. */
interface Proof {
  readonly spiffeId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The end of the root that signed it. */
  readonly rootToMs: number;
}

/** More leaves than peers have at a time; only our own authority can add to them. */
const PROVEN_MAX = 4_096;
/** A peer shows the same leaf all day, and reading it costs a millisecond: a bundle remembers what it has proven. */
const proven = new WeakMap<TrustBundle, Map<string, Proof>>();

const rejected = (reason: SvidRejection): SvidVerdict => ({ accepted: false, reason });

/**
 * Validates an X.509-SVID (SPIFFE X509-SVID sections 2 to 5; RFC 5280 section 6). Roots sign leaves directly and
 * allow no authority below them (path length 0), so only `chain[0]` counts. Structure is read by the library, which
 * knows every extension; signatures are checked by node:crypto, which answers at once, as a handshake needs.
 */
export function verifySvid(
  chain: readonly Uint8Array[],
  bundle: TrustBundle,
  options: VerifyOptions,
): SvidVerdict {
  const [leaf] = chain;
  if (leaf === undefined || leaf.length > CERTIFICATE_BYTES_MAX) return rejected("malformed");
  let known = proven.get(bundle);
  if (known === undefined) proven.set(bundle, (known = new Map()));
  const key = `${options.role ?? "both"} ${fingerprintOf(leaf)}`;
  let proof = known.get(key);
  if (proof === undefined) {
    const found = prove(leaf, bundle, options.role);
    if (typeof found === "string") return rejected(found);
    if (known.size >= PROVEN_MAX) known.clear();
    known.set(key, (proof = found));
  }
  if (options.now > proof.rootToMs) return rejected("expired");
  if (options.now < proof.fromMs) return rejected("not-yet-valid");
  // NaN, as from a date no calendar has, is no validity either.
  if (!(options.now <= proof.toMs)) return rejected("expired");
  return { accepted: true, spiffeId: proof.spiffeId, notAfterMs: proof.toMs };
}

/** All of the verification that does not change with time. */
function prove(leaf: Uint8Array, bundle: TrustBundle, role: VerifyOptions["role"]): Proof | SvidRejection {
  let read: { readonly spiffeId: string } | SvidRejection;
  let native: NativeCertificate;
  let validity: { readonly fromMs: number; readonly toMs: number };
  try {
    const certificate = new X509Certificate(new Uint8Array(leaf));
    native = new NativeCertificate(Buffer.from(leaf));
    read = readLeaf(certificate, bundle.trustDomain, role);
    validity = { fromMs: certificate.notBefore.getTime(), toMs: certificate.notAfter.getTime() };
  } catch {
    return "malformed";
  }
  if (typeof read === "string") return read;
  // checkIssued compares names and key identifiers; without it any forgery would look like a removed root.
  const issuer = rootsOf(bundle).find((root) => native.checkIssued(root));
  if (issuer === undefined) return "removed-root";
  if (!native.verify(issuer.publicKey)) return "bad-signature";
  return { spiffeId: read.spiffeId, ...validity, rootToMs: issuer.validToDate.getTime() };
}

function readLeaf(
  certificate: X509Certificate,
  trustDomain: string,
  role: VerifyOptions["role"],
): { readonly spiffeId: string } | SvidRejection {
  const seen = new Set<string>();
  for (const { type, critical } of certificate.extensions) {
    if (seen.has(type) || (critical && !understood.has(type))) return "malformed";
    seen.add(type);
  }
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const uris = names.filter(({ type }) => type === "url").map(({ value }) => value);
  if (uris.length > 1) return "several-uris";
  const [spiffeId] = uris;
  if (spiffeId === undefined) return "malformed";
  // A leaf's ID has a path; the bare trust domain is a root's.
  const domainId = trustDomainId(trustDomain);
  if (certificate.getExtension(BasicConstraintsExtension)?.ca === true) return "ca-as-leaf";
  const usages = certificate.getExtension(KeyUsagesExtension)?.usages ?? 0;
  if ((usages & SIGNING_USAGES) !== 0) return "ca-as-leaf";
  if (!spiffeId.startsWith("spiffe://")) return "malformed";
  if (spiffeId !== domainId && !spiffeId.startsWith(`${domainId}/`)) return "wrong-domain";
  const path = spiffeId.slice(domainId.length);
  if (!PATH.test(path) || path.split("/").some((segment) => segment === "." || segment === ".."))
    return "malformed";
  if ((usages & KeyUsageFlags.digitalSignature) === 0) return "wrong-purpose";
  const purposes = certificate.getExtension(ExtendedKeyUsageExtension)?.usages ?? [];
  if (role !== "client" && !purposes.includes(ExtendedKeyUsage.serverAuth)) return "wrong-purpose";
  if (role !== "server" && !purposes.includes(ExtendedKeyUsage.clientAuth)) return "wrong-purpose";
  return { spiffeId };
}
