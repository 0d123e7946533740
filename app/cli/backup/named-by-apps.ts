import type { Client } from "@plinth/client";
import { volumesOf } from "@plinth/resource";

/** What the state refers to and does not hold. */
export interface NamedByApps {
  /** Names of kept sources. */
  readonly sources: readonly string[];
  /** "APP/STORE". */
  readonly stores: readonly string[];
  /** "APP/SERVICE" of those that run where their project lies, without a copy of its files. */
  readonly inPlace: readonly string[];
  /** "APP/SERVICE" of those that are of an image. */
  readonly images: readonly string[];
  /** "APP/VOLUME". */
  readonly volumes: readonly string[];
  /** Another text where a spec was changed, even if it was changed back. */
  readonly stamp: string;
}

/** `sources`: the home's directory of kept sources. */
export async function namedByApps(
  client: Pick<Client, "list">,
  sources: string,
  signal: AbortSignal,
): Promise<NamedByApps> {
  const apps = (await client.list("App", { signal })).items;
  const releases = (await client.list("Release", { signal })).items;
  const kept = new Set<string>();
  for (const { services } of [...apps, ...releases].map(({ spec }) => spec)) {
    for (const { source } of Object.values(services)) {
      if (source?.directory.startsWith(`${sources}/`) !== true) continue;
      kept.add(source.directory.slice(sources.length + 1).split("/")[0]!);
    }
  }
  const services = apps.flatMap(({ metadata, spec }) =>
    Object.entries(spec.services).map(([name, service]) => ({ name: `${metadata.name}/${name}`, service })),
  );
  return {
    sources: [...kept].sort(),
    stores: namesOf(services.filter(({ service }) => service.store === true)),
    inPlace: namesOf(
      services.filter(
        ({ service }) =>
          service.store !== true && service.source === undefined && service.image === undefined,
      ),
    ),
    images: namesOf(services.filter(({ service }) => service.image !== undefined)),
    volumes: [
      ...new Set(
        apps.flatMap(({ metadata, spec }) =>
          Object.values(spec.services)
            .flatMap(volumesOf)
            .flatMap((volume) => ("name" in volume ? [`${metadata.name}/${volume.name}`] : [])),
        ),
      ),
    ].sort(),
    stamp: JSON.stringify(
      [...apps, ...releases].map(({ metadata }) => [metadata.name, metadata.uid, metadata.generation]),
    ),
  };
}

function namesOf(services: readonly { readonly name: string }[]): string[] {
  return services.map(({ name }) => name).sort();
}
