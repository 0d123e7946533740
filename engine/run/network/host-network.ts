import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { EgressCounter, EgressPolicy } from "./egress-policy.ts";
import type { TaskNetwork } from "./task-network.ts";

export interface HostNetworkOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The bridge is found again by it. */
  readonly homeId: string;
  /** Such as "10.213.0.0/16": instances in the lower half, virtual addresses in the upper, the gateway is its first. */
  readonly subnet: string;
  /** State of its own; nothing else may be in it. */
  readonly directory: string;
}

export interface Attachment {
  readonly id: string;
  readonly address: string;
  readonly egress: EgressPolicy;
  /** Where it serves. A program that listens there on 127.0.0.1 only is reached all the same. Default: no port. */
  readonly port?: number;
}

/** The host's side of transparent mode: bridge, namespaces, and the rules that make an address an identity. */
export class HostNetwork implements AsyncDisposable {
  /** The bridge's address: the name server listens there, port 53. */
  readonly gateway: string = "";
  /** Name of the bridge and of the nft tables. */
  readonly bridge: string = "";

  private constructor(_options: HostNetworkOptions) {}

  /** Takes over what an earlier daemon made, and makes what is missing. Fault "unsupported" where it cannot. */
  static open(options: HostNetworkOptions): Promise<HostNetwork> {
    void new HostNetwork(options);
    return Promise.reject(new Fault("unsupported", "not built yet"));
  }

  /** Makes exactly these the virtual addresses the host holds. */
  setVirtualAddresses(_addresses: readonly string[]): Promise<void> {
    return Promise.resolve();
  }

  /** Makes the instance's namespace, port and rules; one that is there already keeps its connections. */
  attach(_attachment: Attachment): Promise<TaskNetwork> {
    return Promise.reject(new Fault("unsupported", "not built yet"));
  }

  setEgress(_id: string, _policy: EgressPolicy): Promise<void> {
    return Promise.resolve();
  }

  /** Lets an instance connect to an address for a while, where its lists do not deny it: for host names allowed. */
  allowResolved(_id: string, _address: string, _ttlSeconds: number): Promise<void> {
    return Promise.resolve();
  }

  /** Removes everything of it; nothing happens when there is nothing. */
  detach(_id: string): Promise<void> {
    return Promise.resolve();
  }

  /** Ids of all that is there, whole or in part: for sweeping after a daemon's death. */
  attached(): Promise<string[]> {
    return Promise.resolve([]);
  }

  egressCounters(): Promise<EgressCounter[]> {
    return Promise.resolve([]);
  }

  /** Makes anew what somebody else removed, such as `nft flush ruleset`. True when something was missing. */
  repair(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** What on this machine is in the way, such as another firewall's policy; for `doctor` and `status`. */
  notices(): Promise<string[]> {
    return Promise.resolve([]);
  }

  /** Removes everything of this home: namespaces, bridge, rules, addresses. */
  remove(): Promise<void> {
    return Promise.resolve();
  }

  /** Lets go without removing anything: instances keep their network. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
