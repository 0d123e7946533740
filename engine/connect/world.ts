import { Callee } from "./callee.ts";
import { Edge } from "./edge.ts";
import type { Share } from "./fair/share.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { EDGE_EXPIRY_MS } from "./limits.ts";
import type { ListenerTarget, Route } from "./listener-target.ts";
import { type Snapshot, socketName } from "./snapshot.ts";
import { Slices } from "./slices.ts";
import { SourceRoutes } from "./source-routes.ts";
import type { Surroundings } from "./surroundings.ts";
import { TcpCounts } from "./tcp-counts.ts";
import type { RemoteTransports } from "./transport.ts";

/** Name of the caller of what comes from outside. */
export const INGRESS_CALLER = "ingress";

const NO_HOSTS: ReadonlyMap<string, Route> = new Map();

export interface ListenerPlan {
  readonly address: string;
  readonly port: number;
  readonly target: ListenerTarget;
}

/**
 * Services, pairs and targets as the snapshot in force names them. What stays keeps its state: latencies, idle
 * connections, counters. Endpoints that are gone are kept until nothing is under way there.
 */
export class World {
  readonly callees: Map<string, Callee> = new Map();
  /** Of pairs. */
  readonly #edges: Map<string, Edge> = new Map();
  readonly leaving: Set<InstanceEndpoint> = new Set();
  /** Counters of listeners by name; they outlive their listener, as counters must not go back. */
  readonly #tcp: Map<string, TcpCounts> = new Map();
  readonly #refusals: Map<string, Map<string, number>> = new Map();
  readonly #around: Surroundings;
  readonly #remote: RemoteTransports;

  constructor(around: Surroundings, remote: RemoteTransports) {
    this.#around = around;
    this.#remote = remote;
  }

