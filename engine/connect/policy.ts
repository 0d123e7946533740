import { Status } from "@plinth/grpc";
import { EJECT_PENALTY_MAX_MS, EJECT_PENALTY_MIN_MS, RESPONSE_IDLE_MS } from "./limits.ts";

/** How calls to one service are sent again, given up and kept from failing instances. What is left out has its default. */
export interface ServicePolicy {
  readonly timeout?: {
    /** For all of a request, waiting and sending again included. Default: none. */
    readonly requestMs?: number;
    /** From the request's end to the answer's head, for each sending. Default: none. */
    readonly responseMs?: number;
    /** Without a byte in either direction. Default: five minutes. */
    readonly idleMs?: number;
  };
  readonly retry?: {
    /** Times one request is sent again because of its answer. Default: 1. */
    readonly limit?: number;
    /** Default: 502, 503, 504. */
    readonly statuses?: readonly number[];
    /** gRPC statuses. Default: 14, unavailable. */
    readonly grpc?: readonly number[];
    /** Default: those that may be sent twice (RFC 9110 §9.2.2). */
    readonly methods?: readonly string[];
  };
  /** False: only what cannot be reached is left out. */
  readonly breaker?: false | Partial<BreakerSettings>;
}

export interface BreakerSettings {
  /** Failed answers in a row after which an endpoint is left out. Default: 7. */
  readonly failures: number;
  /** Share of answers that must succeed. Default: 0.8. */
  readonly successRate: number;
  /** How long an endpoint is left out at first and at most. Default: a second, a minute. */
  readonly penaltyMs: number;
  readonly penaltyMaxMs: number;
}

const defaultBreaker: BreakerSettings = {
  failures: 7,
  successRate: 0.8,
  penaltyMs: EJECT_PENALTY_MIN_MS,
  penaltyMaxMs: EJECT_PENALTY_MAX_MS,
};

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
export const idempotentMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);
const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);
const GRPC_UNAVAILABLE: ReadonlySet<number> = new Set([Status.unavailable]);
const RETRY_LIMIT = 1;

/** A policy with every default filled in, as requests ask it. */
export class Policy {
  /** 0: none. */
  readonly requestMs: number;
  readonly responseMs: number;
  readonly idleMs: number;
  /** The policy names the idle timeout: it then holds for streams, too. */
  readonly idleSet: boolean;
  readonly retryLimit: number;
  readonly retryStatuses: ReadonlySet<number>;
  readonly retryGrpc: ReadonlySet<number>;
  readonly retryMethods: ReadonlySet<string>;
  readonly breaker: BreakerSettings | undefined;

  constructor(policy: ServicePolicy = {}) {
    const { timeout, retry, breaker } = policy;
    this.requestMs = timeout?.requestMs ?? 0;
    this.responseMs = timeout?.responseMs ?? 0;
    this.idleMs = timeout?.idleMs ?? RESPONSE_IDLE_MS;
    this.idleSet = timeout?.idleMs !== undefined;
    this.retryLimit = retry?.limit ?? RETRY_LIMIT;
    this.retryStatuses = retry?.statuses === undefined ? GATEWAY_ERRORS : new Set(retry.statuses);
    this.retryGrpc = retry?.grpc === undefined ? GRPC_UNAVAILABLE : new Set(retry.grpc);
    this.retryMethods = retry?.methods === undefined ? idempotentMethods : new Set(retry.methods);
    this.breaker = breaker === false ? undefined : { ...defaultBreaker, ...breaker };
  }
}

export const defaultPolicy: Policy = new Policy();
