import type { Clock, Random } from "@plinth/clock";
import type { Edge } from "./edge.ts";
import { Ejection } from "./ejection.ts";
import { Http2Pool } from "./http2-upstream.ts";
import { POOL_FRESH_MS, POOL_IDLE_MS, POOL_IDLE_PER_ENDPOINT_MAX } from "./limits.ts";
import { PeakEwma } from "./peak-ewma.ts";
import { type Endpoint, socketName } from "./snapshot.ts";
import type { TcpCounts } from "./tcp-counts.ts";
import { type PoolHome, type ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";

/**
 * One instance as the balancer sees it, with its idle connections. Invariant: `inFlight` is the number of exchanges
 * and tunnels between `begin` and `finish`; once removed, it takes no new ones and tells when it has none left.
 */
export class InstanceEndpoint implements PoolHome {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  readonly name: string;
  readonly ejection: Ejection = new Ejection();
  inFlight = 0;
  removed = false;
  readonly #latency: PeakEwma;
  readonly #tcp: TcpCounts;
  /** Most recently used last: the busy ones stay warm and the rest expire. */
  readonly #idle: UpstreamConnection[] = [];
  readonly #http2: Map<Edge, Http2Pool> = new Map();
  readonly #onDrained: (() => void)[] = [];

  constructor(endpoint: Endpoint, tcp: TcpCounts, nowMs: number) {
    this.instance = endpoint.instance;
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.name = socketName(endpoint);
    this.#tcp = tcp;
    this.#latency = new PeakEwma(nowMs);
  }

  /** Expected time to answer one request more. */
  load(nowMs: number): number {
    return this.#latency.at(nowMs) * (this.inFlight + 1);
  }

  begin(): void {
    this.inFlight++;
  }

  finish(): void {
    this.inFlight--;
    if (this.inFlight === 0) {
      for (const callback of this.#onDrained.splice(0)) callback();
    }
  }

  /** Calls back once nothing is under way. */
  whenIdle(callback: () => void): void {
    if (this.inFlight === 0) callback();
    else this.#onDrained.push(callback);
  }

  answered(latencyMs: number, nowMs: number): void {
    this.#latency.observe(latencyMs, nowMs);
    this.ejection.succeed();
  }

  failed(nowMs: number, random: Random): void {
    this.ejection.fail(nowMs, random);
  }

  /** An idle connection, or undefined. `repeatable`: a stale one does no harm, the request can be sent again. */
  takeIdle(user: ConnectionUser, repeatable: boolean, nowMs: number): UpstreamConnection | undefined {
    const connection = this.#idle.at(-1);
    if (connection === undefined) return undefined;
    if (!repeatable && nowMs - connection.idleSinceMs > POOL_FRESH_MS) return undefined;
    this.#idle.pop();
    connection.reused = true;
    connection.user = user;
    return connection;
  }

  /** This caller's HTTP/2 connections. */
  http2(caller: Edge, clock: Clock): Http2Pool {
    let pool = this.#http2.get(caller);
    if (pool === undefined) this.#http2.set(caller, (pool = new Http2Pool(this, clock)));
    return pool;
  }

  connect(user: ConnectionUser): UpstreamConnection {
    return new UpstreamConnection(this, user);
  }

  /** Keeps a connection for a later exchange, or closes it. */
  release(connection: UpstreamConnection, keepMs: number, nowMs: number): void {
    if (this.removed || keepMs <= 0 || this.#idle.length >= POOL_IDLE_PER_ENDPOINT_MAX) {
      connection.discard();
      return;
    }
    connection.user = undefined;
    connection.resume();
    connection.idleSinceMs = nowMs;
    connection.idleMaxMs = Math.min(keepMs, POOL_IDLE_MS);
    this.#idle.push(connection);
  }

  /** No new requests from now on; those under way finish. */
  remove(): void {
    this.removed = true;
    for (const connection of this.#idle.splice(0)) connection.discard();
    for (const pool of this.#http2.values()) pool.retire();
  }

  tick(nowMs: number): void {
    for (const [caller, pool] of this.#http2) {
      pool.tick(nowMs);
      if (pool.size === 0) this.#http2.delete(caller);
    }
    let kept = 0;
    for (const connection of this.#idle) {
      if (nowMs - connection.idleSinceMs >= connection.idleMaxMs) connection.discard();
      else this.#idle[kept++] = connection;
    }
    this.#idle.length = kept;
  }

  opened(): void {
    this.#tcp.opened();
  }

  closed(): void {
    this.#tcp.closed();
  }

  forget(connection: UpstreamConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  countRead(bytes: number): void {
    this.#tcp.readBytes += bytes;
  }

  countWritten(bytes: number): void {
    this.#tcp.writeBytes += bytes;
  }
}
