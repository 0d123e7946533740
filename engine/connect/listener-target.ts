import type { Callee } from "./callee.ts";
import type { Edge } from "./edge.ts";
import type { SourceRoutes } from "./source-routes.ts";
import type { TcpCounts } from "./tcp-counts.ts";

/** Where requests of one route go, and who is counted for them. */
export interface Route {
  readonly callee: Callee;
  readonly edge: Edge;
}

/** What a listener is for. A snapshot may change it while connections are open: requests look it up anew. */
export interface ListenerTarget {
  readonly ingress: boolean;
  /** `address:port`. */
  readonly name: string;
  /** By lower-case host name, "*" for all others. On outbound listeners "*" alone. */
  readonly routes: ReadonlyMap<string, Route>;
  /** In transparent mode, instead of `routes`: by the address the caller dials from. */
  readonly sources: SourceRoutes | undefined;
  readonly tcp: TcpCounts;
  /** Requests refused before they had an edge, by code. */
  readonly refusals: Map<string, number>;
}

/** The route within the mesh for whoever dials from `client`; undefined at ingress, where a host name decides. */
export function routeFrom({ ingress, sources, routes }: ListenerTarget, client: string): Route | undefined {
  if (sources !== undefined) return sources.get(client);
  return ingress ? undefined : routes.get("*");
}

/** Counts a request or connection that was refused before it had an edge. */
export function countRefusal({ refusals }: ListenerTarget, code: string): void {
  refusals.set(code, (refusals.get(code) ?? 0) + 1);
}
