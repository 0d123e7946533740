import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import {
  APP_LABEL,
  type Instance,
  type InstanceStatus,
  type ServiceSpec,
  SERVICE_LABEL,
  serviceSettings,
  STOP_ANNOTATION,
} from "@plinth/resource";
import type { InstanceRunner } from "@plinth/run";
import { driverOf } from "./drivers.ts";
import {
  type Drainer,
  type InstanceOrder,
  type InstanceSet,
  instanceName,
  leavingState,
  stateOf,
} from "./instance-set.ts";
import { USUAL_PORT } from "./mesh.ts";
import { type Candidate, placeInstance } from "./placement.ts";
import type { InstanceView } from "./rollout.ts";

/** What is known of the hosts there are. */
export interface Hosts {
  /** Hosts that may get new instances, this one included. */
  candidates(): readonly Candidate[];
  /** Whether instances of another host can be reached; `undefined` is the first host. */
  isReachable(host: string | undefined): boolean;
  /** Whether what a host has is to be replaced elsewhere. */
  isLeaving(host: string): boolean;
}

export interface FleetOptions {
  readonly registry: Registry;
  /** Those that run here. */
  readonly own: InstanceSet;
  readonly hosts: Hosts;
  readonly drainer: Drainer;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** As of `InstanceSet`. */
  readonly onChange: (app: string, serving: boolean) => void;
}

const RETRY_MS = 1000;
/** Instead of the revision of what has to be replaced whatever it is: no target has it. */
const UNWANTED = "unwanted";

/**
 * The instances of every host. What runs here is `own`'s; what runs elsewhere stands in the registry: placed and told
 * to leave by the first host, started, watched and stopped by its own host, whose reports are its status.
 */
export class Fleet {
  readonly #options: FleetOptions;
  /** Instances of other hosts that are being drained. */
  readonly #leaving: Map<string, Promise<void>> = new Map();
  /** Those of them that requests may still be led to. */
  readonly #routed: Set<string> = new Set();
  /** What an instance was made from. */
  #specOf: (instance: Instance) => ServiceSpec | undefined = () => undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Takes over what runs here, and goes on letting go of what was leaving elsewhere. */
  async adopt(specOf: (instance: Instance) => ServiceSpec | undefined): Promise<void> {
    this.#specOf = specOf;
    await this.#options.own.adopt(specOf);
    for (const { metadata } of this.#elsewhere()) {
      if (metadata.deletionTimestamp !== undefined) this.leave(metadata.name);
    }
  }

  views(app: string, service: string): InstanceView[] {
    const elsewhere = this.#elsewhere(app)
      .filter(({ spec }) => spec.service === service)
      .map((instance): InstanceView => ({
        name: instance.metadata.name,
        revision: this.#isUnwanted(instance) ? UNWANTED : instance.spec.revision,
        state: stateOf(instance.status ?? {}),
        leaving: this.isLeaving(instance.metadata.name),
        isRouted: this.#routed.has(instance.metadata.name),
      }));
    return [...this.#options.own.views(app, service), ...elsewhere];
  }

  #isUnwanted({ spec: { host } }: Instance): boolean {
    return host !== undefined && this.#options.hosts.isLeaving(host);
  }

