import type { ServiceSpec } from "@plinth/resource";
import { ALIAS } from "../schema-bounds.ts";
import { checkKeys, namesText } from "./keys.ts";
import { type Part, child, isMap } from "./part.ts";
import { plinthName } from "./plinth-name.ts";
import { DEPENDS_ON_KEYS, SERVICE_NETWORK_KEYS } from "./service-keys.ts";
import type { ComposeService, Condition, Translating } from "./translated.ts";

const CONDITIONS: Readonly<Record<string, Condition>> = {
  service_started: "started",
  service_healthy: "ready",
  service_completed_successfully: "completed",
};

/** Plinth's names of services by those in the file; two that become one are refused. */
export function serviceNames(
  services: ReadonlyMap<string, Part>,
  { notes }: Pick<Translating, "notes">,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Map<string, string>();
  for (const [key, part] of services) {
    const name = plinthName(key);
    const other = taken.get(name);
    if (other !== undefined)
      notes.refused(part, `${namesText([other, key])} are both ${name} in Plinth's letters`, "rename one");
    taken.set(name, key);
    names.set(key, name);
  }
  return names;
}

/** What a service waits for, by their Compose names. */
export function conditionsOf(
  part: Part,
  { notes, values }: Pick<Translating, "notes" | "values">,
): Map<string, Waiting> {
  const given = child(part, "depends_on");
  const waiting = new Map<string, Waiting>();
  if (!isMap(given)) {
    for (const each of values.list(given, "a list of services, or a map of them")) {
      const name = values.text(each);
      if (name !== undefined) waiting.set(name, { part: each, condition: "started", isRequired: true });
    }
    return waiting;
  }
  for (const [name, each] of given.value) {
    checkKeys(each, DEPENDS_ON_KEYS, notes, values);
    const said = child(each, "condition");
    const condition = said === undefined ? "started" : CONDITIONS[values.text(said) ?? ""];
    if (condition === undefined) notes.wrong(said!, Object.keys(CONDITIONS).join(", "));
    else
      waiting.set(name, { part: each, condition, isRequired: values.flag(child(each, "required")) ?? true });
  }
  return waiting;
}

export interface Waiting {
  readonly part: Part;
  readonly condition: Condition;
  readonly isRequired: boolean;
}

/** `after` of `depends_on`. */
export function afterOf({ part }: ComposeService, context: Translating): Partial<ServiceSpec> {
  const after: Record<string, Condition> = {};
  for (const [key, { part: at, condition, isRequired }] of conditionsOf(part, context)) {
    const name = context.names.get(key);
    if (name !== undefined) after[name] = condition;
    else if (isRequired) context.notes.unknown(at, "service", key, context.names.keys());
  }
  return Object.keys(after).length === 0 ? {} : { after };
}

/** Further names of every service, by its Plinth name. */
export function aliasesOf(
  services: readonly ComposeService[],
  context: Translating,
): ReadonlyMap<string, string[]> {
  const { notes, values, names } = context;
  const owners = new Map(services.map(({ name }) => [name, name]));
  const aliases = new Map<string, string[]>(services.map(({ name }) => [name, []]));
  const add = (service: string, text: string, part: Part): void => {
    const alias = text.toLowerCase();
    const owner = owners.get(alias);
    if (owner === service) return;
    if (owner !== undefined)
      return notes.refused(
        part,
        `${JSON.stringify(owner)} is called ${JSON.stringify(alias)} already`,
        "give each service a name of its own",
      );
    if (!ALIAS.test(alias))
      return notes.refused(
        part,
        `${JSON.stringify(text)} is no name of a host`,
        "use letters, digits, dots and hyphens, at most 63",
      );
    owners.set(alias, service);
    aliases.get(service)?.push(alias);
  };
  for (const { key, name, part } of services) {
    add(name, key, part);
    for (const word of ["container_name", "hostname"]) {
      const given = child(part, word);
      const text = values.text(given);
      if (given === undefined || text === undefined) continue;
      add(name, text, given);
      if (word === "hostname")
        notes.ignored(given, "an instance's own host name is Plinth's; others reach it by this one");
    }
    const networks = child(part, "networks");
    for (const [, each] of isMap(networks) ? networks.value : []) {
      checkKeys(each, SERVICE_NETWORK_KEYS, notes, values);
      for (const alias of values.list(child(each, "aliases"))) {
        const text = values.text(alias);
        if (text !== undefined) add(name, text, alias);
      }
    }
    for (const each of values.list(child(part, "links"))) {
      const [to = "", alias] = (values.text(each) ?? "").split(":");
      const linked = names.get(to);
      if (linked === undefined) notes.unknown(each, "service", to, names.keys());
      else if (alias !== undefined && alias !== linked) {
        add(linked, alias, each);
        notes.ignored(each, `${linked} is called ${alias} by every service, not by this one alone`);
      }
    }
  }
  return aliases;
}
