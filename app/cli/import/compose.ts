import type { Config, ServiceSpec } from "@plinth/resource";
import { basename, dirname } from "node:path";
import { checkKeys } from "./keys.ts";
import { Notes } from "./notes.ts";
import { type Part, child, isMap } from "./part.ts";
import { plinthName } from "./plinth-name.ts";
import { readCompose, surroundings } from "./read-compose.ts";
import { commandOf } from "./service-command.ts";
import { environmentOf } from "./service-environment.ts";
import { healthOf } from "./service-health.ts";
import { imageOf } from "./service-image.ts";
import { FILE_KEYS, SERVICE_KEYS, VOLUME_KEYS } from "./service-keys.ts";
import { aliasesOf, afterOf, conditionsOf, serviceNames } from "./service-names.ts";
import { networksOf } from "./service-networks.ts";
import { portsOf } from "./service-ports.ts";
import { resourcesOf } from "./service-resources.ts";
import { sandboxOf } from "./service-sandbox.ts";
import { checkFileObjects, checkVolumeNames, volumesOf } from "./service-volumes.ts";
import type { ComposeService, ImageBuild, Translated, Translating } from "./translated.ts";
import { Values } from "./values.ts";

export interface ComposeOptions {
  /** Where the config stands that the file becomes: paths in it are relative to this. Default: beside the file. */
  readonly directory?: string;
  /** A file beside it that is merged on top. */
  readonly override?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How the config names the image of a service that is built. */
  readonly builtImage: (app: string, service: string) => string;
}

/** A Compose file as Plinth's own config, with a note on everything that is not brought over. */
export function translateCompose(file: string, options: ComposeOptions): Translated {
  const { environment, override } = options;
  const notes = new Notes();
  const values = new Values(notes);
  const texts = new Map<string, string>();
  const around = surroundings(dirname(file), (name) => environment[name], notes);
  const asked = around("COMPOSE_PROJECT_NAME");
  const folder = basename(dirname(file));
  const lookup = (name: string): string | undefined =>
    around(name) ?? (name === "COMPOSE_PROJECT_NAME" ? plinthName(folder) : undefined);
  const root = readCompose(file, override, { notes, values, lookup, texts });
  const app = plinthName(asked ?? values.text(child(root, "name")) ?? folder);
  checkKeys(root, FILE_KEYS, notes, values);
  if (around("COMPOSE_FILE") !== undefined)
    notes.ignored(
      root,
      "COMPOSE_FILE is set, and this file is read all the same",
      "name the one that is meant",
    );
  if (isMap(root) && child(root, "services") === undefined) notes.wrong(root, "`services`");

  const chosen = chooseServices(root, around("COMPOSE_PROFILES") ?? "", { notes, values });
  const context: Translating = {
    notes,
    values,
    root,
    app,
    directory: options.directory ?? dirname(file),
    lookup,
    names: serviceNames(chosen, { notes }),
    folders: new Set(),
    portless: new Set(),
    unchecked: new Set(),
  };
  const services = [...chosen].map(([key, part]): ComposeService => ({
    key,
    name: context.names.get(key)!,
    part,
  }));
  for (const [, volume] of values.map(child(root, "volumes"))) checkKeys(volume, VOLUME_KEYS, notes, values);
  checkVolumeNames(context);
  checkFileObjects(context);
  const { config, builds } = configOf(services, context, options);
  return {
    config,
    notes: notes.sorted,
    builds,
    folders: [...context.folders],
    portless: context.portless,
    unchecked: context.unchecked,
    origin: (path) => originOf(path, root, services),
    serviceOf: ({ path: [section, key] }) =>
      section === "services" && typeof key === "string" ? context.names.get(key) : undefined,
    texts,
  };
}

function configOf(
  services: readonly ComposeService[],
  context: Translating,
  { builtImage }: ComposeOptions,
): { config: Config; builds: ImageBuild[] } {
  const { app, notes, values } = context;
  const aliases = aliasesOf(services, context);
  const networks = networksOf(services, context);
  const builds: ImageBuild[] = [];
  const config: Config = { name: app, services: {} };
  for (const service of services) {
    checkKeys(service.part, SERVICE_KEYS, notes, values);
    const image = imageOf(service, context);
    if (typeof image === "object") builds.push(image);
    const names = aliases.get(service.name) ?? [];
    const ports = portsOf(service, context);
    // In the order in which a reader of the config asks.
    const brought: ServiceSpec = {
      ...(image !== undefined && {
        image: typeof image === "string" ? image : builtImage(app, service.name),
      }),
      ...commandOf(service, context),
      ...ports,
      ...healthOf(service, context),
      ...environmentOf(service, context, ports.port),
      ...volumesOf(service, context),
      ...networks.get(service.name),
      ...(names.length > 0 && { aliases: names }),
      ...afterOf(service, context),
      ...sandboxOf(service, context),
      ...resourcesOf(service, context),
    };
    config.services[service.name] = brought;
  }
  remarkPortless(services, config, context);
  return { config, builds };
}

