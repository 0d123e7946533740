import type { Clock } from "@plinth/clock";
import type { PairAddress, PairAddresses } from "@plinth/discovery";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { whyNoListener } from "@plinth/process";
import type { Registry, ResourceWatch } from "@plinth/registry";
import {
  type App,
  APP_LABEL,
  type AppSpec,
  type AppStatus,
  DEPLOY_ANNOTATION,
  type Failure,
  type Plan,
  portsMeet,
  type PublishedPort,
  publishedPorts,
  type Release,
  type ServiceSpec,
  replicasOf,
} from "@plinth/resource";
import { appStatus, failureOf, type Witness } from "./app-status.ts";
import type { Drivers } from "./drivers.ts";
import type { Fleet } from "./fleet.ts";
import { stateOf } from "./instance-set.ts";
import type { Mesh } from "./mesh.ts";
import { planApp } from "./plan.ts";
import { Releases } from "./releases.ts";
import { revisionOf, secretsMadeFor, secretsOfApp, type SecretVersions } from "./revision.ts";
import { hasArrived, planRollout } from "./rollout.ts";
import { type RefusalSources, refusalOf } from "./refusal.ts";
import { ServiceReports } from "./service-reports.ts";
import { stopFirstReason } from "./stop-first.ts";
import { Topology } from "./topology.ts";

