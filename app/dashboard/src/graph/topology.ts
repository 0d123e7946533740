/** Who calls whom: from the app's spec, joined with what the mesh has seen. */
import type { AppSpec } from "@plinth/resource";

export const INGRESS = "ingress";

export interface Link {
  readonly caller: string;
  readonly callee: string;
}

export interface Topology {
  readonly nodes: readonly string[];
  readonly links: readonly Link[];
}

export function topologyOf(spec: AppSpec, seen: Iterable<Link>): Topology {
  const services = Object.keys(spec.services);
  const links = new Map<string, Link>();
  const add = (caller: string, callee: string): void => {
    links.set(`${caller}→${callee}`, { caller, callee });
  };
  for (const callee of new Set(Object.values(spec.ingress ?? {}))) add(INGRESS, callee);
  for (const [caller, { calls }] of Object.entries(spec.services)) {
    for (const callee of calls ?? []) add(caller, callee);
  }
  // An edge of a service that the newest spec no longer has is history, not topology.
  const known = new Set([INGRESS, ...services]);
  for (const { caller, callee } of seen) if (known.has(caller) && known.has(callee)) add(caller, callee);

  const all = [...links.values()];
  const hasIngress = all.some(({ caller }) => caller === INGRESS);
  return { nodes: hasIngress ? [INGRESS, ...services] : services, links: all };
}