  /** Instances of an app with their present status, those that run here first. */
  list(app?: string): Instance[] {
    return [...this.#options.own.list(app), ...this.#elsewhere(app)];
  }

  /** Those of them that run here. */
  local(app?: string): Instance[] {
    return this.#options.own.list(app);
  }

  /** Those that may get new requests. */
  serving(app: string): Instance[] {
    const elsewhere = this.#elsewhere(app).filter(
      ({ metadata, status }) => status?.state === "Ready" && metadata.deletionTimestamp === undefined,
    );
    return [...this.#options.own.serving(app), ...elsewhere];
  }

  /** Whether an instance has been told to go. */
  isLeaving(name: string): boolean {
    if (this.#options.own.isLeaving(name) || this.#leaving.has(name)) return true;
    return this.#options.registry.get("Instance", name)?.metadata.deletionTimestamp !== undefined;
  }

  /** Of an instance that runs here. */
  runner(name: string): InstanceRunner | undefined {
    return this.#options.own.runner(name);
  }

  /** Whether there is a host of this name, be it away just now. */
  isHost(name: string): boolean {
    const { hosts, registry } = this.#options;
    return hosts.candidates().some((one) => one.name === name) || registry.get("Host", name) !== undefined;
  }

  /** Starts one more, on the host with the fewest. */
  async create(order: InstanceOrder): Promise<void> {
    const { registry, own, hosts, log, onChange } = this.#options;
    const { app, service, release, revision, spec } = order;
    const place = placeInstance(spec, order, hosts.candidates(), registry.list("Instance"));
    if (place === undefined) {
      log.warn("no host for an instance", { app, service, hosts: (spec.hosts ?? []).join(",") });
      return;
    }
    const { host } = place;
    if (host === undefined) return own.create(order);
    await registry.create("Instance", {
      metadata: { name: instanceName(order), labels: { [APP_LABEL]: app, [SERVICE_LABEL]: service } },
      spec: {
        app,
        service,
        release,
        revision,
        driver: driverOf(spec),
        port: spec.port ?? USUAL_PORT,
        host,
      },
      status: { state: "Pending", restarts: 0 },
    });
    onChange(app, false);
  }

  /** Drains and stops an instance and forgets it. Repeated calls are one. */
  leave(name: string): void {
    const { own, clock, log, registry } = this.#options;
    if (own.runner(name) !== undefined) return own.leave(name);
    const instance = registry.get("Instance", name);
    if (instance === undefined || this.#leaving.has(name)) return;
    const leaving = this.#letGo(instance).catch((error: unknown) => {
      this.#leaving.delete(name);
      if (this.#options.signal.aborted) return;
      log.error("cannot let an instance go; trying again", { instance: name, error: messageOf(error) });
      clock.schedule(RETRY_MS, () => this.leave(name));
    });
    this.#leaving.set(name, leaving);
  }

  /** Lets all of an app go, callers first; to be called again after each change until none is left. */
  leaveAll(app: string): void {
    this.#options.own.leaveAll(app);
    for (const { metadata } of this.#elsewhere(app)) this.leave(metadata.name);
  }

  async #letGo(instance: Instance): Promise<void> {
    const { registry, drainer, onChange, signal, hosts } = this.#options;
    const { name } = instance.metadata;
    const { app, host } = instance.spec;
    const spec = this.#specOf(instance);
    const mayServe = leavingState(instance.status ?? {}) === "Draining";
    const unrouted = (): void => {
      if (this.#routed.delete(name)) onChange(app, false);
    };
    if (mayServe && spec !== undefined) this.#routed.add(name);
    await registry.delete("Instance", name);
    onChange(app, true);
    if (mayServe && spec !== undefined)
      await drainer.drain(name, serviceSettings(spec).drainMs, unrouted).finally(unrouted);
    signal.throwIfAborted();
    const left = registry.get("Instance", name);
    // A host that is gone tells nothing more; if it comes back, it learns that the instance is no longer wanted.
    if (left === undefined || !hosts.isReachable(host)) return this.#forget(name, app);
    const { labels, annotations } = left.metadata;
    await registry.update("Instance", {
      metadata: {
        name,
        ...(labels && { labels }),
        annotations: { ...annotations, [STOP_ANNOTATION]: "drained" },
      },
      spec: left.spec,
    });
    onChange(app, false);
  }

  async #forget(name: string, app: string): Promise<void> {
    await this.#options.registry.purge("Instance", name);
    this.#leaving.delete(name);
    this.#options.onChange(app, true);
  }

  /** Takes over what a host says of its instances; what it has stopped as told is forgotten. */
  async reported(host: string, statuses: Readonly<Record<string, InstanceStatus>>): Promise<void> {
    const { registry, onChange } = this.#options;
    for (const { metadata, spec, status: before } of registry.list("Instance")) {
      if (spec.host !== host) continue;
      const { name } = metadata;
      const status = Object.hasOwn(statuses, name) ? statuses[name] : undefined;
      if (status === undefined) {
        if (metadata.annotations?.[STOP_ANNOTATION] !== undefined) await this.#forget(name, spec.app);
        continue;
      }
      const after = await registry.updateStatus("Instance", name, status);
      if (after === undefined || after.metadata.resourceVersion === metadata.resourceVersion) continue;
      onChange(spec.app, before?.state !== after.status?.state);
    }
  }

  /** Says that what is known of a host has changed. */
  changed(host: string): void {
    const apps = new Set(
      this.#elsewhere()
        .filter(({ spec }) => spec.host === host)
        .map(({ spec }) => spec.app),
    );
    for (const app of apps) this.#options.onChange(app, true);
  }

  /** Lets go of all that runs on a host, be it reachable or not. */
  vacate(host: string): void {
    for (const { metadata, spec } of this.#elsewhere()) {
      if (spec.host !== host) continue;
      // One whose end nobody will report any more starts over: it is then forgotten.
      if (!this.#options.hosts.isReachable(host)) this.#leaving.delete(metadata.name);
      this.leave(metadata.name);
    }
  }

  /** Those on record that do not run here, as far as they can be known. */
  #elsewhere(app?: string): Instance[] {
    const { registry, own, hosts } = this.#options;
    return registry
      .list("Instance", app === undefined ? undefined : { [APP_LABEL]: app })
      .filter(({ spec }) => !own.isOwn(spec))
      .map((instance) => {
        const { host } = instance.spec;
        if (hosts.isReachable(host)) return instance;
        const reason = `host "${host}" does not answer`;
        return { ...instance, status: { ...instance.status, state: "Unready" as const, reason } };
      });
  }
}
