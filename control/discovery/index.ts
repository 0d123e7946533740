/** Who can be reached where: addresses, ports and the proxy's snapshots. */
export { FIRST_INSTANCE_PORT, InstancePorts, PORT_CHUNKS } from "./instance-ports.ts";
export { CLAIMS_DIRECTORY, MachineClaims } from "./machine-claims.ts";
export type { HomeIdentity, HomeLookup } from "./machine-claims.ts";
export { hostResolvers } from "./host-resolvers.ts";
export { MeshAddresses } from "./mesh-addresses.ts";
export { claimSubnet, slotOfSubnet, subnetOf } from "./mesh-subnet.ts";
export { PairAddresses } from "./pair-addresses.ts";
export type { PairAddress } from "./pair-addresses.ts";
export { buildSnapshot } from "./snapshot.ts";
export type { AppView, HostFrame, SnapshotFrame } from "./snapshot.ts";
export { SnapshotPublisher } from "./snapshot-publisher.ts";
export type { SnapshotReceipt, SnapshotSink } from "./snapshot-publisher.ts";
export { STORE_PORT } from "./transparent-view.ts";
export type { TransparentFrame, TransparentView } from "./transparent-view.ts";