/** An image's ports are taken where a Compose file is run as it is, not where a config of its own takes its place. */
function remarkPortless(
  services: readonly ComposeService[],
  { services: specs }: Config,
  context: Translating,
): void {
  for (const { name, part } of services) {
    const waiting = Object.values(specs).map(({ after }) => after?.[name]);
    const isDialled = waiting.some((condition) => condition !== undefined && condition !== "completed");
    if (isDialled && context.portless.has(name) && specs[name]?.image !== undefined)
      context.notes.remark(
        part,
        "it says no port, which a Compose file has of the image; say `port`, so that others reach it",
      );
  }
}

/** Services of no profile, of one that is asked for, and those that others of them need. */
function chooseServices(
  root: Part,
  profiles: string,
  context: Pick<Translating, "notes" | "values">,
): ReadonlyMap<string, Part> {
  const { notes, values } = context;
  const asked = new Set(profiles.split(",").map((profile) => profile.trim()));
  const all = values.map(child(root, "services"), "services with their settings");
  const isAsked = (part: Part): boolean => {
    const own = values.texts(child(part, "profiles"));
    return own.length === 0 || own.some((profile) => asked.has(profile) || asked.has("*"));
  };
  const services = [...all].filter(([name, part]) => !name.startsWith("x-") && !isEmpty(part, context));
  const chosen = new Set(services.filter(([, part]) => isAsked(part)).map(([name]) => name));
  const needed: string[] = [];
  // A set is walked to its end also while it grows.
  for (const name of chosen) {
    for (const [other, { isRequired }] of conditionsOf(all.get(name)!, context)) {
      const part = all.get(other);
      if (!isRequired || part === undefined || chosen.has(other)) continue;
      chosen.add(other);
      needed.push(other);
    }
  }
  for (const [name, part] of services) {
    const given = child(part, "profiles");
    if (given === undefined) continue;
    if (needed.includes(name)) notes.ignored(given, "it runs all the same, because others depend on it");
    else if (!chosen.has(name))
      notes.ignored(given, "it is left out", "COMPOSE_PROFILES names the profiles that run");
  }
  return new Map(services.filter(([name]) => chosen.has(name)));
}

function isEmpty(part: Part, { notes }: Pick<Translating, "notes">): boolean {
  if (isMap(part)) return false;
  notes.wrong(part, "a service with its settings");
  return true;
}

/** Which keys of a Compose service a field is made of, where they are not called the same. */
const MADE_OF: Readonly<Record<string, readonly string[]>> = {
  image: ["build", "image"],
  port: ["expose", "ports"],
  extraPorts: ["ports", "expose"],
  publish: ["ports"],
  health: ["healthcheck"],
  env: ["environment", "env_file"],
  calls: ["networks", "network_mode"],
  egress: ["networks", "network_mode"],
  aliases: ["container_name", "hostname", "networks"],
  after: ["depends_on"],
  workdir: ["working_dir"],
  readOnlyRootfs: ["read_only"],
  capabilities: ["cap_add", "cap_drop"],
  seccomp: ["security_opt"],
  apparmor: ["security_opt"],
  stopSignal: ["stop_signal"],
  resources: ["deploy", "mem_limit", "cpus", "pids_limit"],
  replicas: ["deploy", "scale"],
  deploy: ["stop_grace_period"],
  volumes: ["volumes", "secrets", "configs"],
  tmpfs: ["tmpfs", "volumes", "shm_size"],
};

function originOf(
  path: readonly (string | number)[],
  root: Part,
  services: readonly ComposeService[],
): Part | undefined {
  const [section, name, field, ...rest] = path;
  if (section !== "services") return child(root, String(section)) ?? root;
  const service = services.find((one) => one.name === name);
  if (service === undefined || typeof field !== "string") return service?.part ?? root;
  const madeOf: readonly string[] = Object.hasOwn(MADE_OF, field) ? MADE_OF[field]! : [field];
  const key = madeOf.find((one) => child(service.part, one) !== undefined);
  const part = key === undefined ? undefined : child(service.part, key);
  const [inside] = rest;
  return (
    (field === "env" && inside !== undefined ? child(part, String(inside)) : undefined) ??
    part ??
    service.part
  );
}
