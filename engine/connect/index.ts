/** The mesh's data plane: listeners, routing, balancing and the relaying of requests. */
export { DataPlane } from "./data-plane.ts";
export type { DataPlaneOptions, ListenFailure } from "./data-plane.ts";
export type { CertificateLife, PeerIdentity, PeerSecurity, PeerVerdict } from "./link/peer-security.ts";
export { ProxyControl } from "./proxy-control.ts";
export type { ApplyResult, ProxyStats, ProxyStatus, ProxyControlOptions } from "./proxy-control.ts";
export type { ProxyIdentities, ProxySvid } from "./proxy-identities.ts";
export { emptySnapshot, parseSnapshot, socketAddressOf, socketName } from "./snapshot.ts";
export type { RouteMatch, ServiceRoute } from "./routing/service-route.ts";
export type {
  Endpoint,
  IngressListener,
  LocalInstance,
  NameService,
  OutboundListener,
  PeerDoor,
  PublishedListener,
  ServiceEndpoints,
  ServiceProtocol,
  Snapshot,
  SourceIdentity,
  VirtualListener,
} from "./snapshot.ts";
export type { Processor } from "./fair/thrift.ts";
export type { RememberedName } from "./dns/name-counts.ts";
export type { EgressNames } from "./dns/name-policy.ts";
export type { EgressGate } from "./dns/resolver.ts";
export type { EdgeStats, EndpointState, ServiceStats } from "./seeing/stats.ts";
export type { Telemetry } from "./seeing/telemetry.ts";
export { parseTapFilter } from "./seeing/tap-request.ts";
export { INGRESS_CALLER } from "./world.ts";
