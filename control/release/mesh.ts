import type { MeshAddresses } from "@plinth/discovery";
import type { EgressCounter } from "@plinth/run";

/** An instance's place in the network, as drivers take it. */
export interface InstanceNetwork {
  readonly namespace: string;
  readonly address: string;
  readonly resolvConf: string;
  readonly hosts: string;
}

export interface InstanceAttachment {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Addresses and blocks; host names are the name server's part. */
  readonly egress: {
    readonly default: "allow" | "deny";
    readonly allow: readonly string[];
    readonly deny: readonly string[];
  };
}

/** The host's side of instances' networks. Everything here may be repeated: what is so already stays as it is. */
export interface InstanceNetworks {
  attach(attachment: InstanceAttachment): Promise<InstanceNetwork>;
  detach(id: string): Promise<void>;
  /** Ids of all that is there, be it left by a daemon that died. */
  attached(): Promise<string[]>;
  /** What each instance has exchanged with the world, by destination. */
  egressCounters(): Promise<readonly EgressCounter[]>;
  setVirtualAddresses(addresses: readonly string[]): Promise<void>;
  /** Makes anew what somebody else removed, such as rules by `nft flush ruleset`. True when something was missing. */
  repair(): Promise<boolean>;
  /** Takes away everything of this home. */
  remove(): Promise<void>;
}

/** What transparent mode takes: who has which address, and networks that hold instances to theirs. */
export interface Mesh {
  readonly addresses: MeshAddresses;
  readonly networks: InstanceNetworks;
  /** Resolves once the proxy knows every instance's address, or has had its time: a stranger's calls are refused. */
  readonly announced: () => Promise<void>;
}

/** ${PORT} of a service without a fixed one: each instance has an address of its own, so all can have the same. */
export const USUAL_PORT = 8080;
/** An instance's network holds nothing but the instance: listening on all of it exposes nothing. */
export const EVERY_ADDRESS = "0.0.0.0";