  /**
   * Takes over what a snapshot names, a slice at a time: services are each other's equals, so requests meanwhile find
   * some as they were and some as they will be. `forget` follows, once nothing leads to the others any more.
   */
  async apply(snapshot: Snapshot): Promise<ListenerPlan[]> {
    const { clock } = this.#around;
    const nowMs = clock.monotonic();
    const slices = new Slices(clock);
    for (const key of Object.keys(snapshot.services)) {
      const service = snapshot.services[key]!;
      let callee = this.callees.get(key);
      if (callee === undefined) this.callees.set(key, (callee = this.#newCallee(key, service)));
      this.#leave(callee.update(service, nowMs));
      if (slices.isOver) await slices.next();
    }
    const plans: ListenerPlan[] = [];
    for (const listener of snapshot.outbound) {
      const route = this.#route(listener.app, listener.caller, listener.callee, nowMs);
      plans.push(this.#plan(listener, { fixed: route }));
      if (slices.isOver) await slices.next();
    }
    for (const listener of snapshot.ingress) {
      const hosts = new Map<string, Route>();
      for (const [host, key] of Object.entries(listener.hosts)) {
        hosts.set(host.toLowerCase(), this.#ingressRoute(key, nowMs));
      }
      plans.push(this.#plan(listener, { ingress: true, hosts }));
      if (slices.isOver) await slices.next();
    }
    for (const listener of snapshot.published ?? []) {
      const fixed = this.#ingressRoute(listener.callee, nowMs);
      plans.push(this.#plan(listener, { ingress: true, fixed }));
    }
    plans.push(...this.#virtualPlans(snapshot, nowMs));
    if (slices.isOver) await slices.next();
    return plans;
  }

  /** Lets go of what the snapshot in force does not name. */
  async forget(snapshot: Snapshot): Promise<void> {
    const { clock, fairness } = this.#around;
    const nowMs = clock.monotonic();
    const slices = new Slices(clock);
    for (const [key, callee] of this.callees) {
      if (slices.isOver) await slices.next();
      if (Object.hasOwn(snapshot.services, key)) continue;
      this.#leave(
        callee.update({ app: callee.app, service: callee.service, endpoints: [], holdMs: 0 }, nowMs),
      );
      this.callees.delete(key);
    }
    const named = new Set<Share | undefined>();
    for (const [key, edge] of this.#edges) {
      if (slices.isOver) await slices.next();
      this.#forgetRoutes(edge, nowMs);
      if (nowMs - edge.namedAtMs >= EDGE_EXPIRY_MS && edge.tcpOpen === 0) this.#edges.delete(key);
      else named.add(edge.sharedBy);
    }
    fairness.keep(named);
  }

  /** Routes that the callee has no more are counted for as long as pairs that nobody names. */
  #forgetRoutes(pair: Edge, nowMs: number): void {
    for (const edge of pair.routes) {
      if (this.callees.get(pair.callee)?.routes?.has(edge.route) === true) edge.namedAtMs = pair.namedAtMs;
      else if (nowMs - edge.namedAtMs >= EDGE_EXPIRY_MS) pair.forgetRoute(edge.route);
    }
  }

  /** Every (caller, callee, route). */
  get edges(): Edge[] {
    return [...this.#edges.values()].flatMap((pair) => [pair, ...pair.routes]);
  }

  /** Edges between callers and virtual addresses are made when first dialled, and kept while both are named. */
  #virtualPlans({ virtual, sources }: Snapshot, nowMs: number): ListenerPlan[] {
    const callers = new Set(Object.values(sources).map(({ app, service }) => `${app} ${service}`));
    const callees = new Set(virtual.map(({ callee }) => callee));
    for (const edge of this.#edges.values()) {
      if (callees.has(edge.callee) && callers.has(`${edge.app} ${edge.caller}`)) edge.namedAtMs = nowMs;
    }
    return virtual.map((listener) => {
      const routes = new SourceRoutes(sources, ({ app, service }) =>
        this.#route(app, service, listener.callee, nowMs),
      );
      return this.#plan(listener, { sources: routes });
    });
  }

  #plan(
    at: { readonly address: string; readonly port: number },
    { ingress = false, fixed, sources, hosts = NO_HOSTS }: Partial<ListenerTarget>,
  ): ListenerPlan {
    const name = socketName(at);
    let tcp = this.#tcp.get(name);
    if (tcp === undefined) this.#tcp.set(name, (tcp = new TcpCounts()));
    let refusals = this.#refusals.get(name);
    if (refusals === undefined) this.#refusals.set(name, (refusals = new Map()));
    const target = { ingress, name, fixed, sources, hosts, tcp, refusals };
    return { address: at.address, port: at.port, target };
  }

  #route(app: string, caller: string, key: string, nowMs: number): Route {
    return this.#named(`${app} ${caller} ${key}`, key, nowMs, (callee) => new Edge(app, caller, callee));
  }

  /** Apart from that of a service which is called like it: as whom another host sees the caller hangs on it. */
  #ingressRoute(key: string, nowMs: number): Route {
    const make = (callee: Callee): Edge => new Edge(callee.app, INGRESS_CALLER, callee, true);
    return this.#named(`> ${key}`, key, nowMs, make);
  }

  #named(id: string, key: string, nowMs: number, make: (callee: Callee) => Edge): Route {
    const callee = this.callees.get(key)!;
    let edge = this.#edges.get(id);
    if (edge === undefined) this.#edges.set(id, (edge = this.#withShares(make(callee))));
    edge.namedAtMs = nowMs;
    return { callee, edge };
  }

  #newCallee(key: string, { app, service }: Snapshot["services"][string]): Callee {
    return new Callee(key, this.#around.random, this.#remote, this.#around.fairness.callee(app, service));
  }

  #withShares(edge: Edge): Edge {
    const { fairness } = this.#around;
    edge.sharedBy = fairness.caller(
      edge.app,
      edge.fromIngress ? `${INGRESS_CALLER} to ${edge.callee}` : edge.caller,
    );
    if (!edge.fromIngress) edge.share = edge.sharedBy;
    return edge;
  }

  #leave(endpoints: readonly InstanceEndpoint[]): void {
    for (const endpoint of endpoints) {
      this.leaving.add(endpoint);
      endpoint.whenIdle(() => this.leaving.delete(endpoint));
    }
  }

  /** Every endpoint of this instance, those that are leaving included. */
  endpointsOf(instance: string): InstanceEndpoint[] {
    const found = [...this.leaving].filter((endpoint) => endpoint.instance === instance);
    for (const callee of this.callees.values()) {
      found.push(...callee.endpoints.filter((endpoint) => endpoint.instance === instance));
    }
    return found;
  }

  tick(nowMs: number): void {
    for (const callee of this.callees.values()) callee.tick(nowMs);
    for (const endpoint of this.leaving) endpoint.tick(nowMs);
  }
}
