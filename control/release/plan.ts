import {
  type AppSpec,
  type FieldChange,
  type IngressChange,
  type Plan,
  type ServiceChange,
  type ServiceSpec,
  serviceSettings,
} from "@plinth/resource";
import { canonicalJson, revisionOf, secretsMadeFor, secretsOfApp, type SecretVersions } from "./revision.ts";
import { DIGEST_CHARACTERS, type HostAbility, imageText, sandboxNotes } from "./sandbox-notes.ts";
import { stopFirstReason } from "./stop-first.ts";

/** Compares what is with what is asked for. `before` is undefined for an app that is not there yet. Pure. */
export function planApp(
  before: { readonly spec: AppSpec; readonly secrets: SecretVersions } | undefined,
  after: {
    readonly spec: AppSpec;
    readonly secrets: SecretVersions;
    /** Where each instance has a network of its own, fixed ports are no limit. Default: neither. */
    readonly host?: HostAbility;
  },
): Plan {
  const host = after.host ?? { ownNetworks: false, rootless: false };
  const names = new Set([...Object.keys(before?.spec.services ?? {}), ...Object.keys(after.spec.services)]);
  const changes = [...names].sort().map((name) => {
    const old = before?.spec.services[name];
    const next = after.spec.services[name];
    return planService(
      name,
      old && [old, revisionOf(old, before.secrets)],
      next && [next, revisionOf(next, after.secrets)],
      host,
    );
  });
  const ingress = planIngress(before?.spec.ingress ?? {}, after.spec.ingress ?? {});
  const made = new Set(secretsMadeFor(after.spec));
  const named = secretsOfApp(after.spec).filter(
    (name) => after.secrets[name] !== undefined || !made.has(name),
  );
  const secrets = named.map((name): Plan["secrets"][number] => {
    const version = after.secrets[name];
    if (version === undefined) return { name, change: "missing" };
    return {
      name,
      change: before === undefined || before.secrets[name] === version ? "unchanged" : "changed",
    };
  });
  const notes = secrets
    .filter(({ change }) => change === "missing")
    .map(({ name }) => `Secret "${name}" is not set: run plinth secrets set ${name}`);
  return {
    changes,
    ingress,
    secrets,
    notes,
    unchanged: ingress.length === 0 && changes.every(({ action }) => action === "unchanged"),
  };
}

function planIngress(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): IngressChange[] {
  const hosts = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...hosts]
    .sort()
    .map((host) => ({ host, before: before[host] ?? null, after: after[host] ?? null }))
    .filter((change) => change.before !== change.after);
}

type Revised = readonly [spec: ServiceSpec, revision: string];

function planService(
  service: string,
  before: Revised | undefined,
  after: Revised | undefined,
  host: HostAbility,
): ServiceChange {
  if (before === undefined)
    return {
      service,
      action: "create",
      fields: [],
      notes: after ? [...imageNote(after[0]), ...notesOf(after[0], false, host)] : [],
    };
  if (after === undefined) return { service, action: "remove", fields: [], notes: [] };
  const fields = differences(shown(before[0]), shown(after[0]), "");
  const replaced = before[1] !== after[1];
  const action = replaced
    ? "replace"
    : fields.length === 0
      ? "unchanged"
      : fields.every(({ path }) => path === "replicas")
        ? "scale"
        : "update";
  return {
    service,
    action,
    fields,
    notes: action === "unchanged" ? [] : notesOf(after[0], replaced, host),
  };
}

/** A change of it is told as what changed. */
const imageNote = (spec: ServiceSpec): string[] =>
  spec.image === undefined ? [] : [`Image ${imageText(spec)}`];

function notesOf(spec: ServiceSpec, replaced: boolean, host: HostAbility): string[] {
  const notes: string[] = [];
  if (spec.store === true) {
    if (replaced) notes.push("A store is replaced stop-first: requests wait, and watches go on afterwards");
    return notes;
  }
  const { fixedPort, holdMs } = serviceSettings(spec);
  const reason = stopFirstReason(spec, host.ownNetworks);
  const meanwhile = `replaced stop-first; requests wait up to ${holdMs / 1000} s meanwhile`;
  if (reason === "port")
    notes.push(`Fixed port ${fixedPort}: one instance per host${replaced ? `, ${meanwhile}` : ""}`);
  if (reason === "volume" && replaced) notes.push(`It writes to a volume: ${meanwhile}`);
  notes.push(...sandboxNotes(spec, host));
  if (spec.source === undefined && spec.image === undefined && spec.address === undefined)
    notes.push("Its files are not kept: it runs in place, and a rollback cannot bring them back");
  if (spec.health === undefined)
    notes.push("No health check: an instance counts as ready once its port accepts a connection");
  return notes;
}

/** Where the kept copy lies is our business; whether its content changed is the user's. */
function shown(spec: ServiceSpec): unknown {
  const { source, imageDigest: _shownWithItsName, image, ...rest } = spec;
  return {
    ...rest,
    ...(source !== undefined && { source: source.digest.slice(0, DIGEST_CHARACTERS) }),
    ...(image !== undefined && { image: imageText(spec) }),
  };
}

function differences(before: unknown, after: unknown, path: string): FieldChange[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (areNamed(before) && areNamed(after)) return namedDifferences(before, after, path);
  if (!isPlainObject(before) || !isPlainObject(after))
    return [{ path, before: before ?? null, after: after ?? null }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys]
    .sort()
    .flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}.${key}`));
}

type Named = Readonly<Record<string, unknown>> & { readonly name: string };

const areNamed = (value: unknown): value is readonly Named[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isPlainObject(item) && "name" in item);

/** What differs in each of the entries, and whether those that stay are in another order. */
function namedDifferences(before: readonly Named[], after: readonly Named[], path: string): FieldChange[] {
  const byName = (list: readonly Named[]): object =>
    Object.fromEntries(list.map((each) => [each.name, each]));
  const names = (list: readonly Named[], others: readonly Named[]): string[] =>
    list.map(({ name }) => name).filter((name) => others.some((other) => other.name === name));
  const [old, next] = [names(before, after), names(after, before)];
  const order = old.join() === next.join() ? [] : [{ path, before: old, after: next }];
  return [...order, ...differences(byName(before), byName(after), path)];
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
