import { type AppSpec, type Failure, serviceSettings } from "@plinth/resource";
import type { Driver } from "@plinth/run";
import { secretsOf } from "./revision.ts";

/** Why a spec cannot be tried at all on this machine: a secret that is not set, or a limit nobody can enforce. */
export function refusalOf(
  spec: AppSpec,
  driver: Driver,
  secretVersion: (name: string) => number | undefined,
): Failure | undefined {
  for (const [service, one] of Object.entries(spec.services)) {
    const missing = secretsOf(one).find((name) => secretVersion(name) === undefined);
    if (missing !== undefined) {
      return {
        service,
        reason: "Refused",
        message: `secret "${missing}" is not set; run: plinth secrets set ${missing}`,
      };
    }
    const { limits } = serviceSettings(one);
    const [limitation] = limits.bestEffort ? [] : driver.check(limits);
    if (limitation !== undefined) {
      return { service, reason: "Refused", message: `${limitation.reason}. ${limitation.hint}` };
    }
  }
  return undefined;
}
