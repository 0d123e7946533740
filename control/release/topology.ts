import { type AppView, type PairAddresses, STORE_PORT } from "@plinth/discovery";
import type { Registry } from "@plinth/registry";
import { type App, type Instance, publishedPorts, type Release, type ServiceSpec } from "@plinth/resource";
import type { Mesh } from "./mesh.ts";
import type { Fleet } from "./fleet.ts";
import type { Releases } from "./releases.ts";

export interface TopologyOptions {
  readonly registry: Registry;
  readonly instances: Fleet;
  readonly releases: Releases;
  readonly pairs: PairAddresses;
  /** Undefined in cooperative mode. */
  readonly mesh?: Mesh | undefined;
  /** Called when the pairs of an app have changed. */
  readonly onTopology: () => void;
}

type Pair = Pick<AppView["pairs"][number], "caller" | "callee">;

/** Who may be reached where: what the proxy is told of each app. */
export class Topology {
  readonly #options: TopologyOptions;
  readonly #pairs: Map<string, AppView["pairs"]> = new Map();
  /** Virtual addresses by service, by app. */
  readonly #virtual: Map<string, Readonly<Record<string, string>>> = new Map();

  constructor(options: TopologyOptions) {
    this.#options = options;
  }

  /** The release an app's instances are being brought to. */
  target(app: App): Release | undefined {
    return this.#options.releases.find(app.metadata.name, app.status?.targetRelease);
  }

  /** What an instance was made from. */
  specOf(instance: Instance): ServiceSpec | undefined {
    const { app, release, service } = instance.spec;
    return this.#options.releases.find(app, release)?.spec.services[service];
  }

  views(): AppView[] {
    const { registry, instances, releases } = this.#options;
    return registry.list("App").flatMap((app): AppView[] => {
      const { name } = app.metadata;
      const target = this.target(app);
      if (target === undefined) return [];
      const serving = instances.serving(name);
      // A service that the target has no longer answers for as long as an instance of it does.
      const going = serving.flatMap((instance): [string, ServiceSpec][] => {
        const spec = this.specOf(instance);
        return spec === undefined ? [] : [[instance.spec.service, spec]];
      });
      // Host names move to a new release once it is ready as a whole, not while it may still be halted.
      const entrance = releases.find(name, app.status?.activeRelease) ?? target;
      return [
        {
          app: name,
          services: { ...Object.fromEntries(going), ...target.spec.services },
          ingress: entrance.spec.ingress ?? {},
          published: publishedPorts(entrance.spec),
          pairs: this.#pairs.get(name) ?? [],
          serving,
          local: instances.local(name),
          notReady: notReadyOf(instances.list(name)),
          ...(this.#options.mesh === undefined
            ? {}
            : { transparent: { virtualAddresses: this.#virtual.get(name) ?? {} } }),
        },
      ];
    });
  }

  /** Gives each pair that `services` or running instances need its address. */
  async learn(app: string, services: Readonly<Record<string, ServiceSpec>>): Promise<void> {
    const { mesh, pairs: addresses } = this.#options;
    if (mesh !== undefined) await this.#learnVirtual(app, services, mesh);
    const inside = mesh === undefined ? this.#insidePairs(app, services) : [];
    const known = this.#pairs.get(app) ?? [];
    const all = new Map(
      [...inside, ...addresses.outside(app)].map((pair) => [`${pair.caller}/${pair.callee}`, pair]),
    );
    if (known.length === all.size && known.every(({ caller, callee }) => all.has(`${caller}/${callee}`)))
      return;
    const pairs = [];
    for (const { caller, callee } of all.values()) {
      pairs.push({ caller, callee, ...(await this.#options.pairs.allocate(app, caller, callee)) });
    }
    this.#pairs.set(app, pairs);
    this.#options.onTopology();
  }

  #insidePairs(app: string, services: Readonly<Record<string, ServiceSpec>>): Pair[] {
    const wanted = Object.entries(services).flatMap(([caller, { calls }]) =>
      (calls ?? []).map((callee) => ({ caller, callee })),
    );
    // Pairs of the release before stay until no instance of it does: its environment names their addresses.
    const running = this.#options.instances.local(app).flatMap((instance) => {
      const calls = this.specOf(instance)?.calls ?? [];
      return calls.map((callee) => ({ caller: instance.spec.service, callee }));
    });
    return [...wanted, ...running];
  }

  /** Gives each service its virtual address, held by the host before the proxy hears of it. */
  async #learnVirtual(
    app: string,
    services: Readonly<Record<string, ServiceSpec>>,
    mesh: Mesh,
  ): Promise<void> {
    const known = this.#virtual.get(app) ?? {};
    const missing = Object.keys(services).filter((service) => known[service] === undefined);
    if (missing.length === 0) return;
    const all = { ...known };
    for (const service of missing) all[service] = await mesh.addresses.service(app, service);
    await mesh.networks.setVirtualAddresses(mesh.addresses.services());
    this.#virtual.set(app, all);
    this.#options.onTopology();
  }

  /** The URLs of the services that an instance calls, by their names. */
  async callees(instance: Instance, spec: ServiceSpec): Promise<Record<string, string>> {
    const { app, service } = instance.spec;
    const found: Record<string, string> = {};
    const services = this.#options.releases.find(app, instance.spec.release)?.spec.services;
    for (const callee of spec.calls ?? []) {
      const isStore = services?.[callee]?.store === true;
      const scheme = isStore ? "etcd" : "http";
      if (this.#options.mesh !== undefined) {
        found[callee] = `${scheme}://${callee}${isStore ? `:${STORE_PORT}` : ""}`;
        continue;
      }
      const { address, port } = await this.#options.pairs.allocate(app, service, callee);
      found[callee] = `${scheme}://${address}:${port}`;
    }
    return found;
  }

  /** Callers' addresses for a service, by caller; "*" for all where they dial its name. */
  addresses(app: string, service: string): Record<string, string> {
    if (this.#options.mesh !== undefined) return { "*": `http://${service}` };
    const addresses: Record<string, string> = {};
    for (const { caller, callee, address, port } of this.#pairs.get(app) ?? []) {
      if (callee === service) addresses[caller] = `http://${address}:${port}`;
    }
    return addresses;
  }

  async forget(app: string): Promise<void> {
    const { mesh, pairs } = this.#options;
    this.#pairs.delete(app);
    this.#virtual.delete(app);
    await pairs.release(app);
    if (mesh === undefined) return;
    await mesh.addresses.releaseApp(app);
    await mesh.networks.setVirtualAddresses(mesh.addresses.services());
  }
}

/** How many instances of each service are in which state, for services of which none is ready. */
function notReadyOf(instances: readonly Instance[]): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [service, own] of Map.groupBy(instances, ({ spec }) => spec.service)) {
    if (own.some(({ status }) => status?.state === "Ready")) continue;
    const states = Map.groupBy(own, ({ status }) => (status?.state ?? "Pending").toLowerCase());
    told[service] = [...states].map(([state, { length }]) => `${length} ${state}`).join(", ");
  }
  return told;
}
