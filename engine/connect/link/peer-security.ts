import type { ConnectionOptions, TLSSocket, TlsOptions } from "node:tls";

/** Who calls or is called between hosts. */
export type PeerIdentity =
  | { readonly kind: "service"; readonly app: string; readonly service: string }
  | { readonly kind: "host"; readonly name: string };

/** Who is at the other end of a connection, under which name it is counted, or why it is nobody. */
export type PeerVerdict =
  | { readonly accepted: true; readonly identity: PeerIdentity; readonly id: string }
  | { readonly accepted: false; readonly reason: string };

/** Until when a certificate is good, in wall time. */
export interface CertificateLife {
  /** SPIFFE ID. */
  readonly id: string;
  readonly notAfterMs: number;
}

/** Certificates and trust between hosts, as links need them. */
export interface PeerSecurity {
  /** How to connect as `own` to `peer` and nobody else. Fault "unavailable" while there is no certificate for `own`. */
  connectionOptions(own: PeerIdentity, peer: PeerIdentity): ConnectionOptions;
  /** How to listen as these, by the name the client asks for. Undefined while there is a certificate for none. */
  listenerOptions(identities: readonly PeerIdentity[]): TlsOptions | undefined;
  /** The name by which clients ask for an identity; only asked for when there are certificates. */
  serverName(identity: PeerIdentity): string;
  /** Who has connected. */
  callerOf(socket: TLSSocket): PeerVerdict;
  /** Another text whenever this identity's certificate, or what peers are verified by, has changed. */
  stampOf(identity: PeerIdentity): string;
  /** The certificates held now, for metrics. */
  certificates(): readonly CertificateLife[];
  /** Calls back at every change; the returned function ends that. */
  subscribe(onChange: () => void): () => void;
}
