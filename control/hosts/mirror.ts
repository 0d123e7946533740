import { join } from "node:path";
import type { Registry } from "@plinth/registry";
import type { Instance, KindName, KindTypes, Release, ServiceSpec } from "@plinth/resource";
import type { WorldContent } from "./messages.ts";

export interface MirrorOptions {
  readonly registry: Registry;
  /** Whether an instance runs on this host: those are not the mirror's. */
  readonly isOwn: (spec: Instance["spec"]) => boolean;
  readonly secrets: {
    set(name: string, value: Uint8Array): Promise<unknown>;
    delete(name: string): Promise<void>;
  };
  /** HOME/sources. */
  readonly sources: string;
}

/** A joined host's registry as a picture of what it was told, so that all that reads resources works there as well. */
export class Mirror {
  readonly #options: MirrorOptions;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  async take({ hosts, apps, releases, instances, secrets }: WorldContent): Promise<void> {
    const { isOwn } = this.#options;
    await this.#takeSecrets(secrets);
    await this.#replace("Host", hosts);
    await this.#replace("App", apps);
    await this.#replace(
      "Release",
      releases.map((release) => this.#atHome(release)),
    );
    await this.#replace(
      "Instance",
      instances.filter(({ spec }) => !isOwn(spec)),
      ({ spec }) => !isOwn(spec),
    );
  }

  /** A release as it is here: the files of its services lie in this home. */
  #atHome(release: Release): Release {
    const services = Object.fromEntries(
      Object.entries(release.spec.services).map(([name, spec]): [string, ServiceSpec] => {
        const [, path] = /\/sources\/([0-9a-f]{64}(?:\/.*)?)$/.exec(spec.source?.directory ?? "") ?? [];
        if (spec.source === undefined || path === undefined) return [name, spec];
        return [name, { ...spec, source: { ...spec.source, directory: join(this.#options.sources, path) } }];
      }),
    );
    return { ...release, spec: { ...release.spec, services } };
  }

  /** Makes the resources of a kind, as far as they concern the mirror, equal to those given. */
  async #replace<K extends KindName>(
    kind: K,
    wanted: readonly KindTypes[K][],
    concerns: (resource: KindTypes[K]) => boolean = () => true,
  ): Promise<void> {
    const { registry } = this.#options;
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    for (const resource of registry.list(kind)) {
      if (concerns(resource) && !names.has(resource.metadata.name))
        await registry.purge(kind, resource.metadata.name);
    }
    for (const { metadata, spec, status } of wanted) {
      const { name, labels, annotations } = metadata;
      const draft = {
        metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
        spec,
      };
      if (registry.get(kind, name) === undefined) await registry.create(kind, draft);
      else await registry.update(kind, draft);
      if (status !== undefined) await registry.updateStatus(kind, name, status);
    }
  }

  async #takeSecrets(values: Readonly<Record<string, string>>): Promise<void> {
    const { registry, secrets } = this.#options;
    for (const [name, value] of Object.entries(values)) await secrets.set(name, Buffer.from(value));
    for (const { metadata } of registry.list("Secret")) {
      if (!Object.hasOwn(values, metadata.name)) await secrets.delete(metadata.name);
    }
  }
}
