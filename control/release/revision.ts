import { createHash } from "node:crypto";
import { type AppSpec, replicasOf, type ServiceSpec } from "@plinth/resource";

/** The version of each secret that a spec names; absent ones are left out. */
export type SecretVersions = Readonly<Record<string, number>>;

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The names of the secrets a service's environment holds. */
export function secretsOf(spec: ServiceSpec): string[] {
  const names = new Set<string>();
  for (const value of Object.values(spec.env ?? {})) {
    if (typeof value === "object") names.add(value.secret);
  }
  return [...names].sort();
}

/** Those that Plinth makes itself when they are not set: the passwords of an app's stores. */
export function secretsMadeFor(spec: AppSpec): string[] {
  return Object.values(spec.services).flatMap((service) =>
    service.store === true ? secretsOf(service) : [],
  );
}

/** All secrets of an app, sorted. */
export function secretsOfApp(spec: AppSpec): string[] {
  return [...new Set(Object.values(spec.services).flatMap(secretsOf))].sort();
}

/**
 * Fingerprint of all that would make a different process. Replicas, deploy settings, what the proxy takes it for, what
 * it waits for and how its lines are read do not; of the kept source only its digest counts, since the copy's path changes with any file of the
 * project; so it is with images and their names.
 */
export function revisionOf(spec: ServiceSpec, secrets: SecretVersions): string {
  const {
    replicas: _replicas,
    deploy: _deploy,
    protocol: _protocol,
    policy: _policy,
    routes: _routes,
    publish: _publish,
    aliases: _aliases,
    after: _after,
    extraPorts: _extraPorts,
    logs: _logs,
    source,
    image,
    ...rest
  } = spec;
  const versions = Object.fromEntries(secretsOf(spec).map((name) => [name, secrets[name] ?? 0]));
  const named = spec.imageDigest === undefined ? image : undefined;
  return digest({ ...rest, image: named, source: source?.digest, secrets: versions }).slice(0, 16);
}

/** Fingerprint of a whole release: equal ones are the same release. */
export function releaseDigest(spec: AppSpec, secrets: SecretVersions): string {
  const services = Object.entries(spec.services).map(([name, service]): [string, unknown] => [
    name,
    [
      revisionOf(service, secrets),
      replicasOf(service),
      service.deploy ?? {},
      service.protocol ?? "auto",
      // Left out where there are none, so that releases from before they could be said keep their digest.
      ...(service.policy === undefined ? [] : [service.policy]),
      ...(service.routes === undefined ? [] : [{ routes: service.routes }]),
      ...(["publish", "aliases", "after", "extraPorts", "logs"] as const).flatMap((key) =>
        service[key] === undefined ? [] : [{ [key]: service[key] }],
      ),
    ],
  ]);
  return digest({ services: Object.fromEntries(services), ingress: spec.ingress ?? {} });
}
