import { ResponseHeader } from "@plinth/etcd";
import type { Mvcc } from "../mvcc.ts";

/** What is said where etcd tells its version: Kubernetes looks here for what it may ask for. */
export const EMULATED_VERSION = "3.5.21";
/** A cluster of one has had one election, its own; etcd's first term in service is 2. */
export const RAFT_TERM = 2n;

/** Who answers: goes into every header. */
export interface MemberOptions {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

export class ServingMember {
  readonly options: MemberOptions;
  readonly #store: Mvcc;

  constructor(options: MemberOptions, store: Mvcc) {
    this.options = options;
    this.#store = store;
  }

  /** Default revision: the store's. */
  header(revision: number = this.#store.revision): ResponseHeader {
    const { clusterId, memberId } = this.options;
    return { clusterId, memberId, revision, raftTerm: RAFT_TERM };
  }
}

/** The header of a response within a transaction's: only the revision. */
export function innerHeader(revision: number): ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision, raftTerm: 0n };
}