export interface ReleaseControllerOptions {
  readonly registry: Registry;
  readonly instances: Fleet;
  readonly drivers: Drivers;
  readonly pairs: PairAddresses;
  /** Undefined in cooperative mode. */
  readonly mesh?: Mesh | undefined;
  readonly secretVersion: (name: string) => number | undefined;
  /** Gives a secret that has no value a random one. */
  readonly makeSecret: (name: string) => Promise<unknown>;
  /** The last lines an instance wrote, to say why a release was halted. */
  readonly lastLines: (instance: string) => Promise<string[]>;
  /** Where Plinth itself listens on this machine. */
  readonly ownPorts: RefusalSources["ownPorts"];
  /** Leaves what of those ports is Plinth's own and can be elsewhere, before an app takes them. */
  readonly makeRoom: (wanted: readonly PublishedPort[]) => Promise<void>;
  /** URLs under which an app's ingress answers. */
  readonly urlsOf: (spec: AppSpec) => string[];
  /** Called when what the proxy must know has changed. */
  readonly onTopology: () => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** After a failed pass, as with a full disk: long enough not to spin, short enough to go unnoticed. */
const RETRY_MS = 1000;
/** Instances of a running release that gave up are replaced, but not faster than this. */
const REPLACE_FAILED_MS = 5000;

/** Brings every app from what it is to what it should be, one short pass at a time. */
export class ReleaseController {
  readonly #options: ReleaseControllerOptions;
  readonly #releases: Releases;
  readonly #dirty: Set<string> = new Set();
  readonly #topology: Topology;
  readonly #reports: ServiceReports;
  readonly #timers: Set<() => void> = new Set();
  /** Instances that gave up and make way soon. */
  readonly #replacing: Set<string> = new Set();
  #pass: Promise<void> | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: ReleaseControllerOptions) {
    this.#options = options;
    this.#releases = new Releases(options.registry, options.clock);
    this.#topology = new Topology({ ...options, releases: this.#releases });
    this.#reports = new ServiceReports({ ...options, topology: this.#topology });
    options.signal.addEventListener("abort", () => this.#timers.forEach((cancel) => cancel()), {
      once: true,
    });
  }

  get releases(): Releases {
    return this.#releases;
  }

  /** Adopts what runs, learns what the proxy must know, then follows the apps until the signal. */
  async start(): Promise<void> {
    const { registry, instances } = this.#options;
    await instances.adopt((instance) => this.#topology.specOf(instance));
    for (const app of registry.list("App")) {
      const target = this.#topology.target(app);
      if (target !== undefined) await this.#topology.learn(app.metadata.name, target.spec.services);
      this.poke(app.metadata.name);
    }
    for (const instance of registry.list("Instance")) this.poke(instance.spec.app);
    const resourceVersion = registry.resourceVersion;
    this.#watching = this.#watch(resourceVersion);
  }

  /** Resolves when nothing of this controller runs any more; abort the signal first. */
  async stopped(): Promise<void> {
    await this.#watching;
    await this.#pass;
  }

  /** Asks for a pass over an app. */
  poke(app: string): void {
    this.#dirty.add(app);
    this.#pass ??= this.#run();
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** What applying `spec` to an app would do. */
  plan(app: string, spec: AppSpec): Plan {
    const current = this.#options.registry.get("App", app);
    const release =
      current && (this.#releases.find(app, current.status?.activeRelease) ?? this.#topology.target(current));
    return planApp(release && { spec: release.spec, secrets: release.spec.secrets ?? {} }, {
      spec,
      secrets: this.#versions(spec),
      host: { ownNetworks: this.#options.mesh !== undefined, rootless: process.geteuid?.() !== 0 },
    });
  }

  /** Points an app back to an older release; without a number, to the one before. */
  async rollback(name: string, to: number | undefined): Promise<App> {
    const { registry } = this.#options;
    const app = registry.get("App", name);
    if (app === undefined) throw new Fault("not-found", `Cannot roll back "${name}": no such app`);
    const release = to === undefined ? this.#previous(app) : this.#releases.find(name, to);
    if (release === undefined) {
      const known = this.#releases.of(name).map(({ spec }) => spec.number);
      throw new Fault(
        "not-found",
        to === undefined
          ? `Cannot roll back "${name}": no earlier release was ever ready`
          : `Cannot roll back "${name}" to release ${to}: kept are ${known.join(", ")}`,
      );
    }
    const { services, ingress, directory } = release.spec;
    return registry.update("App", {
      metadata: {
        ...app.metadata,
        annotations: {
          ...app.metadata.annotations,
          [DEPLOY_ANNOTATION]: `rollback-${this.#options.clock.now()}`,
        },
      },
      spec: { services, ...(ingress && { ingress }), ...(directory !== undefined && { directory }) },
    });
  }

  /** Gives a program that is no service of an app an address of its own for one; the same when asked again. */
  async admitCaller(name: string, service: string, caller: string): Promise<PairAddress> {
    const target = this.#targetOf(name, service, caller);
    const { pairs } = this.#options;
    await pairs.admit(name, caller, service);
    await this.#topology.learn(name, target.spec.services);
    return pairs.allocate(name, caller, service);
  }

  /** Takes it away again; connections that are open go on. */
  async revokeCaller(name: string, service: string, caller: string): Promise<void> {
    const target = this.#targetOf(name, service, caller);
    const { pairs } = this.#options;
    if (!pairs.outside(name).some((pair) => pair.caller === caller && pair.callee === service))
      throw new Fault("not-found", `Cannot revoke "${caller}": it has no address for ${name}/${service}`);
    await pairs.revoke(name, caller, service);
    await this.#topology.learn(name, target.spec.services);
  }

  #targetOf(name: string, service: string, caller: string): Release {
    const cannot = `Cannot let "${caller}" call ${name}/${service}`;
    const app = this.#options.registry.get("App", name);
    const target = app && this.#topology.target(app);
    if (target === undefined) throw new Fault("not-found", `${cannot}: there is no such app`);
    const { services } = target.spec;
    if (!Object.hasOwn(services, service))
      throw new Fault("not-found", `${cannot}: there is no such service`, {
        hint: `Its services: ${Object.keys(services).join(", ")}.`,
      });
    if (Object.hasOwn(services, caller))
      throw new Fault("conflict", `${cannot}: the app has a service of that name`, {
        hint: "Who calls from outside needs a name of its own.",
      });
    return target;
  }

  #previous(app: App): Release | undefined {
    const { activeRelease, targetRelease, failedRelease } = app.status ?? {};
    const releases = this.#releases.of(app.metadata.name);
    // After a halted release, or in the middle of one, "back" means to what served before it.
    if (activeRelease !== undefined && (failedRelease !== undefined || targetRelease !== activeRelease)) {
      return this.#releases.find(app.metadata.name, activeRelease);
    }
    return releases.find(
      ({ spec, status }) => spec.number < (activeRelease ?? 0) && status?.phase === "Superseded",
    );
  }

  async #watch(resourceVersion: string): Promise<void> {
    const { registry, signal, log, clock } = this.#options;
    let from: string | undefined = resourceVersion;
    while (!signal.aborted) {
      try {
        const events: ResourceWatch<"App"> = registry.watch("App", {
          ...(from === undefined ? {} : { resourceVersion: from }),
          signal,
        });
        for await (const { object, type } of events) {
          from = object.metadata.resourceVersion;
          this.poke(object.metadata.name);
          if (type === "DELETED") this.#options.onTopology();
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn("watching apps anew", { error: messageOf(error) });
        from = undefined;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  async #run(): Promise<void> {
    const { signal, log } = this.#options;
    while (this.#dirty.size > 0 && !signal.aborted) {
      const [app] = this.#dirty;
      this.#dirty.delete(app!);
      try {
        await this.#reconcile(app!);
      } catch (error) {
        log.error("cannot bring an app to what it should be; trying again", {
          app: app!,
          error: messageOf(error),
        });
        this.#later(RETRY_MS, () => this.poke(app!));
      }
    }
    this.#pass = undefined;
  }

  async #reconcile(name: string): Promise<void> {
    const { registry, instances } = this.#options;
    const app = registry.get("App", name);
    if (app === undefined) {
      for (const instance of instances.list(name)) instances.leave(instance.metadata.name);
      return;
    }
    if (app.metadata.deletionTimestamp !== undefined) {
      await this.#delete(app);
      return;
    }
    let status = await this.#observe(app);
    let target = this.#releases.find(name, status.targetRelease);
    if (target !== undefined) {
      const verdict = await this.#judge(app, target, status);
      status = verdict.status;
      target = verdict.target;
      await this.#topology.learn(name, target.spec.services);
      await this.#roll(target, status);
    }
    const services = target === undefined ? [] : await this.#reports.write(target);
    const urls = this.#options.urlsOf(target?.spec ?? app.spec);
    const isHandingOver = Object.keys(target?.spec.services ?? {}).some((service) =>
      instances.views(name, service).some(({ isRouted }) => isRouted),
    );
    const facts = { app, target, services, isHandingOver, urls };
    await registry.updateStatus("App", name, appStatus(status, facts));
    const { activeRelease, targetRelease } = app.status ?? {};
    // What the proxy is told follows from these two, as they are on record now.
    if (status.activeRelease !== activeRelease || status.targetRelease !== targetRelease)
      this.#options.onTopology();
  }

  /** Answers a spec not seen yet, or asked for anew, with a release to go to. */
  async #observe(app: App): Promise<AppStatus> {
    const { registry } = this.#options;
    const before: AppStatus = app.status ?? {};
    const generation = app.metadata.generation ?? 1;
    const deploy = app.metadata.annotations?.[DEPLOY_ANNOTATION];
    if (before.observedGeneration === generation && before.observedDeploy === deploy) return before;

    const { failure: _failure, failedRelease: _failed, ...kept } = before;
    const status: AppStatus = {
      ...kept,
      observedGeneration: generation,
      ...(deploy === undefined ? {} : { observedDeploy: deploy }),
    };
    await this.#makePasswords(app.spec);
    await this.#options.makeRoom(publishedPorts(app.spec));
    const refusal =
      refusalOf(app, { ...this.#options, ownNetworks: this.#options.mesh !== undefined }) ??
      (await this.#takenPort(app.spec));
    if (refusal !== undefined) return { ...status, failure: refusal };

    const release = await this.#releases.ensure(app, this.#versions(app.spec));
    const current = this.#releases.find(app.metadata.name, before.targetRelease);
    if (current?.status?.phase === "Progressing" && current.spec.number !== release.spec.number) {
      await this.#releases.supersede(current);
    }
    const { phase } = release.status ?? {};
    if (phase !== "Active" && phase !== "Progressing") {
      for (const { metadata, spec, status: last } of this.#options.instances.list(app.metadata.name)) {
        // Another try begins with new processes: the old ones would only tell of the old failure again. What has been
        // done, such as a migration, stays done.
        if (spec.release === release.spec.number && !hasArrived(stateOf(last ?? {})))
          this.#options.instances.leave(metadata.name);
      }
      await this.#releases.begin(release);
    }
    const next: AppStatus = { ...status, targetRelease: release.spec.number, phase: "Progressing" };
    // On record before anything is done, so that a daemon that dies here goes on with the same release.
    await registry.updateStatus("App", app.metadata.name, next);
    return next;
  }

  /** A port that an app wants to publish, that nobody has here, and that cannot be listened on all the same. */
  async #takenPort(spec: AppSpec): Promise<Failure | undefined> {
    const published = this.#topology.views().flatMap((view) => view.published);
    for (const one of publishedPorts(spec)) {
      if (published.some((other) => portsMeet(one, other))) continue;
      const { service, address, port } = one;
      const problem = await whyNoListener(address, port);
      if (problem === undefined) continue;
      const message = `port ${port} cannot be published on ${address}: ${problem}`;
      return { service, reason: "Refused", message };
    }
    return undefined;
  }

  /** Decides whether the release being brought up has arrived, or has to be halted. */
  async #judge(
    app: App,
    target: Release,
    status: AppStatus,
  ): Promise<{ status: AppStatus; target: Release }> {
    const { instances, lastLines, log } = this.#options;
    if (target.status?.phase === "Active") return { status, target };
    const { services } = target.spec;
    // Those told to leave belong to an earlier try.
    const own = instances
      .list(app.metadata.name)
      .filter(
        ({ spec, metadata }) => spec.release === target.spec.number && !instances.isLeaving(metadata.name),
      );
    const witnesses: Witness[] = own.map((instance) => ({
      instance: instance.metadata.name,
      service: instance.spec.service,
      status: instance.status ?? {},
    }));
    const failure = failureOf(witnesses);
    const active = this.#releases.find(app.metadata.name, status.activeRelease);
    if (failure !== undefined && target.status?.phase === "Progressing") {
      const told: Failure = {
        ...failure,
        ...(failure.instance === undefined ? {} : { log: await lastLines(failure.instance) }),
      };
      log.warn("release halted", {
        app: app.metadata.name,
        release: target.spec.number,
        service: told.service,
        reason: told.message,
      });
      await this.#releases.fail(target, told);
      const failed: AppStatus = { ...status, failure: told, failedRelease: target.spec.number };
      if (active === undefined || active.spec.number === target.spec.number)
        return { status: failed, target };
      return { status: { ...failed, targetRelease: active.spec.number }, target: active };
    }
    const arrived = Object.entries(services).every(([service, spec]) => {
      const { phase } = this.#reports.status(target, service, spec);
      return phase === "Ready" || this.#brokenBefore(target, service, spec);
    });
    if (!arrived) return { status, target };
    await this.#releases.succeed(target);
    const { failure: _failure, failedRelease, ...rest } = status;
    // What was said of another spec, such as that it was refused while this release was on its way, still holds.
    const kept = failedRelease === target.spec.number ? rest : status;
    const arrivedStatus: AppStatus = { ...kept, activeRelease: target.spec.number };
    await this.#releases.prune(app.metadata.name, this.#needed(app.metadata.name, arrivedStatus));
    return {
      status: arrivedStatus,
      target: this.#releases.find(app.metadata.name, target.spec.number) ?? target,
    };
  }

  /** A service this release did not touch and that was not ready before either cannot be held against it. */
  #brokenBefore(target: Release, service: string, spec: ServiceSpec): boolean {
    const { app, number } = target.spec;
    const revision = this.#revision(target, spec);
    const own = this.#options.instances.list(app).filter((instance) => instance.spec.service === service);
    const isUntouched = own.every((one) => one.spec.revision === revision && one.spec.release !== number);
    return isUntouched && own.length >= replicasOf(spec);
  }

  /** Takes the next steps of each service towards the target. */
  async #roll(target: Release, status: AppStatus): Promise<void> {
    const { instances } = this.#options;
    const { app, number, services } = target.spec;
    const halted = status.failedRelease === number && target.status?.phase === "Failed";
    const known = new Set(instances.list(app).map(({ spec }) => spec.service));
    for (const service of new Set([...Object.keys(services), ...known])) {
      const spec = services[service];
      const views = instances.views(app, service);
      if (spec === undefined) {
        // Instances of the release before may still call it: it goes when the new release is ready as a whole.
        if (target.status?.phase !== "Active") continue;
        for (const { name, leaving } of views) if (!leaving) instances.leave(name);
        continue;
      }
      const revision = this.#revision(target, spec);
      if (!halted) this.#replaceFailed(target, service);
      const actions = planRollout(
        {
          revision,
          replicas: replicasOf(spec),
          stopFirst: stopFirstReason(spec, this.#options.mesh !== undefined) !== undefined,
        },
        views,
      );
      for (const action of actions) {
        if (action.type === "leave") {
          instances.leave(action.instance);
          continue;
        }
        if (this.#reports.waitsFor(target, spec) !== undefined) continue;
        for (let made = 0; made < action.count; made++) {
          await instances.create({ app, service, release: number, revision, spec });
        }
      }
    }
  }

  /** In a release that once was ready, an instance that gave up makes way for a new one after a while. */
  #replaceFailed(target: Release, service: string): void {
    const { instances } = this.#options;
    const { app } = target.spec;
    for (const { name, state, leaving } of instances.views(app, service)) {
      if (state !== "Failed" || leaving || this.#replacing.has(name)) continue;
      this.#replacing.add(name);
      this.#later(REPLACE_FAILED_MS, () => {
        this.#replacing.delete(name);
        instances.leave(name);
        this.poke(app);
      });
    }
  }

  #later(delayMs: number, deed: () => void): void {
    const cancel = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(cancel);
      deed();
    });
    this.#timers.add(cancel);
  }

  async #delete(app: App): Promise<void> {
    const { registry, instances } = this.#options;
    const { name } = app.metadata;
    const left = instances.list(name);
    if (left.length > 0) {
      instances.leaveAll(name);
      await registry.updateStatus(
        "App",
        name,
        appStatus(app.status ?? {}, { app, target: undefined, services: [], isHandingOver: false, urls: [] }),
      );
      return;
    }
    for (const kind of ["Instance", "Service", "Release"] as const) {
      for (const { metadata } of registry.list(kind, { [APP_LABEL]: name }))
        await registry.purge(kind, metadata.name);
    }
    await this.#topology.forget(name);
    await registry.purge("App", name);
    this.#options.onTopology();
  }

  #revision(target: Release, spec: ServiceSpec): string {
    return revisionOf(spec, target.spec.secrets ?? {});
  }

  /** Stores' passwords are nobody's to choose. */
  async #makePasswords(spec: AppSpec): Promise<void> {
    const { secretVersion, makeSecret } = this.#options;
    for (const name of secretsMadeFor(spec)) if (secretVersion(name) === undefined) await makeSecret(name);
  }

  #versions(spec: AppSpec): SecretVersions {
    const versions: Record<string, number> = {};
    for (const name of secretsOfApp(spec)) {
      const version = this.#options.secretVersion(name);
      if (version !== undefined) versions[name] = version;
    }
    return versions;
  }

  #needed(app: string, { activeRelease, targetRelease, failedRelease }: AppStatus): Set<number> {
    const needed = new Set(this.#options.instances.list(app).map(({ spec }) => spec.release));
    for (const number of [activeRelease, targetRelease, failedRelease]) {
      if (number !== undefined) needed.add(number);
    }
    return needed;
  }
}
