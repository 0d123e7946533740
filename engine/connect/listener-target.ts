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
  /** What comes here comes from outside. */
  readonly ingress: boolean;
  /** `address:port`. */
  readonly name: string;
  /** Where all goes that comes here, whatever it asks for. */
  readonly fixed: Route | undefined;
  /** In transparent mode, in its place: by the address the caller dials from. */
  readonly sources: SourceRoutes | undefined;
  /** Where there is neither: by lower-case host name, "*" for all others. */
  readonly hosts: ReadonlyMap<string, Route>;
  readonly tcp: TcpCounts;
  /** Requests refused before they had an edge, by code. */
  readonly refusals: Map<string, number>;
}

/** The route for whoever dials from `client`; undefined where a host name decides. */
export function routeFrom({ fixed, sources }: ListenerTarget, client: string): Route | undefined {
  return sources === undefined ? fixed : sources.get(client);
}

/** Whether the host name decides that is asked for. */
export function isByHost({ fixed, sources }: ListenerTarget): boolean {
  return fixed === undefined && sources === undefined;
}

/** The route for a host name, in lower case. */
export function routeTo({ hosts }: ListenerTarget, host: string): Route | undefined {
  return hosts.get(host) ?? hosts.get("*");
}

/** Counts a request or connection that was refused before it had an edge. */
export function countRefusal({ refusals }: ListenerTarget, code: string): void {
  refusals.set(code, (refusals.get(code) ?? 0) + 1);
}
