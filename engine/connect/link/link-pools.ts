import { messageOf } from "@plinth/fault";
import type { Edge } from "../edge.ts";
import { LINKS_MAX } from "../limits.ts";
import { socketName } from "../snapshot.ts";
import type { Surroundings } from "../surroundings.ts";
import type { RemotePlace, RemoteTransports, Transport, TransportUser } from "../transport.ts";
import { Link } from "./link.ts";
import { LinkTransport } from "./link-transport.ts";
import type { PeerIdentity, PeerSecurity } from "./peer-security.ts";

/** Links of one caller to one service on one host. */
export class LinkPool {
  readonly #at: { readonly address: string; readonly port: number };
  readonly #caller: Edge;
  readonly #pools: LinkPools;
  #links: Link[] = [];

  constructor(at: { readonly address: string; readonly port: number }, caller: Edge, pools: LinkPools) {
    this.#at = at;
    this.#caller = caller;
    this.#pools = pools;
  }

  get size(): number {
    return this.#links.length;
  }

  /** One with room, made if need be; why not, in words, when there can be none. */
  take(): Link | string {
    for (const link of this.#links) if (link.hasRoom) return link;
    if (this.#links.length >= LINKS_MAX) return "all links to its host are full";
    const { security, around } = this.#pools;
    if (security === undefined) return "this proxy has no identities to call other hosts with";
    const own = this.#pools.identityOf(this.#caller);
    if (own === undefined) return "this host has no name to call other hosts by";
    const callee = { kind: "service", app: this.#caller.calleeApp, service: this.#caller.service } as const;
    try {
      const link = new Link({
        at: this.#at,
        tls: security.connectionOptions(own, callee),
        stamp: security.stampOf(own),
        share: this.#caller.sharedBy,
        around,
        onGone: (gone) => {
          this.#links = this.#links.filter((each) => each !== gone);
        },
      });
      this.#links.push(link);
      return link;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Links that were made by what is not current any more take no new streams. */
  refresh(): void {
    const own = this.#pools.identityOf(this.#caller);
    const stamp = own === undefined ? undefined : this.#pools.security?.stampOf(own);
    for (const link of this.#links) if (link.stamp !== stamp) link.retire();
  }

  tick(nowMs: number): void {
    for (const link of this.#links) link.tick(nowMs);
  }

  retire(): void {
    for (const link of this.#links) link.retire();
  }

  destroy(): void {
    for (const link of this.#links) link.destroy();
  }
}

/** All links that this host has made. */
export class LinkPools implements RemoteTransports {
  readonly around: Surroundings;
  readonly security: PeerSecurity | undefined;
  /** This host's name; undefined while it has no others. */
  host: string | undefined = undefined;
  readonly #pools: Map<Edge, Map<string, LinkPool>> = new Map();

  constructor(around: Surroundings, security: PeerSecurity | undefined) {
    this.around = around;
    this.security = security;
  }

  open(place: RemotePlace, caller: Edge, user: TransportUser): Transport {
    return new LinkTransport(this.#pool(place, caller), place.instance, user);
  }

  #pool(place: RemotePlace, caller: Edge): LinkPool {
    let pools = this.#pools.get(caller);
    if (pools === undefined) this.#pools.set(caller, (pools = new Map()));
    const key = `${place.host} ${socketName(place)}`;
    let pool = pools.get(key);
    if (pool === undefined) pools.set(key, (pool = new LinkPool(place, caller, this)));
    return pool;
  }

  /** As whom a caller speaks to other hosts: itself, or for what comes from outside, this host. */
  identityOf(caller: Edge): PeerIdentity | undefined {
    if (!caller.fromIngress) return { kind: "service", app: caller.app, service: caller.caller };
    return this.host === undefined ? undefined : { kind: "host", name: this.host };
  }

  get size(): number {
    let size = 0;
    for (const pool of this.#each()) size += pool.size;
    return size;
  }

  refresh(): void {
    for (const pool of this.#each()) pool.refresh();
  }

  tick(nowMs: number): void {
    for (const [caller, pools] of this.#pools) {
      for (const [key, pool] of pools) {
        pool.tick(nowMs);
        if (pool.size === 0) pools.delete(key);
      }
      if (pools.size === 0) this.#pools.delete(caller);
    }
  }

  destroy(): void {
    for (const pool of this.#each()) pool.destroy();
  }

  *#each(): Generator<LinkPool> {
    for (const pools of this.#pools.values()) yield* pools.values();
  }
}
