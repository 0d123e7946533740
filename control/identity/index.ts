/** Workload identity: the built-in authority, short-lived certificates, mutual TLS and the SPIFFE Workload API. */
export { CertificateAuthority } from "./certificate-authority.ts";
export type { AuthorityOptions, Certifiable, IssuedCertificate } from "./certificate-authority.ts";
export { createCertificateRequest, generateKeyPair } from "./key-pair.ts";
export type { KeyPair } from "./key-pair.ts";
export { identityOfSpiffeId, serverNameOf, spiffeIdOf } from "./spiffe-id.ts";
export type { Identity } from "./spiffe-id.ts";
export { fingerprintOf } from "./trust-bundle.ts";
export type { TrustBundle } from "./trust-bundle.ts";
export { verifySvid } from "./verify-svid.ts";
export type { SvidRejection, SvidVerdict, VerifyOptions } from "./verify-svid.ts";
