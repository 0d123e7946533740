import type { ServiceSpec } from "@plinth/resource";
import { checkKeys } from "./keys.ts";
import { child, isMap } from "./part.ts";
import { NETWORK_KEYS } from "./service-keys.ts";
import { conditionsOf } from "./service-names.ts";
import { saysPorts } from "./service-ports.ts";
import type { ComposeService, Translating } from "./translated.ts";

const DEFAULT = "default";

/** Who may call whom, and who may call outside, of the networks that services are on. */
export function networksOf(
  services: readonly ComposeService[],
  context: Translating,
): ReadonlyMap<string, Partial<ServiceSpec>> {
  const { notes, values, root } = context;
  const declared = values.map(child(root, "networks"));
  for (const [, network] of declared) checkKeys(network, NETWORK_KEYS, notes, values);
  const isInternal = (network: string): boolean =>
    values.flag(child(declared.get(network), "internal")) === true;
  const jobs = oneShot(services, context);
  const on = new Map(services.map((service) => [service.name, networksOn(service, context)]));
  const result = new Map<string, Partial<ServiceSpec>>();
  for (const { name } of services) {
    const own = on.get(name)!;
    const calls = services
      .map((other) => other.name)
      .filter((other) => other !== name && !jobs.has(other) && meet(own, on.get(other)!));
    const isClosed = [...own].every(isInternal); // also without any network
    result.set(name, {
      ...(calls.length > 0 && { calls }),
      ...(isClosed && { egress: { allow: [] } }),
    });
  }
  return result;
}

const meet = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  [...one].some((network) => other.has(network));

function networksOn({ part }: ComposeService, { notes, values, root }: Translating): ReadonlySet<string> {
  const mode = child(part, "network_mode");
  const text = values.text(mode);
  if (mode !== undefined && text !== undefined) {
    const others = child(part, "networks");
    if (others !== undefined)
      notes.refused(others, "`networks` and `network_mode` exclude each other", "keep one");
    if (text === "none") return new Set();
    if (text !== "bridge" && text !== DEFAULT) {
      const instead = "publish the ports it serves, and dial others by their names";
      notes.refused(mode, "an instance has a network of its own, not another's or the machine's", instead);
    }
    return new Set([DEFAULT]);
  }
  const given = child(part, "networks");
  const declared = values.map(child(root, "networks"));
  const on = new Set(isMap(given) ? given.value.keys() : values.texts(given));
  for (const network of on) {
    if (network === DEFAULT || declared.has(network)) continue;
    notes.unknown(
      (isMap(given) ? given.value.get(network) : undefined) ?? given!,
      "network",
      network,
      declared.keys(),
    );
  }
  return on.size === 0 ? new Set([DEFAULT]) : on;
}

/** Services that do something once, which nobody can call: others wait for their end, or they are not restarted. */
export function oneShot(services: readonly ComposeService[], context: Translating): ReadonlySet<string> {
  const jobs = new Set<string>();
  for (const service of services) {
    for (const [key, { condition }] of conditionsOf(service.part, context)) {
      const name = context.names.get(key);
      if (condition === "completed" && name !== undefined) jobs.add(name);
    }
    const restart = child(service.part, "restart")?.value;
    if ((restart === "no" || restart === false) && !saysPorts(service, context)) jobs.add(service.name);
  }
  return jobs;
}
