import type { Registry } from "@plinth/registry";
import { type App, type Failure, serviceSettings } from "@plinth/resource";
import type { Driver } from "@plinth/run";
import { secretsOf } from "./revision.ts";

export interface RefusalSources {
  readonly registry: Registry;
  readonly driver: Driver;
  readonly secretVersion: (name: string) => number | undefined;
}

/** Why a spec cannot be tried at all here: a secret that is not set, a limit nobody can enforce, a host name taken. */
export function refusalOf(
  app: App,
  { registry, driver, secretVersion }: RefusalSources,
): Failure | undefined {
  const refused = (service: string, message: string): Failure => ({ service, reason: "Refused", message });
  for (const [service, spec] of Object.entries(app.spec.services)) {
    const missing = secretsOf(spec).find((name) => secretVersion(name) === undefined);
    if (missing !== undefined) {
      return refused(service, `secret "${missing}" is not set; run: plinth secrets set ${missing}`);
    }
    const { limits } = serviceSettings(spec);
    const [limitation] = limits.bestEffort ? [] : driver.check(limits);
    if (limitation !== undefined) return refused(service, `${limitation.reason}. ${limitation.hint}`);
  }
  for (const other of registry.list("App")) {
    if (other.metadata.name === app.metadata.name) continue;
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
