import type { Registry } from "@plinth/registry";
import { APP_LABEL, type Release, replicasOf, type ServiceSpec, type ServiceStatus } from "@plinth/resource";
import { serviceStatus } from "./app-status.ts";
import type { Fleet } from "./fleet.ts";
import { revisionOf } from "./revision.ts";
import { progressOf, waitsFor } from "./start-order.ts";
import type { Topology } from "./topology.ts";

export interface ServiceReportsOptions {
  readonly registry: Registry;
  readonly instances: Fleet;
  readonly topology: Topology;
}

/** The Service resources: what each service of a release looks like next to what it should be. */
export class ServiceReports {
  readonly #options: ServiceReportsOptions;

  constructor(options: ServiceReportsOptions) {
    this.#options = options;
  }

  status(target: Release, service: string, spec: ServiceSpec): ServiceStatus {
    const { app, secrets } = target.spec;
    const { instances, topology } = this.#options;
    const own = instances.list(app).filter((instance) => instance.spec.service === service);
    return serviceStatus({
      spec,
      revision: revisionOf(spec, secrets ?? {}),
      views: instances.views(app, service),
      restarts: own.reduce((sum, { status }) => sum + (status?.restarts ?? 0), 0),
      addresses: topology.addresses(app, service),
      waitsFor: this.waitsFor(target, spec),
    });
  }

  /** The first of the services that one starts after which is not as far as it has to be. */
  waitsFor(target: Release, spec: ServiceSpec): string | undefined {
    const { app, secrets, services } = target.spec;
    return waitsFor(spec, (name) => {
      const earlier = services[name];
      if (earlier === undefined) return "none";
      const revision = revisionOf(earlier, secrets ?? {});
      const views = this.#options.instances.views(app, name);
      const current = views.filter((view) => view.revision === revision && !view.leaving);
      return progressOf(current, replicasOf(earlier));
    });
  }

  /** Writes the services of a release and removes those it has no longer. */
  async write(target: Release): Promise<ServiceStatus[]> {
    const { registry } = this.#options;
    const { app, services } = target.spec;
    const statuses: ServiceStatus[] = [];
    for (const [service, spec] of Object.entries(services)) {
      const name = `${app}.${service}`;
      const draft = {
        metadata: { name, labels: { [APP_LABEL]: app } },
        spec: {
          app,
          service,
          replicas: replicasOf(spec),
          calls: [...(spec.calls ?? [])],
          ...(spec.port === undefined ? {} : { port: spec.port }),
        },
      };
      if (registry.get("Service", name) === undefined) await registry.create("Service", draft);
      else await registry.update("Service", draft);
      const status = this.status(target, service, spec);
      await registry.updateStatus("Service", name, status);
      statuses.push(status);
    }
    for (const { metadata, spec } of registry.list("Service", { [APP_LABEL]: app })) {
      if (services[spec.service] === undefined) await registry.purge("Service", metadata.name);
    }
    return statuses;
  }
}
