import { type Clock, systemClock } from "@plinth/clock";
import { CALLS_MAX, CONNECTIONS_MAX, HELD_BYTES_MAX, STREAMS_MAX } from "../limits.ts";
import { Part } from "./quota.ts";
import { type Quotas, quotasOf, type Resource } from "./quotas.ts";
import { Share, ShareCounts, type ShareOwner } from "./share.ts";
import type { Processor } from "./thrift.ts";
import { Turns } from "./turns.ts";

export const usualLimits: Readonly<Record<Resource, number>> = {
  connections: CONNECTIONS_MAX,
  streams: STREAMS_MAX,
  calls: CALLS_MAX,
  held_bytes: HELD_BYTES_MAX,
};

/** Everybody from outside is counted as one owner; each address has a share of its own. */
export const INGRESS_OWNER = "ingress";
/** And everybody from other hosts, until a handshake tells who it is. */
const PEERS_OWNER = "peers";

/** A service's part in the calls under way. */
export interface CalleePart {
  readonly part: Part;
  readonly counts: ShareCounts;
}

/** The shares of all workloads in what the proxy has. */
export class Fairness {
  readonly limits: Readonly<Record<Resource, number>>;
  readonly quotas: Quotas;
  readonly turns: Turns;
  /** Of callers, by "app service". */
  readonly #callers: Map<string, Share> = new Map();
  /** Of clients of ingress and of other hosts, by address. */
  readonly #clients: Map<string, Share> = new Map();
  readonly #counts: Map<string, ShareCounts> = new Map();

  constructor(
    limits: Readonly<Record<Resource, number>> = usualLimits,
    clock: Clock = systemClock,
    processor?: Processor,
  ) {
    this.limits = limits;
    this.turns = new Turns(clock, processor);
    this.quotas = quotasOf(limits);
  }

  caller(app: string, service: string): Share {
    const id = `${app} ${service}`;
    let share = this.#callers.get(id);
    if (share === undefined) {
      const counts = this.#countsOf({ app, service, role: "caller" });
      this.#callers.set(id, (share = new Share(counts, this.quotas, this.turns)));
    }
    return share;
  }

  /** A client of ingress is known by its address alone. */
  client(address: string): Share {
    return this.#byAddress(INGRESS_OWNER, address);
  }

  /** So is a host that begins a handshake. */
  peer(address: string): Share {
    return this.#byAddress(PEERS_OWNER, address);
  }

  #byAddress(service: string, address: string): Share {
    const id = `${service} ${networkOf(address)}`;
    let share = this.#clients.get(id);
    if (share === undefined) {
      const counts = this.#countsOf({ app: "", service, role: "caller" });
      this.#clients.set(id, (share = new Share(counts, this.quotas, this.turns)));
    }
    return share;
  }

  callee(app: string, service: string): CalleePart {
    return { part: new Part(this.quotas.calls), counts: this.#countsOf({ app, service, role: "callee" }) };
  }

  #countsOf(owner: ShareOwner): ShareCounts {
    const id = `${owner.role} ${owner.app} ${owner.service}`;
    let counts = this.#counts.get(id);
    if (counts === undefined) this.#counts.set(id, (counts = new ShareCounts(owner)));
    return counts;
  }

  /** Forgets clients of ingress that have gone. */
  tick(): void {
    for (const [id, share] of this.#clients) if (share.isIdle) this.#clients.delete(id);
  }

  /** Forgets callers that no snapshot names any more. */
  keep(named: ReadonlySet<Share | undefined>): void {
    for (const [id, share] of this.#callers) {
      if (!named.has(share) && share.isIdle) this.#callers.delete(id);
    }
  }

  shares(): Share[] {
    return [...this.#callers.values(), ...this.#clients.values()];
  }

  counts(): ShareCounts[] {
    return [...this.#counts.values()];
  }
}

const IPV6_GROUPS = 8;
/** Whoever has an IPv6 address has its /64 as well. */
const NETWORK_GROUPS = 4;

function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = Array.from<string>({ length: Math.max(0, IPV6_GROUPS - before.length - after.length) }).fill(
    "0",
  );
  return [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(":");
}
