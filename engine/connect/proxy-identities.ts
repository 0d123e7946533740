import type { PeerIdentity } from "./link/peer-security.ts";

/** One identity with its certificate and key. */
export interface ProxySvid {
  readonly identity: PeerIdentity;
  /** DER in base64, the leaf first. */
  readonly certificates: readonly string[];
  /** PKCS #8, DER in base64. */
  readonly privateKey: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** All that a proxy needs to be known by on other hosts, and to know them; it keeps this in memory only. */
export interface ProxyIdentities {
  readonly trustDomain: string;
  /** Of the bundle: grows with every change of the roots. */
  readonly sequence: number;
  /** DER in base64. */
  readonly roots: readonly string[];
  readonly svids: readonly ProxySvid[];
}
