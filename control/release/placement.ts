import type { Instance, ServiceSpec } from "@plinth/resource";

/** A host that instances can be placed on. */
export interface Candidate {
  /** Undefined: the first host. */
  readonly host: string | undefined;
  /** By which `hosts` of a service names it. */
  readonly name: string;
}

/**
 * The host for one more instance of a service: the one with the fewest of its instances of that revision, of equals
 * the one with the fewest of all, of equals the first in the list. Those of older revisions are on their way out.
 * Undefined when the service may run on none of them. Pure.
 */
export function placeInstance(
  spec: ServiceSpec,
  order: { readonly app: string; readonly service: string; readonly revision: string },
  candidates: readonly Candidate[],
  instances: readonly Instance[],
): Candidate | undefined {
  const staying = instances.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const all = Map.groupBy(staying, ({ spec: { host } }) => host);
  const load = ({ host }: Candidate): readonly [own: number, all: number] => {
    const there = all.get(host) ?? [];
    const own = there.filter(
      ({ spec: one }) =>
        one.app === order.app && one.service === order.service && one.revision === order.revision,
    );
    return [own.length, there.length];
  };
  let best: { readonly candidate: Candidate; readonly load: readonly [number, number] } | undefined;
  for (const candidate of candidates) {
    if (!mayRunOn(spec, candidate)) continue;
    const here = load(candidate);
    if (best !== undefined && (here[0] - best.load[0] || here[1] - best.load[1]) >= 0) continue;
    best = { candidate, load: here };
  }
  return best?.candidate;
}

/** Files that were not kept are on the first host, as volumes are: what needs them runs there. */
function mayRunOn(spec: ServiceSpec, { host, name }: Candidate): boolean {
  if (spec.hosts !== undefined) return spec.hosts.includes(name);
  if (host === undefined) return true;
  const isKept = spec.source !== undefined || spec.imageDigest !== undefined;
  const hasProfile = spec.seccomp !== undefined && spec.seccomp !== "unconfined";
  return isKept && spec.volumes === undefined && !hasProfile;
}
