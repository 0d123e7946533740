/** Where an instance may connect to outside of the mesh. Host names are the name server's part: `allowResolved`. */
export interface EgressPolicy {
  /** For what neither list names. */
  readonly default: "allow" | "deny";
  /** Addresses and CIDR blocks. Of all entries that hold an address the longest prefix decides; of equals, deny. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** What one instance exchanged with one destination; gone from the table an hour after the last packet. */
export interface EgressCounter {
  readonly id: string;
  readonly destination: string;
  /** 0 for protocols without ports. */
  readonly port: number;
  readonly protocol: string;
  /** Both directions. */
  readonly bytes: number;
  readonly packets: number;
  /** Connections opened; of UDP, packets until the first answer. */
  readonly connections: number;
}
