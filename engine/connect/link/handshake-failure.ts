import type { TLSSocket } from "node:tls";

/** Reasons for the metrics by the codes of OpenSSL, of Bun's BoringSSL and of our own verification. */
const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "expired",
  CERT_NOT_YET_VALID: "not-yet-valid",
  INVALID_PURPOSE: "wrong-purpose",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown-root",
  UNABLE_TO_GET_ISSUER_CERT: "unknown-root",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown-root",
  SELF_SIGNED_CERT_IN_CHAIN: "unknown-root",
  DEPTH_ZERO_SELF_SIGNED_CERT: "unknown-root",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "no-certificate",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "old-protocol",
  ERR_SSL_NO_APPLICATION_PROTOCOL: "unknown-protocol",
  ERR_TLS_HANDSHAKE_TIMEOUT: "handshake-timeout",
  "not-found": "unknown-name",
};

/** Why a handshake failed. */
export function reasonOf(error: NodeJS.ErrnoException, socket: TLSSocket): string {
  const verdict: unknown = socket.authorizationError;
  for (const code of [verdict, error.code]) {
    if (typeof code === "string" && Object.hasOwn(reasons, code)) return reasons[code]!;
  }
  return "handshake-failed";
}
