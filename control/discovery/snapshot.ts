import type { IngressListener, OutboundListener, ServiceEndpoints, Snapshot } from "@plinth/connect";
import { type Instance, policySettings, type ServiceSpec, serviceSettings } from "@plinth/resource";
import { transparentParts, type TransparentFrame, type TransparentView } from "./transparent-view.ts";
import type { PairAddress } from "./pair-addresses.ts";

/** Where instances serve that share the host's network. */
const LOOPBACK = "127.0.0.1";

/** What one app contributes to the snapshot. */
export interface AppView {
  readonly app: string;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly ingress: Readonly<Record<string, string>>;
  readonly pairs: readonly (PairAddress & { readonly caller: string; readonly callee: string })[];
  /** Only instances that may get new requests. */
  readonly serving: readonly Instance[];
  /** Why nobody serves for a service, for the error its callers see: "2 starting". */
  readonly notReady: Readonly<Record<string, string>>;
  /** Undefined in cooperative mode. */
  readonly transparent?: TransparentView | undefined;
}

export interface SnapshotFrame {
  readonly version: number;
  readonly ingress: { readonly address: string; readonly port: number };
  readonly metrics: { readonly address: string; readonly port: number };
  /** Undefined in cooperative mode. */
  readonly transparent?: TransparentFrame | undefined;
}

/** The whole state of the world for a proxy. Pure, and stable: equal input gives equal bytes. */
export function buildSnapshot(frame: SnapshotFrame, apps: readonly AppView[]): Snapshot {
  const services: Record<string, ServiceEndpoints> = {};
  const outbound: OutboundListener[] = [];
  const hosts: Record<string, string> = {};
  const sorted = [...apps].sort((a, b) => a.app.localeCompare(b.app));
  for (const view of sorted) {
    for (const [service, spec] of Object.entries(view.services)) {
      services[`${view.app}.${service}`] = {
        app: view.app,
        service,
        protocol: spec.protocol ?? "auto",
        endpoints: endpointsOf(view, service),
        holdMs: serviceSettings(spec).holdMs,
        ...policyOf(spec),
        ...(view.notReady[service] === undefined ? {} : { notReady: view.notReady[service] }),
      };
    }
    for (const { caller, callee, address, port } of view.pairs) {
      if (view.services[callee] === undefined) continue; // dropped by a release, and nobody answers for it any more
      outbound.push({ address, port, app: view.app, caller, callee: `${view.app}.${callee}` });
    }
    for (const [host, service] of Object.entries(view.ingress)) {
      if (view.services[service] === undefined) continue;
      // The app that was there first keeps a host name; admission refuses a second one, this is the last word.
      hosts[host] ??= `${view.app}.${service}`;
    }
  }
  const ingress: IngressListener[] = [{ ...frame.ingress, hosts }];
  return {
    version: frame.version,
    services,
    outbound,
    ingress,
    metrics: frame.metrics,
    peer: null,
    ...transparentParts(
      frame.transparent,
      sorted.map((view) => ({ ...view, transparent: view.transparent })),
    ),
  };
}

function policyOf(spec: ServiceSpec): Pick<ServiceEndpoints, "policy"> {
  const policy = policySettings(spec.policy);
  return policy === undefined ? {} : { policy };
}

function endpointsOf(view: AppView, service: string): ServiceEndpoints["endpoints"] {
  return view.serving
    .filter((instance) => instance.spec.service === service)
    .map((instance) => ({
      instance: instance.metadata.name,
      address: instance.spec.address ?? LOOPBACK,
      port: instance.spec.port,
    }));
}
