import assert from "node:assert/strict";
import type { Clock, Random } from "@plinth/clock";
import type { Edge } from "./edge.ts";
import { Ejection } from "./ejection.ts";
import type { CalleePart } from "./fair/fairness.ts";
import { Http2Pool } from "./http2-upstream.ts";
import { IdleConnections } from "./idle-connections.ts";
import { BREAK_ANSWERS_MIN } from "./limits.ts";
import { PeakEwma } from "./peak-ewma.ts";
import type { Policy } from "./policy.ts";
import { RollingCounts } from "./rolling-counts.ts";
import { type Endpoint, socketName } from "./snapshot.ts";
import type { TcpCounts } from "./tcp-counts.ts";
import { type RemoteTransports, SocketTransport, type Transport, type TransportUser } from "./transport.ts";
import { type PoolHome, type ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";

/** The service an endpoint belongs to: what it knows of all of them decides whether one may be left out. */
export interface Peers {
  readonly policy: Policy;
  readonly tcp: TcpCounts;
  readonly random: Random;
  readonly endpoints: readonly InstanceEndpoint[];
  /** Calls under way to all of them. */
  readonly calls: CalleePart;
  /** The way to instances on other hosts. */
  readonly remote: RemoteTransports | undefined;
  /** Answers of all endpoints in the window, failed ones marked, and since the service's beginning. */
  readonly answers: RollingCounts;
  answersTotal: number;
  failuresTotal: number;
  /** True while at least half of the endpoints stay in without one more. */
  readonly canSpareOne: boolean;
  /** An endpoint has been left out or taken back. */
  ejectionChanged(): void;
}

/** Of ten thousand endpoints most have nobody who waits for them. */
const NONE: (() => void)[] = [];

/** Standard errors below the others from which on an endpoint's success rate is its own doing. */
const OUTLIER_ERRORS = 3;

/**
 * One instance as the balancer sees it, with its idle connections. Invariant: `inFlight` is the number of exchanges
 * and tunnels between `begin` and `finish`; once removed, it takes no new ones and tells when it has none left.
 */
export class InstanceEndpoint implements PoolHome {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  readonly name: string;
  /** The other host that it runs on, whose peer listener has this address and port. */
  readonly host: string | undefined;
  readonly ejection: Ejection = new Ejection();
  inFlight = 0;
  removed = false;
  readonly #latency: PeakEwma;
  readonly #peers: Peers;
  readonly #tcp: TcpCounts;
  /** Its answers in the window, failed ones marked. Made with the first answer: most of 10,000 may never have one. */
  #answers: RollingCounts | undefined = undefined;
  #failuresInRow = 0;
  /** The service's totals when the row of failures began. */
  #rowAnswers = 0;
  #rowFailures = 0;
  readonly #idle: IdleConnections = new IdleConnections();
  /** On another host connections are each caller's own: its identity is the link's. */
  #idleByCaller: Map<Edge, IdleConnections> | undefined = undefined;
  #http2: Map<Edge, Http2Pool> | undefined = undefined;
  #onDrained: (() => void)[] = NONE;

  constructor(endpoint: Endpoint, peers: Peers, nowMs: number) {
    this.instance = endpoint.instance;
    this.address = endpoint.address;
    this.port = endpoint.port;
    this.name = socketName(endpoint);
    this.host = endpoint.host;
    this.#peers = peers;
    this.#tcp = peers.tcp;
    this.#latency = new PeakEwma(nowMs);
  }

  /** Expected time to answer one request more. */
  load(nowMs: number): number {
    return this.#latency.at(nowMs) * (this.inFlight + 1);
  }

  /** Something begins here: of `caller`, unless it only looks whether the instance speaks. */
  begin(caller?: Edge): void {
    this.inFlight++;
    this.#peers.calls.part.add(1);
    if (caller !== undefined) this.countLink(caller);
  }

  countLink(caller: Edge): void {
    if (this.host !== undefined) caller.overLinks++;
  }

  finish(): void {
    this.inFlight--;
    this.#peers.calls.part.add(-1);
    if (this.inFlight === 0) {
      const callbacks = this.#onDrained;
      this.#onDrained = NONE;
      for (const callback of callbacks) callback();
    }
  }

  /** Calls back once nothing is under way. */
  whenIdle(callback: () => void): void {
    if (this.inFlight === 0) callback();
    else this.#onDrained = [...this.#onDrained, callback];
  }

  /** The head of an answer is there; what it says is told to `judged`. */
  answered(latencyMs: number, nowMs: number): void {
    this.#latency.observe(latencyMs, nowMs);
    const { ejection } = this;
    const wasOut = ejection.active;
    ejection.reached(nowMs);
    if (wasOut && !ejection.active) this.#peers.ejectionChanged();
  }

  /** It was given up after `nowMs - sentMs` without an answer. */
  late(nowMs: number, sentMs: number): void {
    this.#latency.observe(nowMs - sentMs, nowMs);
    this.judged(false, nowMs);
  }

  /** It asked for less: that counts as a slow answer, where others can take over. */
  overloaded(penaltyMs: number, nowMs: number): void {
    if (penaltyMs > 0 && this.#peers.endpoints.length > 1) this.#latency.observe(penaltyMs, nowMs);
  }

  /** A failure of the transport. */
  failed(nowMs: number, random: Random): void {
    const wasOut = this.ejection.active;
    this.ejection.fail(nowMs, random);
    if (this.ejection.active !== wasOut) this.#peers.ejectionChanged();
  }

  /** Whether an answer was a success: what the circuit breaker goes by. */
  judged(success: boolean, nowMs: number): void {
    const peers = this.#peers;
    if (peers.policy.breaker === undefined) return;
    const answers = (this.#answers ??= new RollingCounts());
    answers.add(nowMs);
    peers.answers.add(nowMs);
    peers.answersTotal++;
    if (!success) {
      answers.mark(nowMs);
      peers.answers.mark(nowMs);
      peers.failuresTotal++;
      this.#failedAnswer(answers, nowMs);
      return;
    }
    this.#failuresInRow = 0;
    const { ejection } = this;
    if (ejection.active && ejection.probing) {
      ejection.takeBack(nowMs);
      peers.ejectionChanged();
    }
  }

  #failedAnswer(answers: RollingCounts, nowMs: number): void {
    const { ejection } = this;
    const peers = this.#peers;
    const breaker = peers.policy.breaker!;
    this.#failuresInRow++;
    if (this.#failuresInRow === 1) {
      this.#rowAnswers = peers.answersTotal - 1;
      this.#rowFailures = peers.failuresTotal - 1;
    }
    if (ejection.active) {
      if (!ejection.probing || ejection.unreachable) return;
      if (this.#othersDoWell(nowMs)) {
        ejection.leaveOut(nowMs, peers.random, breaker.penaltyMs, breaker.penaltyMaxMs);
      } else {
        ejection.takeBack(nowMs); // the others fail as well: a failed probe tells nothing of this one
        peers.ejectionChanged();
      }
      return;
    }
    if (!peers.canSpareOne || !(this.#failsInRow() || this.#failsMoreThanOthers(answers))) return;
    ejection.leaveOut(nowMs, peers.random, breaker.penaltyMs, breaker.penaltyMaxMs);
    this.#failuresInRow = 0;
    peers.answers.advance(nowMs);
    peers.answers.forget(answers); // it is judged anew once it is back
    peers.ejectionChanged();
  }

  #othersDoWell(nowMs: number): boolean {
    const own = this.#answers!;
    const { answers, policy } = this.#peers;
    own.advance(nowMs);
    answers.advance(nowMs);
    const others = answers.all - own.all;
    return others - (answers.marked - own.marked) >= policy.breaker!.successRate * others;
  }

  /** Enough failures in a row, while the others did well: where they fail as well, it is the request's fault. */
  #failsInRow(): boolean {
    const { failures, successRate } = this.#peers.policy.breaker!;
    if (this.#failuresInRow < failures) return false;
    const others = this.#peers.answersTotal - this.#rowAnswers - this.#failuresInRow;
    const failed = this.#peers.failuresTotal - this.#rowFailures - this.#failuresInRow;
    return others > 0 && others - failed >= successRate * others;
  }

  /** Too low a success rate, and lower than that of the others by more than chance. */
  #failsMoreThanOthers(answers: RollingCounts): boolean {
    const { successRate } = this.#peers.policy.breaker!;
    const { all, marked } = answers;
    if (all < BREAK_ANSWERS_MIN || all - marked >= successRate * all) return false;
    const others = this.#peers.answers.all - all;
    if (others <= 0) return false; // nobody to compare it with
    const rate = Math.min(1, Math.max(0, 1 - (this.#peers.answers.marked - marked) / others));
    const chance = Math.sqrt((rate * (1 - rate)) / all);
    return (all - marked) / all < rate - OUTLIER_ERRORS * chance;
  }

  /** An idle connection, or undefined. `repeatable`: a stale one does no harm, the request can be sent again. */
  takeIdle(
    user: ConnectionUser,
    repeatable: boolean,
    nowMs: number,
    caller: Edge,
  ): UpstreamConnection | undefined {
    const idle = this.host === undefined ? this.#idle : this.#idleByCaller?.get(caller);
    return idle?.take(user, repeatable, nowMs);
  }

  /** This caller's HTTP/2 connections. */
  http2(caller: Edge, clock: Clock): Http2Pool {
    this.#http2 ??= new Map();
    let pool = this.#http2.get(caller);
    if (pool === undefined) this.#http2.set(caller, (pool = new Http2Pool(this, caller, clock)));
    return pool;
  }

  connect(user: ConnectionUser, caller: Edge): UpstreamConnection {
    return new UpstreamConnection(this, user, caller);
  }

  open(user: TransportUser, caller: Edge): Transport {
    const { host, instance, address, port } = this;
    if (host === undefined) return new SocketTransport(this, user);
    const { remote } = this.#peers;
    assert(remote !== undefined, "who knows of other hosts knows the way there");
    return remote.open({ instance, host, address, port }, caller, user);
  }

  /** Keeps a connection for a later exchange, or closes it. */
  release(connection: UpstreamConnection, keepMs: number, nowMs: number): void {
    this.#idleOf(connection.caller).keep(connection, this.removed ? 0 : keepMs, nowMs);
  }

  #idleOf(caller: Edge): IdleConnections {
    if (this.host === undefined) return this.#idle;
    this.#idleByCaller ??= new Map();
    let idle = this.#idleByCaller.get(caller);
    if (idle === undefined) this.#idleByCaller.set(caller, (idle = new IdleConnections()));
    return idle;
  }

  /** No new requests from now on; those under way finish. */
  remove(): void {
    this.removed = true;
    this.#idle.close();
    for (const idle of this.#idleByCaller?.values() ?? []) idle.close();
    for (const pool of this.#http2?.values() ?? []) pool.retire();
  }

  tick(nowMs: number): void {
    this.#idle.tick(nowMs);
    if (this.#http2 !== undefined) {
      for (const [caller, pool] of this.#http2) {
        pool.tick(nowMs);
        if (pool.size === 0) this.#http2.delete(caller);
      }
    }
    if (this.#idleByCaller === undefined) return;
    for (const [caller, idle] of this.#idleByCaller) {
      idle.tick(nowMs);
      if (idle.size === 0) this.#idleByCaller.delete(caller);
    }
  }

  opened(): void {
    this.#tcp.opened();
  }

  closed(): void {
    this.#tcp.closed();
  }

  forget(connection: UpstreamConnection): void {
    this.#idleOf(connection.caller).forget(connection);
  }

  countRead(bytes: number): void {
    this.#tcp.readBytes += bytes;
  }

  countWritten(bytes: number): void {
    this.#tcp.writeBytes += bytes;
  }
}
