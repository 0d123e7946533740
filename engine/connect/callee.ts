import type { Random } from "@plinth/clock";
import { type CalleePart, Fairness } from "./fair/fairness.ts";
import { InstanceEndpoint, type Peers } from "./instance-endpoint.ts";
import { FAILFAST_MS, HELD_PER_SERVICE_MAX } from "./limits.ts";
import { defaultPolicy, Policy, type ServicePolicy } from "./policy.ts";
import type { RefusalCode } from "./refusal.ts";
import { RollingCounts } from "./rolling-counts.ts";
import { RouteTable } from "./routing/route-table.ts";
import type { ServiceRoute } from "./routing/service-route.ts";
import { type Endpoint, type ServiceEndpoints, type ServiceProtocol, socketName } from "./snapshot.ts";
import { TcpCounts } from "./tcp-counts.ts";
import type { RemoteTransports } from "./transport.ts";

/** A request that waits for an instance. */
export interface Waiter {
  /** An instance may be there now: try again. */
  wake(): void;
}

/** Why a request goes nowhere, for the client and the metrics. */
interface Refusal {
  readonly code: RefusalCode;
  readonly text: string;
}

/** For a service by itself, as tests have it. */
const unlimited = (): CalleePart => new Fairness().callee("", "");

/** Random draws of an endpoint that is not left out, before all are gone through. With half of them in, few miss. */
const DRAWS_MAX = 8;

/** By which an endpoint is known from one snapshot to the next. */
function idOf(at: Endpoint | InstanceEndpoint): string {
  return `${at.instance} ${at.host ?? ""} ${socketName(at)}`;
}

/**
 * One service as a target: its endpoints, which of them takes the next request, and the requests that wait for one.
 * Balancing is P2C over peak EWMA: of two random endpoints the one with the lower expected time wins.
 */
export class Callee implements Peers {
  readonly key: string;
  app = "";
  service = "";
  extraPort: number | undefined = undefined;
  protocol: ServiceProtocol = "http";
  holdMs = 0;
  notReady: string | undefined = undefined;
  readonly tcp: TcpCounts = new TcpCounts();
  endpoints: readonly InstanceEndpoint[] = [];
  policy: Policy = defaultPolicy;
  /** Requests with a policy of their own; undefined without any. */
  routes: RouteTable | undefined = undefined;
  readonly random: Random;
  readonly remote: RemoteTransports | undefined;
  readonly answers: RollingCounts = new RollingCounts();
  answersTotal = 0;
  failuresTotal = 0;
  /** Endpoints that are left out. */
  #out: InstanceEndpoint[] = [];
  /** Since when there is nothing but waiting. */
  #waitingSinceMs = Infinity;
  #policyText: string | undefined = undefined;
  #routesText: string | undefined = undefined;
  readonly #waiters: Waiter[] = [];

  /** What is under way to all its instances, those that leave included. */
  readonly calls: CalleePart;

  /** `remote` is needed where endpoints may be on other hosts; `calls` where others share the proxy. */
  constructor(key: string, random: Random, remote?: RemoteTransports, calls: CalleePart = unlimited()) {
    this.key = key;
    this.random = random;
    this.remote = remote;
    this.calls = calls;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Takes over a snapshot's view; returns the endpoints that are gone. Those that stay keep what is known of them. */
  update(next: ServiceEndpoints, nowMs: number): InstanceEndpoint[] {
    this.app = next.app;
    this.service = next.service;
    this.extraPort = next.extraPort;
    this.protocol = next.protocol ?? "http";
    this.holdMs = next.holdMs;
    this.notReady = next.notReady;
    this.#takePolicy(next.policy);
    this.#takeRoutes(next.routes);
    if (this.#areSame(next.endpoints)) {
      if (this.policy.breaker === undefined) this.#takeAllBack(nowMs);
      if (this.endpoints.length > 0) this.wakeAll();
      return [];
    }
    const before = new Map(this.endpoints.map((endpoint) => [idOf(endpoint), endpoint]));
    const after = new Map<string, InstanceEndpoint>();
    for (const endpoint of next.endpoints) {
      const id = idOf(endpoint);
      after.set(id, before.get(id) ?? new InstanceEndpoint(endpoint, this, nowMs));
      before.delete(id);
    }
    this.endpoints = [...after.values()];
    for (const endpoint of before.values()) endpoint.remove();
    if (this.policy.breaker === undefined) this.#takeAllBack(nowMs);
    this.ejectionChanged();
    if (this.endpoints.length > 0) this.wakeAll();
    return [...before.values()];
  }

  /** Of most services a snapshot says nothing new. */
  #areSame(next: ServiceEndpoints["endpoints"]): boolean {
    const { endpoints } = this;
    if (next.length !== endpoints.length) return false;
    for (const [index, { instance, address, port, host }] of next.entries()) {
      const known = endpoints[index]!;
      if (known.instance !== instance || known.address !== address) return false;
      if (known.port !== port || known.host !== host) return false;
    }
    return true;
  }

