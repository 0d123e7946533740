import { type Clock, type Random, systemClock, systemRandom } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import { createLog, type Log } from "@plinth/log";
import { NameCounts, type RememberedName } from "./dns/name-counts.ts";
import { NameServer } from "./dns/name-server.ts";
import type { EgressGate } from "./dns/resolver.ts";
import { Fairness, usualLimits } from "./fair/fairness.ts";
import { fairText } from "./fair/fair-text.ts";
import type { Resource } from "./fair/quotas.ts";
import type { Processor } from "./fair/thrift.ts";
import { Peering } from "./link/peering.ts";
import type { PeerSecurity } from "./link/peer-security.ts";
import type { Listener } from "./listener.ts";
import { MetricsListener } from "./metrics-listener.ts";
import { metricsText } from "./metrics-text.ts";
import type { TapFilter } from "@plinth/resource";
import type { Build } from "./seeing/process-metrics.ts";
import { Seeing } from "./seeing/seeing.ts";
import {
  edgesOf,
  type EdgeStats,
  endpointsOf,
  type EndpointState,
  servicesOf,
  type ServiceStats,
} from "./seeing/stats.ts";
import type { Tap, TapSink } from "./seeing/tap.ts";
import { RequestListener } from "./request-listener.ts";
import { emptySnapshot, type Snapshot, socketName } from "./snapshot.ts";
import type { Surroundings } from "./surroundings.ts";
import { Ticker } from "./ticker.ts";
import { type ListenerPlan, World } from "./world.ts";

/** A listener that could not be bound; it is tried again until it can or no snapshot asks for it. */
export interface ListenFailure {
  readonly address: string;
  readonly port: number;
  readonly message: string;
}

export interface DataPlaneOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** Listening descriptors taken over from another process, by `address:port`. */
  readonly inherited?: ReadonlyMap<string, number>;
  /** Opens the way to what allowed names stand for. Default: none, for where nothing is closed. */
  readonly egressGate?: EgressGate;
  /** Where access logs go when a snapshot asks for them. Default: nowhere, and none are kept. */
  readonly accessDirectory?: string;
  /** For metrics. Default: 0. */
  readonly version?: string;
  /** Certificates for calls between hosts. Default: none, and instances on other hosts cannot be reached. */
  readonly peerSecurity?: PeerSecurity;
  /** What all workloads share. Default: see `limits.ts`. */
  readonly limits?: Partial<Readonly<Record<Resource, number>>>;
  /** What floods must not use up. Default: unknown, and they may. */
  readonly processor?: Processor;
}

const RETRY_BIND_MS = 1_000;

/** All listeners, services and connections of one proxy process. */
export class DataPlane implements AsyncDisposable {
  readonly #around: Surroundings;
  readonly #world: World;
  readonly #peering: Peering;
  readonly #inherited: Map<string, number>;
  readonly #listeners: Map<string, RequestListener> = new Map();
  /** Closed for new connections, with some still open. */
  readonly #closing: Set<RequestListener> = new Set();
  readonly #ticker: Ticker;
  readonly #build: Build;
  readonly #nameCounts: NameCounts = new NameCounts();
  readonly #egressGate: EgressGate | undefined;
  #names: NameServer | undefined = undefined;
  #metrics: MetricsListener | undefined = undefined;
  #snapshot: Snapshot = emptySnapshot;
  #failed: ListenFailure[] = [];
  #applying: Promise<unknown> = Promise.resolve();
  #retryAtMs = 0;
  #draining = false;

