/** Workload identity: the built-in authority, short-lived certificates, mutual TLS and the SPIFFE Workload API. */
export { CertificateAuthority } from "./certificate-authority.ts";
export type { AuthorityOptions, Certifiable, IssuedCertificate } from "./certificate-authority.ts";
export { HostCredentials } from "./host-credentials.ts";
export { JoinTokens, parseJoinToken } from "./join-tokens.ts";
export type { JoinToken } from "./join-tokens.ts";
export { createCertificateRequest, generateKeyPair } from "./key-pair.ts";
export type { KeyPair } from "./key-pair.ts";
export { clientTlsOptions, followKeeper, peerOf, serverTlsOptions } from "./mutual-tls.ts";
export { identityOfSpiffeId, serverNameOf, spiffeIdOf, trustDomainOf } from "./spiffe-id.ts";
export type { Identity } from "./spiffe-id.ts";
export { SvidKeeper } from "./svid-keeper.ts";
export type { Svid, SvidSource } from "./svid-keeper.ts";
export { fingerprintOf } from "./trust-bundle.ts";
export type { TrustBundle } from "./trust-bundle.ts";
export { verifySvid } from "./verify-svid.ts";
export type { SvidRejection, SvidVerdict, VerifyOptions } from "./verify-svid.ts";
export { openWorkloadApi } from "./workload-api.ts";
export type { WorkloadApi, WorkloadApiOptions } from "./workload-api.ts";