  /** Without a breaker nothing is left out for what it answers. */
  #takeAllBack(nowMs: number): void {
    for (const { ejection } of this.endpoints) if (!ejection.unreachable) ejection.takeBack(nowMs);
    this.ejectionChanged();
  }

  /** Made anew only when it differs: snapshots come often, policies change seldom. */
  #takePolicy(policy: ServicePolicy | undefined): void {
    const text = policy === undefined ? undefined : JSON.stringify(policy);
    if (text === this.#policyText) return;
    this.#policyText = text;
    this.policy = policy === undefined ? defaultPolicy : new Policy(policy);
  }

  #takeRoutes(routes: readonly ServiceRoute[] | undefined): void {
    const text = routes === undefined || routes.length === 0 ? undefined : JSON.stringify(routes);
    if (text === this.#routesText) return;
    this.#routesText = text;
    this.routes = text === undefined ? undefined : new RouteTable(routes!);
  }

  ejectionChanged(): void {
    this.#out = this.endpoints.filter((endpoint) => endpoint.ejection.active);
  }

  /** How many endpoints are left out. */
  get ejected(): number {
    return this.#out.length;
  }

  get canSpareOne(): boolean {
    return (this.#out.length + 1) * 2 <= this.endpoints.length;
  }

  /** The endpoint for the next request; `avoid` only if there is no other. Undefined when none takes one more. */
  pick(nowMs: number, avoid: InstanceEndpoint | undefined): InstanceEndpoint | undefined {
    const endpoints = this.endpoints;
    const count = endpoints.length;
    if (!this.calls.part.admits(1)) return undefined;
    if (count < 2) return endpoints[0];
    if (this.#out.length > 0) return this.#pickAmong(nowMs, avoid);
    const first = Math.floor(this.random() * count);
    let second = Math.floor(this.random() * (count - 1));
    if (second >= first) second++;
    const one = endpoints[first]!;
    const other = endpoints[second]!;
    if (one === avoid) return other;
    if (other === avoid) return one;
    return one.load(nowMs) <= other.load(nowMs) ? one : other;
  }

  /** The careful way, when some are left out: a probe that is due, else P2C among the others. */
  #pickAmong(nowMs: number, avoid: InstanceEndpoint | undefined): InstanceEndpoint | undefined {
    // A request that has failed once already is no probe.
    for (const endpoint of avoid === undefined ? this.#out : []) {
      if (!endpoint.ejection.probeDue(nowMs)) continue;
      endpoint.ejection.probe(nowMs);
      return endpoint;
    }
    const one = this.#draw(avoid);
    if (one !== undefined) {
      const other = this.#draw(avoid)!;
      return one.load(nowMs) <= other.load(nowMs) ? one : other;
    }
    const spared = this.endpoints.find((endpoint) => !endpoint.ejection.active);
    return spared ?? this.#pickAmongOut(nowMs, avoid);
  }

  /** Any endpoint that is not left out. */
  #draw(avoid: InstanceEndpoint | undefined): InstanceEndpoint | undefined {
    const endpoints = this.endpoints;
    const count = endpoints.length;
    for (let draw = 0; draw < DRAWS_MAX; draw++) {
      const endpoint = endpoints[Math.floor(this.random() * count)]!;
      if (!endpoint.ejection.active && endpoint !== avoid) return endpoint;
    }
    const good = endpoints.filter((endpoint) => !endpoint.ejection.active && endpoint !== avoid);
    return good[Math.floor(this.random() * good.length)];
  }

  /** When all are left out: one that can be reached, whatever it answers; else the one due first. */
  #pickAmongOut(nowMs: number, avoid: InstanceEndpoint | undefined): InstanceEndpoint | undefined {
    let reachable: InstanceEndpoint | undefined;
    let earliest: InstanceEndpoint | undefined;
    for (const endpoint of this.#out) {
      if (endpoint === avoid) continue;
      if (
        !endpoint.ejection.unreachable &&
        (reachable === undefined || endpoint.load(nowMs) < reachable.load(nowMs))
      )
        reachable = endpoint;
      if (earliest === undefined || endpoint.ejection.untilMs < earliest.ejection.untilMs)
        earliest = endpoint;
    }
    return reachable ?? earliest;
  }

  /** Queues a request; false when the queue is full. */
  wait(waiter: Waiter, nowMs: number): boolean {
    if (this.#waitingSinceMs > nowMs) this.#waitingSinceMs = nowMs;
    if (this.#waiters.length >= HELD_PER_SERVICE_MAX) return false;
    this.#waiters.push(waiter);
    return true;
  }

  /** Queues a request that began at `startedMs`, or tells why it is not even held. */
  admit(waiter: Waiter, startedMs: number, nowMs: number): Refusal | undefined {
    const overload = this.#overload();
    if (overload !== undefined) return overload;
    if (this.#failsFast(startedMs)) return { code: "failfast", text: this.#failfastReason(nowMs) };
    if (this.wait(waiter, nowMs)) return undefined;
    return { code: "queue-full", text: `${this.#emptyReason} and ${this.waiting} requests wait already` };
  }

  /** What becomes of a request that has waited as long as it may; `problem` is why its last connection failed. */
  emptyRefusal(problem: string): Refusal {
    const overload = this.#overload();
    if (overload !== undefined) return overload;
    const code = this.endpoints.length === 0 ? "no-instance" : "connect-failed";
    return { code, text: `${this.#emptyReason}${problem === "" ? "" : `: ${problem}`}` };
  }

  /** Why no call more is taken, though there may be instances. */
  #overload(): Refusal | undefined {
    const { part, counts } = this.calls;
    if (part.admits(1)) return undefined;
    counts.refuse("calls");
    return { code: "too-many-calls", text: `${part.has} calls to ${this.key} are under way already` };
  }

  stopWaiting(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
  }

  /**
   * True for a request that began after the service had nothing but waiting requests for longer than it holds them:
   * it would wait in vain, and keep its caller waiting. Those that wait already stay to the end of their hold, so
   * that a deploy within the hold loses none.
   */
  #failsFast(startedMs: number): boolean {
    return startedMs - this.#waitingSinceMs > Math.max(FAILFAST_MS, this.holdMs);
  }

  /** What a user reads when a request is not even held. */
  #failfastReason(nowMs: number): string {
    const seconds = ((nowMs - this.#waitingSinceMs) / 1_000).toFixed(1);
    return `${this.#emptyReason} for ${seconds} s, longer than requests are held; refused at once until one is`;
  }

  /** Some endpoint answers: everybody may go. */
  wakeAll(): void {
    this.#waitingSinceMs = Infinity;
    if (this.#waiters.length === 0) return;
    for (const waiter of this.#waiters.splice(0)) waiter.wake();
  }

  tick(nowMs: number): void {
    for (const endpoint of this.endpoints) endpoint.tick(nowMs);
    // One scout per tick finds out whether endpoints that refused connections are back.
    if (this.#waiters.length > 0 && this.endpoints.length > 0) this.#waiters.shift()!.wake();
  }

  /** What a user reads when nobody can answer. */
  get #emptyReason(): string {
    const why = this.notReady === undefined ? "" : ` (${this.notReady})`;
    return this.endpoints.length === 0
      ? `no instance of ${this.key} is ready${why}`
      : `no instance of ${this.key} accepts connections (${this.endpoints.length} tried)`;
  }
}
