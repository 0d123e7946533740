import type { TrustBundle } from "@plinth/identity";
import type { Registry } from "@plinth/registry";
import type { Fleet } from "@plinth/release";
import { type App, APP_LABEL, type Instance, type Release, type ServiceSpec } from "@plinth/resource";
import { trustMessage, type WorldContent } from "./messages.ts";

export interface WorldSources {
  readonly registry: Registry;
  readonly fleet: Pick<Fleet, "list" | "isLeaving">;
  readonly reveal: (secret: string) => string;
  readonly trust: () => TrustBundle;
}

/**
 * What `host` is told: its instances with all they need, and of the apps they belong to what callers must know. A
 * stolen host learns nothing of other apps, and no other service's environment.
 */
export function worldOf(host: string, { registry, fleet, reveal, trust }: WorldSources): WorldContent {
  const own = registry.list("Instance").filter(({ spec }) => spec.host === host);
  const appNames = new Set(own.map(({ spec }) => spec.app));
  const apps: App[] = [];
  const releases: Release[] = [];
  const instances: Instance[] = [...own];
  const secrets: Record<string, string> = {};
  for (const name of [...appNames].sort()) {
    const app = registry.get("App", name);
    if (app === undefined) continue;
    const here = own.filter(({ spec }) => spec.app === name);
    const { targetRelease, activeRelease } = app.status ?? {};
    const needed = new Set([...here.map(({ spec }) => spec.release), targetRelease, activeRelease]);
    for (const release of registry.list("Release", { [APP_LABEL]: name })) {
      if (!needed.has(release.spec.number)) continue;
      const runs = new Set(
        here.filter(({ spec }) => spec.release === release.spec.number).map(({ spec }) => spec.service),
      );
      const { ingress: _ingress, secrets: _versions, ...spec } = release.spec;
      const services = restricted(release.spec.services, runs);
      for (const service of runs) {
        for (const value of Object.values(release.spec.services[service]?.env ?? {})) {
          if (typeof value === "object") secrets[value.secret] = reveal(value.secret);
        }
      }
      releases.push({ ...release, spec: { ...spec, services } });
    }
    apps.push({ ...app, spec: { services: restricted(app.spec.services, new Set()) } });
    for (const instance of fleet.list(name)) {
      if (instance.spec.host !== host && !fleet.isLeaving(instance.metadata.name)) instances.push(instance);
    }
  }
  return {
    trust: trustMessage(trust()),
    hosts: registry.list("Host"),
    apps,
    releases,
    instances,
    secrets,
  };
}

/** Services that run there whole, of the others only what their callers' proxy goes by. */
function restricted(
  services: Readonly<Record<string, ServiceSpec>>,
  whole: ReadonlySet<string>,
): Record<string, ServiceSpec> {
  return Object.fromEntries(
    Object.entries(services).map(([name, spec]) => [name, whole.has(name) ? spec : outside(spec)]),
  );
}

function outside({ port, protocol, deploy, policy, routes, store }: ServiceSpec): ServiceSpec {
  return {
    command: ["elsewhere"],
    ...(port !== undefined && { port }),
    ...(protocol !== undefined && { protocol }),
    ...(deploy !== undefined && { deploy }),
    ...(policy !== undefined && { policy }),
    ...(routes !== undefined && { routes }),
    ...(store !== undefined && { store }),
  };
}
