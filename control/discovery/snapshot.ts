import type {
  IngressListener,
  OutboundListener,
  PeerDoor,
  PublishedListener,
  ServiceEndpoints,
  Snapshot,
  Telemetry,
} from "@plinth/connect";
import {
  type Instance,
  policySettings,
  type PublishedPort,
  type ServiceSpec,
  serviceSettings,
} from "@plinth/resource";
import { routesOf } from "./service-routes.ts";
import {
  extraKey,
  transparentParts,
  type TransparentFrame,
  type TransparentView,
} from "./transparent-view.ts";
import type { PairAddress } from "./pair-addresses.ts";

/** Where instances serve that share the host's network. */
const LOOPBACK = "127.0.0.1";

/** What one app contributes to the snapshot. */
export interface AppView {
  readonly app: string;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly ingress: Readonly<Record<string, string>>;
  /** Ports of the machine, with whose they are. */
  readonly published: readonly (PublishedPort & { readonly service: string })[];
  readonly pairs: readonly (PairAddress & { readonly caller: string; readonly callee: string })[];
  /** Only instances that may get new requests. */
  readonly serving: readonly Instance[];
  /** Every instance that runs on this host. */
  readonly local: readonly Instance[];
  /** Why nobody serves for a service, for the error its callers see: "2 starting". */
  readonly notReady: Readonly<Record<string, string>>;
  /** Undefined in cooperative mode. */
  readonly transparent?: TransparentView | undefined;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

/** This host among others. */
export interface HostFrame {
  /** As instances name it: undefined for the first. */
  readonly host: string | undefined;
  readonly name: string;
  /** Where its proxy takes calls of other hosts. */
  readonly door: Place;
  /** Where another host does, if that is known. */
  readonly doorOf: (host: string | undefined) => (Place & { readonly name: string }) | undefined;
}

export interface SnapshotFrame {
  readonly version: number;
  /** Undefined where nothing is served to the outside. */
  readonly ingress: Place | undefined;
  readonly metrics: Place;
  readonly telemetry?: Telemetry;
  /** Undefined while there is no other host. */
  readonly hosts?: HostFrame | undefined;
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
      const endpoints = endpointsOf(view, service, frame.hosts);
      const main: ServiceEndpoints = {
        app: view.app,
        service,
        protocol: spec.protocol ?? "auto",
        endpoints,
        holdMs: serviceSettings(spec).holdMs,
        ...policyOf(spec),
        ...routesOf(spec),
        ...(view.notReady[service] === undefined ? {} : { notReady: view.notReady[service] }),
      };
      services[`${view.app}.${service}`] = main;
      for (const extraPort of frame.transparent === undefined ? [] : (spec.extraPorts ?? [])) {
        // Another host's door knows of one port for each instance.
        const here = endpoints.filter(({ host }) => host === undefined);
        const { protocol: _ofMain, routes: _ofMainToo, ...shared } = main;
        services[extraKey(view.app, service, extraPort)] = {
          ...shared,
          protocol: "auto",
          extraPort,
          endpoints: here.map((endpoint) => ({ ...endpoint, port: extraPort })),
        };
      }
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
  const ingress: IngressListener[] = frame.ingress === undefined ? [] : [{ ...frame.ingress, hosts }];
  const published = frame.ingress === undefined ? [] : publishedListeners(sorted, services);
  return {
    version: frame.version,
    services,
    outbound,
    ingress,
    ...(published.length > 0 && { published }),
    metrics: frame.metrics,
    ...(frame.telemetry === undefined ? {} : { telemetry: frame.telemetry }),
    peer: peerDoor(frame.hosts, sorted),
    ...transparentParts(
      frame.transparent,
      sorted.map((view) => ({ ...view, transparent: view.transparent })),
    ),
  };
}

function publishedListeners(
  views: readonly AppView[],
  services: Readonly<Record<string, ServiceEndpoints>>,
): PublishedListener[] {
  const listeners = new Map<string, PublishedListener>();
  for (const { app, published } of views) {
    for (const { address, port, target, service } of published) {
      const extra = target === undefined ? undefined : extraKey(app, service, target);
      const callee = extra !== undefined && services[extra] !== undefined ? extra : `${app}.${service}`;
      const name = `${address} ${port}`;
      // As with host names: the app that was there first keeps it.
      if (services[callee] !== undefined && !listeners.has(name))
        listeners.set(name, { address, port, callee });
    }
  }
  return [...listeners.values()];
}

function policyOf(spec: ServiceSpec): Pick<ServiceEndpoints, "policy"> {
  const policy = policySettings(spec.policy);
  return policy === undefined ? {} : { policy };
}

function endpointsOf(
  view: AppView,
  service: string,
  hosts: HostFrame | undefined,
): ServiceEndpoints["endpoints"] {
  return view.serving
    .filter((instance) => instance.spec.service === service)
    .flatMap(({ metadata, spec }) => {
      const instance = metadata.name;
      if (spec.host === hosts?.host) return [{ instance, ...placeOf(spec) }];
      const door = hosts?.doorOf(spec.host);
      return door === undefined
        ? []
        : [{ instance, address: door.address, port: door.port, host: door.name }];
    });
}

const placeOf = ({ address = LOOPBACK, port }: Instance["spec"]): Place => ({ address, port });

/** What other hosts' proxies may reach here: also instances on their way out, until they have ended. */
function peerDoor(hosts: HostFrame | undefined, views: readonly AppView[]): PeerDoor | null {
  if (hosts === undefined) return null;
  const instances: Record<string, PeerDoor["instances"][string]> = {};
  for (const { metadata, spec } of views.flatMap(({ local }) => local)) {
    instances[metadata.name] = { ...placeOf(spec), app: spec.app, service: spec.service };
  }
  return { ...hosts.door, host: hosts.name, instances };
}
