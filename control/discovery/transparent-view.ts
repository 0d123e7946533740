import type { EgressNames, NameService, Snapshot, SourceIdentity, VirtualListener } from "@plinth/connect";
import { egressLists, type Instance, portOf, type ServiceSpec } from "@plinth/resource";

/** What the proxy is told only where instances have networks of their own. */
export interface TransparentFrame {
  readonly gateway: string;
  /** The host's resolvers, as `ip:port`. */
  readonly upstreams: readonly string[];
}

/** What one app contributes to it. */
export interface TransparentView {
  /** By service. */
  readonly virtualAddresses: Readonly<Record<string, string>>;
}

interface App {
  readonly app: string;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  /** Every instance that may call, not only those that are called. */
  readonly local: readonly Instance[];
  readonly transparent: TransparentView | undefined;
}

const NAME_SERVER_PORT = 53;
/** What programs dial that know a name and no port. */
const HTTP_PORT = 80;
/** etcd's own. */
export const STORE_PORT = 2379;

/** The key of what a service has on a port besides its own. */
export function extraKey(app: string, service: string, port: number): string {
  return `${app}.${service}:${port}`;
}

/** The three parts of a snapshot that only transparent mode fills. Pure. */
export function transparentParts(
  frame: TransparentFrame | undefined,
  apps: readonly App[],
): Pick<Snapshot, "virtual" | "sources" | "dns"> {
  if (frame === undefined) return { virtual: [], sources: {}, dns: null };
  const virtual: VirtualListener[] = [];
  const sources: Record<string, SourceIdentity> = {};
  const names: Record<string, string> = {};
  const aliases: Record<string, string> = {};
  const egress: Record<string, EgressNames> = {};
  for (const { app, services, local, transparent } of apps) {
    for (const [service, spec] of Object.entries(services)) {
      const key = `${app}.${service}`;
      const address = transparent?.virtualAddresses[service];
      if (address !== undefined) {
        names[key] = address;
        for (const alias of spec.aliases ?? []) aliases[`${app}.${alias}`] = address;
        const own = new Set([HTTP_PORT, portOf(spec) ?? (spec.store === true ? STORE_PORT : HTTP_PORT)]);
        for (const port of spec.extraPorts ?? []) {
          own.delete(port);
          virtual.push({ address, port, callee: extraKey(app, service, port) });
        }
        for (const port of own) virtual.push({ address, port, callee: key });
      }
      const policy = egressLists(spec)?.names;
      if (policy !== undefined) egress[key] = policy;
    }
    for (const { spec, metadata } of local) {
      // Whoever runs by itself calls as nobody: its address may be the machine's own.
      if (spec.address === undefined || spec.driver === "external") continue;
      sources[spec.address] = { app, service: spec.service, instance: metadata.name };
    }
  }
  const dns: NameService = {
    address: frame.gateway,
    port: NAME_SERVER_PORT,
    upstreams: frame.upstreams,
    names,
    ...(Object.keys(aliases).length > 0 && { aliases }),
    egress,
  };
  return { virtual, sources, dns };
}
