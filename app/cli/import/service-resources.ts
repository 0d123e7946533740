import type { ServiceSpec } from "@plinth/resource";
import { checkKeys } from "./keys.ts";
import { type Part, child } from "./part.ts";
import { durationText, sizeBytes, sizeText } from "./quantities.ts";
import {
  DEPLOY_KEYS,
  LIMITS_KEYS,
  RESERVATIONS_KEYS,
  RESOURCES_KEYS,
  RESTART_POLICY_KEYS,
} from "./service-keys.ts";
import { durationIn } from "./service-health.ts";
import type { ComposeService, Translating } from "./translated.ts";

const POLICIES: Readonly<Record<string, NonNullable<ServiceSpec["restart"]>>> = {
  none: "never",
  "on-failure": "on-failure",
  any: "always",
};

/** How many instances run, what each may use, and what happens when one ends. */
export function resourcesOf({ part }: ComposeService, context: Translating): Partial<ServiceSpec> {
  const { notes, values } = context;
  const deploy = child(part, "deploy");
  const given = child(deploy, "resources");
  const limits = child(given, "limits");
  checkKeys(deploy, DEPLOY_KEYS, notes, values);
  checkKeys(given, RESOURCES_KEYS, notes, values);
  checkKeys(limits, LIMITS_KEYS, notes, values);
  checkKeys(child(given, "reservations"), RESERVATIONS_KEYS, notes, values);
  checkKeys(child(deploy, "restart_policy"), RESTART_POLICY_KEYS, notes, values);

  const cpu = values.number(child(limits, "cpus") ?? child(part, "cpus"));
  const memory = sizeIn(child(limits, "memory") ?? child(part, "mem_limit"), context);
  const processes = values.integer(child(limits, "pids") ?? child(part, "pids_limit"));
  // Nought and less are no limit.
  const resources: NonNullable<ServiceSpec["resources"]> = {
    ...(memory !== undefined && memory > 0 && { memory: sizeText(memory) }),
    ...(cpu !== undefined && cpu > 0 && { cpu }),
    ...(processes !== undefined && processes > 0 && { processes }),
  };
  const replicas = values.integer(child(deploy, "replicas") ?? child(part, "scale"));
  const graceMs = durationIn(part, "stop_grace_period", context);
  return {
    ...(Object.keys(resources).length > 0 && { resources }),
    ...(replicas !== undefined && replicas !== 1 && { replicas }),
    ...(graceMs > 0 && { deploy: { grace: durationText(graceMs) } }),
    restart: restartOf(part, child(child(deploy, "restart_policy"), "condition"), context),
  };
}

function restartOf(
  part: Part,
  condition: Part | undefined,
  { notes, values }: Translating,
): NonNullable<ServiceSpec["restart"]> {
  const given = child(part, "restart");
  if (given === undefined && condition !== undefined) {
    const policy = POLICIES[values.text(condition) ?? ""];
    if (policy === undefined) notes.wrong(condition, "none, on-failure or any");
    return policy ?? "on-failure";
  }
  if (given === undefined) {
    notes.remark(part, "restart is on-failure: without one, Compose would leave a service that crashed down");
    return "on-failure";
  }
  const [policy, count] = (given.value === false ? "no" : (values.text(given) ?? "")).split(":");
  if (policy === "no") return "never";
  if (policy === "always" || policy === "unless-stopped") return "always";
  if (policy !== "on-failure") notes.wrong(given, "no, always, on-failure or unless-stopped");
  else if (count !== undefined) notes.ignored(given, "a service that crashes is tried again without end");
  return "on-failure";
}

/** An amount of memory in bytes; undefined where none is said. */
export function sizeIn(part: Part | undefined, { notes, values }: Translating): number | undefined {
  const text = values.text(part, "an amount of memory");
  if (part === undefined || text === undefined) return undefined;
  const bytes = text === "-1" ? 0 : sizeBytes(text);
  if (bytes === undefined) notes.wrong(part, 'an amount of memory such as "512m" or "1.5g"');
  return bytes;
}