  constructor(options: DataPlaneOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.#ticker = new Ticker(clock, (nowMs) => this.#tick(nowMs));
    const random = options.random ?? systemRandom;
    const log = options.log ?? createLog();
    this.#around = {
      clock,
      random,
      log,
      ticker: this.#ticker,
      fairness: new Fairness({ ...usualLimits, ...options.limits }, clock, options.processor),
      seeing: new Seeing(clock, random, log, options.accessDirectory),
    };
    this.#build = {
      version: options.version ?? "0",
      runtime: process.versions["bun"] === undefined ? "node" : "bun",
      startedSeconds: clock.now() / 1_000,
    };
    this.#egressGate = options.egressGate;
    this.#inherited = new Map(options.inherited);
    this.#peering = new Peering(this.#around, options.peerSecurity);
    this.#world = new World(this.#around, this.#peering.links);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get failed(): readonly ListenFailure[] {
    return this.#failed;
  }

  /** Requests and tunnels under way. */
  get inFlight(): number {
    let busy = this.#peering.inFlight();
    for (const listener of this.#all()) {
      for (const connection of listener.connections) if (connection.busy) busy++;
    }
    return busy;
  }

  get connections(): number {
    return this.#around.fairness.quotas.connections.taken;
  }

  listening(): { address: string; port: number }[] {
    const bound = new Set([...this.#listeners.keys(), ...this.#others().map(({ name }) => name)]);
    const { outbound, virtual, ingress, published = [], metrics, dns, peer } = this.#snapshot;
    return [
      ...outbound,
      ...virtual,
      ...ingress,
      ...published,
      ...[metrics, dns, peer].filter((at) => at !== null),
    ]
      .filter((at) => bound.has(socketName(at)))
      .map(({ address, port }) => ({ address, port }));
  }

  /** Descriptors of all listeners by name, for a process that takes over. */
  descriptors(): Map<string, number> {
    const all: Listener[] = [...this.#listeners.values(), ...this.#others()];
    return new Map(all.map((listener) => [listener.name, listener.descriptor]));
  }

  /** Listeners that are not for users' calls. */
  #others(): Listener[] {
    return [this.#metrics, this.#names, this.#peering.listener].filter((listener) => listener !== undefined);
  }

  /** Puts a snapshot in force, whole; resolves with what could not be bound. One at a time, in the order of calls. */
  apply(snapshot: Snapshot): Promise<readonly ListenFailure[]> {
    const result = this.#applying.then(() => this.#apply(snapshot));
    this.#applying = result.catch(() => {});
    return result;
  }

  async #apply(snapshot: Snapshot): Promise<readonly ListenFailure[]> {
    this.#snapshot = snapshot;
    this.#around.seeing.configure(snapshot.telemetry);
    const plans = new Map((await this.#world.apply(snapshot)).map((plan) => [plan.target.name, plan]));
    for (const listener of this.#closing)
      listener.target = plans.get(listener.name)?.target ?? listener.target;
    const { peer } = snapshot;
    const opensPeer = this.#peering.update(peer);
    for (const [name, listener] of this.#listeners) {
      const plan = plans.get(name);
      if (plan === undefined) this.#retire(name, listener);
      else listener.target = plan.target;
    }
    await this.#world.forget(snapshot);
    // Nothing is bound any more, but connections that stay to their end follow what changes.
    if (this.#draining) return this.#failed;
    const metrics = snapshot.metrics;
    if (this.#metrics !== undefined && (metrics === null || socketName(metrics) !== this.#metrics.name)) {
      this.#metrics.close();
      this.#metrics = undefined;
    }
    const { dns } = snapshot;
    if (this.#names !== undefined && (dns === null || socketName(dns) !== this.#names.name)) {
      this.#names.close();
      this.#names = undefined;
    }
    this.#names?.update(snapshot);
    const failed: ListenFailure[] = [];
    for (const plan of plans.values()) {
      if (!this.#listeners.has(plan.target.name)) await this.#attempt(plan, failed, () => this.#bind(plan));
    }
    if (metrics !== null && this.#metrics === undefined) {
      await this.#attempt(metrics, failed, () => this.#bindMetrics(metrics));
    }
    if (dns !== null && this.#names === undefined) {
      await this.#attempt(dns, failed, () => this.#bindNames(dns, snapshot));
    }
    if (peer !== null && opensPeer) {
      const descriptor = this.#takeInherited(socketName(peer));
      await this.#attempt(peer, failed, () => this.#peering.listen(peer, descriptor));
    }
    this.#failed = failed;
    this.#retryAtMs = this.#around.clock.monotonic() + RETRY_BIND_MS;
    return failed;
  }

  async #attempt(
    at: { readonly address: string; readonly port: number },
    failed: ListenFailure[],
    deed: () => Promise<void>,
  ): Promise<void> {
    try {
      await deed();
    } catch (error) {
      failed.push({ address: at.address, port: at.port, message: messageOf(error) });
      this.#around.log.warn("cannot listen", { at: socketName(at), error: messageOf(error) });
    }
  }

  async #bind(plan: ListenerPlan): Promise<void> {
    const { address, port, target } = plan;
    const descriptor = this.#takeInherited(target.name);
    const listener = await RequestListener.open({ address, port, descriptor }, target, this.#around);
    this.#listeners.set(target.name, listener);
  }

  async #bindMetrics(at: { readonly address: string; readonly port: number }): Promise<void> {
    const name = socketName(at);
    const descriptor = this.#takeInherited(name);
    this.#metrics = await MetricsListener.open({ ...at, descriptor }, name, () => this.metricsText());
  }

  async #bindNames(
    at: { readonly address: string; readonly port: number },
    snapshot: Snapshot,
  ): Promise<void> {
    const name = socketName(at);
    const { clock, log } = this.#around;
    this.#names = await NameServer.open({ ...at, descriptor: this.#takeInherited(name) }, name, snapshot, {
      clock,
      log,
      counts: this.#nameCounts,
      gate: this.#egressGate,
    });
  }

  #takeInherited(name: string): number | undefined {
    const descriptor = this.#inherited.get(name);
    this.#inherited.delete(name);
    return descriptor;
  }

  #retire(name: string, listener: RequestListener): void {
    listener.close();
    this.#listeners.delete(name);
    this.#closing.add(listener);
  }

  #all(): RequestListener[] {
    return [...this.#listeners.values(), ...this.#closing];
  }

  #tick(nowMs: number): void {
    this.#world.tick(nowMs);
    this.#around.fairness.tick();
    this.#peering.tick(nowMs);
    for (const listener of this.#listeners.values()) {
      for (const connection of listener.connections) connection.tick(nowMs);
    }
    for (const listener of this.#closing) {
      for (const connection of listener.connections) connection.tick(nowMs);
      if (listener.connections.size === 0) this.#closing.delete(listener);
    }
    if (this.#failed.length > 0 && nowMs >= this.#retryAtMs) {
      this.#retryAtMs = nowMs + RETRY_BIND_MS;
      void this.#retryFailed();
    }
  }

  /** Binds what failed before, unless a newer snapshot is being applied, which does it anyway. */
  async #retryFailed(): Promise<void> {
    const before = this.#snapshot;
    await this.#applying;
    if (before === this.#snapshot) await this.apply(before);
  }

  /** Resolves with the requests still under way at these instances: 0, or what is left after `timeoutMs`. */
  async drainEndpoints(instances: readonly string[], timeoutMs: number): Promise<number> {
    const endpoints = instances.flatMap((instance) => this.#world.endpointsOf(instance));
    const idle = Promise.all([
      ...endpoints.map((endpoint) => new Promise<void>((resolve) => endpoint.whenIdle(resolve))),
      ...instances.map((name) => new Promise<void>((resolve) => this.#peering.whenIdle(name, resolve))),
    ]);
    await this.#within(idle, timeoutMs);
    const fromOthers = instances.reduce((sum, name) => sum + this.#peering.inFlight(name), 0);
    return endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, fromOthers);
  }

  async #within(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
    const limit = new AbortController();
    const late = this.#around.clock.sleep(timeoutMs, limit.signal).catch(() => {});
    await Promise.race([promise, late]);
    limit.abort();
  }

  /**
   * Stops accepting; answers under way finish and tell their clients to close, idle connections are closed.
   * Resolves when all connections are gone, or after `timeoutMs`.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    for (const [name, listener] of this.#listeners) this.#retire(name, listener);
    this.#metrics?.close();
    this.#metrics = undefined;
    this.#names?.close();
    this.#names = undefined;
    this.#peering.close();
    const { clock } = this.#around;
    const endMs = clock.monotonic() + timeoutMs;
    while (this.connections + this.#peering.open > 0 && clock.monotonic() < endMs) await clock.sleep(20);
  }

  stats(): EdgeStats[] {
    return edgesOf(this.#world);
  }

  serviceStats(): ServiceStats[] {
    return servicesOf(this.#world);
  }

  /** Where requests may go now, and how each endpoint does. */
  endpoints(): EndpointState[] {
    return endpointsOf(this.#world, this.#around.clock.monotonic());
  }

  /** Tells a sink of requests as they come; undefined when there are too many taps already. */
  tap(filter: TapFilter, sink: TapSink): Tap | undefined {
    return this.#around.seeing.tap(filter, sink);
  }

  get taps(): number {
    return this.#around.seeing.taps;
  }

  /** Requests that somebody watched, since the start: none while nobody looks. */
  get sightings(): number {
    return this.#around.seeing.sightings;
  }

  metricsText(): string {
    const targets = [...this.#listeners.values()].map((listener) => listener.target);
    const { fairness, seeing } = this.#around;
    return (
      metricsText(this.#world, targets, this.#nameCounts, this.#peering, this.#build, seeing.counts) +
      fairText(fairness)
    );
  }

  /** Under which host names services last asked for the addresses they connect to. */
  rememberedNames(): RememberedName[] {
    return this.#nameCounts.remembered();
  }

  /** Ends everything at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining = true;
    await this.#applying;
    this.#ticker[Symbol.dispose]();
    await this.#around.seeing[Symbol.asyncDispose]();
    for (const listener of this.#all()) {
      listener.close();
      for (const connection of listener.connections) connection.destroy();
    }
    this.#metrics?.close();
    this.#names?.close();
    this.#peering[Symbol.dispose]();
    for (const callee of this.#world.callees.values()) {
      for (const endpoint of callee.endpoints) endpoint.remove();
    }
  }
}
