import { Quota } from "./quota.ts";

export type Resource = "connections" | "streams" | "calls" | "held_bytes";

/** All that workloads share. */
export interface Quotas {
  /** Client connections. */
  readonly connections: Quota;
  /** Requests under way on HTTP/2 connections; on an HTTP/1 connection there is one. */
  readonly streams: Quota;
  /** Requests and tunnels under way, by the service called. */
  readonly calls: Quota;
  /** Bytes kept in this process for somebody who does not take them. */
  readonly held: Quota;
}

export function quotasOf(limits: Readonly<Record<Resource, number>>): Quotas {
  return {
    connections: new Quota(limits.connections),
    streams: new Quota(limits.streams),
    calls: new Quota(limits.calls),
    held: new Quota(limits.held_bytes),
  };
}
