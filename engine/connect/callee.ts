import type { Random } from "@plinth/clock";
import { InstanceEndpoint } from "./instance-endpoint.ts";
import { HELD_PER_SERVICE_MAX } from "./limits.ts";
import { type ServiceEndpoints, type ServiceProtocol, socketName } from "./snapshot.ts";
import { TcpCounts } from "./tcp-counts.ts";

/** A request that waits for an instance. */
export interface Waiter {
  /** An instance may be there now: try again. */
  wake(): void;
}

/**
 * One service as a target: its endpoints, which of them takes the next request, and the requests that wait for one.
 * Balancing is P2C over peak EWMA: of two random endpoints the one with the lower expected time wins.
 */
export class Callee {
  readonly key: string;
  app = "";
  service = "";
  protocol: ServiceProtocol = "http";
  holdMs = 0;
  notReady: string | undefined = undefined;
  readonly tcp: TcpCounts = new TcpCounts();
  endpoints: readonly InstanceEndpoint[] = [];
  readonly #random: Random;
  readonly #waiters: Waiter[] = [];

  constructor(key: string, random: Random) {
    this.key = key;
    this.#random = random;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Takes over a snapshot's view; returns the endpoints that are gone. Those that stay keep what is known of them. */
  update(next: ServiceEndpoints, nowMs: number): InstanceEndpoint[] {
    this.app = next.app;
    this.service = next.service;
    this.protocol = next.protocol ?? "http";
    this.holdMs = next.holdMs;
    this.notReady = next.notReady;
    const before = new Map(
      this.endpoints.map((endpoint) => [`${endpoint.instance} ${endpoint.name}`, endpoint]),
    );
    const after = new Map<string, InstanceEndpoint>();
    for (const endpoint of next.endpoints) {
      const id = `${endpoint.instance} ${socketName(endpoint)}`;
      after.set(id, before.get(id) ?? new InstanceEndpoint(endpoint, this.tcp, nowMs));
      before.delete(id);
    }
    this.endpoints = [...after.values()];
    for (const endpoint of before.values()) endpoint.remove();
    if (this.endpoints.length > 0) this.wakeAll();
    return [...before.values()];
  }

  /** The endpoint for the next request; `avoid` only if there is no other. Undefined when there is none at all. */
  pick(nowMs: number, avoid: InstanceEndpoint | undefined): InstanceEndpoint | undefined {
    const endpoints = this.endpoints;
    const count = endpoints.length;
    if (count < 2) return endpoints[0];
    let ejected = 0;
    for (let index = 0; index < count; index++) {
      const endpoint = endpoints[index]!;
      if (!endpoint.ejection.active) continue;
      ejected++;
      if (endpoint !== avoid && endpoint.ejection.probeDue(nowMs)) {
        endpoint.ejection.probing = true;
        return endpoint;
      }
    }
    if (ejected > 0) return this.#pickAmong(nowMs, avoid);
    const first = Math.floor(this.#random() * count);
    let second = Math.floor(this.#random() * (count - 1));
    if (second >= first) second++;
    const one = endpoints[first]!;
    const other = endpoints[second]!;
    if (one === avoid) return other;
    if (other === avoid) return one;
    return one.load(nowMs) <= other.load(nowMs) ? one : other;
  }

  /** The careful way, when some are left out: P2C among the others; when all are, the one due first is tried. */
  #pickAmong(nowMs: number, avoid: InstanceEndpoint | undefined): InstanceEndpoint | undefined {
    const good = this.endpoints.filter((endpoint) => !endpoint.ejection.active && endpoint !== avoid);
    if (good.length > 0) {
      const one = good[Math.floor(this.#random() * good.length)]!;
      const other = good[Math.floor(this.#random() * good.length)]!;
      return one.load(nowMs) <= other.load(nowMs) ? one : other;
    }
    const spared = this.endpoints.find((endpoint) => !endpoint.ejection.active);
    if (spared !== undefined) return spared;
    let earliest: InstanceEndpoint | undefined;
    for (const endpoint of this.endpoints) {
      if (endpoint === avoid) continue;
      if (earliest === undefined || endpoint.ejection.untilMs < earliest.ejection.untilMs)
        earliest = endpoint;
    }
    return earliest;
  }

  /** Queues a request; false when the queue is full. */
  wait(waiter: Waiter): boolean {
    if (this.#waiters.length >= HELD_PER_SERVICE_MAX) return false;
    this.#waiters.push(waiter);
    return true;
  }

  stopWaiting(waiter: Waiter): void {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) this.#waiters.splice(index, 1);
  }

  /** Some endpoint answers: everybody may go. */
  wakeAll(): void {
    if (this.#waiters.length === 0) return;
    for (const waiter of this.#waiters.splice(0)) waiter.wake();
  }

  tick(nowMs: number): void {
    for (const endpoint of this.endpoints) endpoint.tick(nowMs);
    // One scout per tick finds out whether endpoints that refused connections are back.
    if (this.#waiters.length > 0 && this.endpoints.length > 0) this.#waiters.shift()!.wake();
  }

  /** What a user reads when nobody can answer. */
  get emptyReason(): string {
    const why = this.notReady === undefined ? "" : ` (${this.notReady})`;
    return this.endpoints.length === 0
      ? `no instance of ${this.key} is ready${why}`
      : `no instance of ${this.key} accepts connections (${this.endpoints.length} tried)`;
  }
}
