import type { Registry } from "@plinth/registry";
import {
  type App,
  type Failure,
  portsMeet,
  publishedPorts,
  serviceSettings,
  replicasOf,
} from "@plinth/resource";
import { driverOf, type Drivers } from "./drivers.ts";
import { secretsOf } from "./revision.ts";

interface Place {
  readonly address: string;
  readonly port: number;
}

/** "ingress", "api" or "metrics". */
export type OwnPort = Place & { readonly name: string };

export interface RefusalSources {
  readonly registry: Registry;
  readonly drivers: Drivers;
  readonly instances: { isHost(name: string): boolean };
  readonly secretVersion: (name: string) => number | undefined;
  /** Where Plinth itself listens. */
  readonly ownPorts: () => readonly OwnPort[];
  /** Whether instances have networks of their own here: without one nothing holds them to their egress. */
  readonly ownNetworks: boolean;
}

/** Why a fixed port has limits here. */
const ONE_NETWORK = "in cooperative mode all instances share the host's network";

/** Why a spec cannot be tried at all here: a secret that is not set, a limit nobody can enforce, a host name taken. */
export function refusalOf(
  app: App,
  { registry, drivers, instances, secretVersion, ownPorts, ownNetworks }: RefusalSources,
): Failure | undefined {
  const refused = (service: string, message: string): Failure => ({ service, reason: "Refused", message });
  const portOwners = new Map<number, string>();
  for (const [service, spec] of Object.entries(app.spec.services)) {
    if (spec.port !== undefined && spec.address === undefined && !ownNetworks) {
      const owner = portOwners.get(spec.port);
      if (owner !== undefined)
        return refused(service, `the port ${spec.port} is service "${owner}"'s already; ${ONE_NETWORK}`);
      portOwners.set(spec.port, service);
      if (replicasOf(spec) > 1) {
        return refused(
          service,
          `a service with the fixed port ${spec.port} can have one instance only; ${ONE_NETWORK}; \${PORT} in its command gives each its own`,
        );
      }
    }
    if (spec.hosts !== undefined && !spec.hosts.some((name) => instances.isHost(name))) {
      return refused(
        service,
        `it may run on ${spec.hosts.join(", ")} only, and there is no such host; \`plinth get hosts\` lists them`,
      );
    }
    if (spec.extraPorts !== undefined && !ownNetworks) {
      return refused(
        service,
        `${ONE_NETWORK}, so that each has one port only; leave \`extraPorts\` out, or run Plinth in transparent mode`,
      );
    }
    const missing = secretsOf(spec).find((name) => secretVersion(name) === undefined);
    if (missing !== undefined) {
      return refused(service, `secret "${missing}" is not set; run: plinth secrets set ${missing}`);
    }
    if (spec.egress !== undefined && !ownNetworks) {
      return refused(
        service,
        "egress cannot be held to in cooperative mode, where instances share the host's network; remove it, or run Plinth in transparent mode",
      );
    }
    if (spec.image !== undefined && spec.imageDigest === undefined) {
      return refused(
        service,
        "it is not said which image it is: `plinth up` finds that out and writes `imageDigest`",
      );
    }
    const { limits } = serviceSettings(spec);
    const [limitation] = limits.bestEffort ? [] : drivers[driverOf(spec)].check(limits);
    if (limitation !== undefined) return refused(service, `${limitation.reason}. ${limitation.hint}`);
  }
  const published = publishedPorts(app.spec);
  for (const { service, address, port } of published) {
    const own = ownPorts().find((one) => portsMeet(one, { address, port }));
    if (own !== undefined)
      return refused(
        service,
        `port ${port} is Plinth's own already, for its ${own.name}; publish another one, or start Plinth with --${own.name}-port`,
      );
  }
  for (const other of registry.list("App")) {
    if (other.metadata.name === app.metadata.name) continue;
    const theirs = publishedPorts(other.spec);
    const clash = published.find((mine) => theirs.some((one) => portsMeet(one, mine)));
    if (clash !== undefined)
      return refused(
        clash.service,
        `port ${clash.port} is published by app "${other.metadata.name}" already; choose another one`,
      );
    for (const [host, service] of Object.entries(app.spec.ingress ?? {})) {
      if (other.spec.ingress?.[host] === undefined) continue;
      return refused(
        service,
        `ingress "${host}" belongs to app "${other.metadata.name}" already; choose another host name`,
      );
    }
  }
  return undefined;
}
