import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import type { InstancePorts } from "@plinth/discovery";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import {
  APP_LABEL,
  egressLists,
  type ExternalAddress,
  externalAddresses,
  type Instance,
  type InstanceStatus,
  SERVICE_LABEL,
  type ServiceSpec,
  serviceSettings,
} from "@plinth/resource";
import { createInstanceRunner, DiskGuard, type InstanceRunner, type Launch, removeTree } from "@plinth/run";
import { driverOf, type Drivers } from "./drivers.ts";
import { LOOPBACK, type Places, withPlaces } from "./environment.ts";
import { EVERY_ADDRESS, type InstanceNetwork, type Mesh, USUAL_PORT } from "./mesh.ts";
import type { InstanceView } from "./rollout.ts";
import { identityPlace, taskSandbox } from "./sandbox.ts";
import { mayStop } from "./stop-order.ts";

/** Brings here what instances are made of. */
export interface ImageKeeper {
  /** Resolves once the image of a service, where it has one, is on this host. */
  ensure(spec: ServiceSpec): Promise<void>;
}

/** By the SPIFFE workload API. */
const IDENTITY_VARIABLE = "SPIFFE_ENDPOINT_SOCKET";

/** What a new instance is made from. */
export interface InstanceOrder {
  readonly app: string;
  readonly service: string;
  readonly release: number;
  readonly revision: string;
  readonly spec: ServiceSpec;
  /** Default: a new one. */
  readonly name?: string;
}

/**
 * Takes an instance out of the data plane: resolves when nothing is under way there, or after `drainMs`. Rejects when
 * this daemon ends before that: the next one goes on.
 */
export interface Drainer {
  /** `onUnrouted`: called once a snapshot without the instance is in force here, or after the time. */
  drain(instance: string, drainMs: number, onUnrouted: () => void): Promise<void>;
}

export interface InstanceSetOptions {
  readonly registry: Registry;
  /** This host, where it has joined another; undefined on the first. */
  readonly host?: string | undefined;
  readonly drivers: Drivers;
  readonly ports: InstancePorts;
  readonly drainer: Drainer;
  /** Undefined in cooperative mode. */
  readonly mesh?: Mesh | undefined;
  /** HOME/instances and HOME/logs. */
  readonly stateDirectory: string;
  readonly logDirectory: string;
  /** Where drivers keep their init: it removes what containers of an ordinary user leave. */
  readonly initDirectory: string;
  /** HOME/data: what stores hold, by app and name. */
  readonly dataDirectory: string;
  /** HOME/volumes: what services keep, by app and name. */
  readonly volumesDirectory: string;
  /** HOME/sources: kept copies of projects. */
  readonly sourcesDirectory: string;
  /** Plinth's own program, which stores run. */
  readonly program: string;
  /** The runtime that is first in PATH of a command. */
  readonly runtime: string;
  readonly images: ImageKeeper;
  readonly clock: Clock;
  readonly log: Log;
  /** The whole environment of an instance at each of its starts. */
  readonly environment: (instance: Instance, spec: ServiceSpec) => Promise<Record<string, string>>;
  /** Called after each change of an instance of `app`. `serving`: who may get requests has changed, too. */
  readonly onChange: (app: string, serving: boolean) => void;
}

interface Managed {
  instance: Instance;
  readonly runner: InstanceRunner;
  readonly spec: ServiceSpec;
  /** Set once the instance has been told to go. */
  leaving: Promise<void> | undefined;
  /** It is leaving, and the snapshot in force still leads requests to it. */
  isRouted: boolean;
  /** Statuses are written one after the other, so that the last one stands. */
  writing: Promise<void>;
  serving: boolean;
}

/** Logs of instances that are gone, kept per service so that one can read why. */
const OLD_LOGS_KEPT = 10;
/** Callers that take longer than this to stop hold up nobody else: all have to be gone within their grace time. */
const STOP_PATIENCE_MS = 2000;

/** The instances of this host: starting, adopting, letting go. What should run is decided elsewhere. */
export class InstanceSet {
  readonly #options: InstanceSetOptions;
  readonly #managed: Map<string, Managed> = new Map();
  readonly #disk: DiskGuard;
  #closing = false;

  constructor(options: InstanceSetOptions) {
    this.#options = options;
    const { stateDirectory: directory, clock, log } = options;
    this.#disk = new DiskGuard({ directory, clock, log });
  }

  /** Takes over what an earlier daemon left, each as it was; nothing is restarted that still runs. */
  async adopt(specOf: (instance: Instance) => ServiceSpec | undefined): Promise<void> {
    await this.#sweep();
    await Promise.all(
      this.#ownRecords().map(async (instance) => {
        const spec = specOf(instance);
        const { name } = instance.metadata;
        if (spec === undefined) return; // its release is gone: nothing says how to run it
        this.#options.ports.adopt(instance.spec.port);
        const managed = this.#manage(instance, spec);
        const adopted = await managed.runner.adopt();
        // What runs keeps its connections; what somebody else removed meanwhile is made anew.
        if (adopted) await this.#attach(managed).catch((error: unknown) => this.#cannotAttach(name, error));
        const { state } = instance.status ?? {};
        if (state === "Draining" || state === "Stopping") this.#letGo(managed);
        else if (!adopted) this.#start(managed);
      }),
    );
  }

  /** Whether an instance is one of this host's. */
  isOwn(spec: Instance["spec"]): boolean {
    return spec.host === this.#options.host;
  }

  #ownRecords(): Instance[] {
    return this.#options.registry.list("Instance").filter(({ spec }) => this.isOwn(spec));
  }

  /** Takes away networks and addresses of instances that are on no record. */
  async #sweep(): Promise<void> {
    const { mesh, log } = this.#options;
    if (mesh === undefined) return;
    const known = new Set(this.#ownRecords().map(({ metadata }) => metadata.name));
    for (const id of await mesh.networks.attached()) {
      if (known.has(id)) continue;
      log.warn("taking away the network of an instance that is gone", { instance: id });
      await mesh.networks.detach(id);
    }
    await mesh.addresses.sweepInstances((name) => known.has(name));
  }

  async #attach({
    instance,
    spec,
  }: Pick<Managed, "instance" | "spec">): Promise<InstanceNetwork | undefined> {
    const { mesh } = this.#options;
    const { address, port } = instance.spec;
    if (mesh === undefined || address === undefined || spec.address !== undefined) return undefined;
    return mesh.networks.attach({
      id: instance.metadata.name,
      address,
      port,
      egress: egressLists(spec)?.addresses ?? { default: "allow", allow: [], deny: [] },
    });
  }

  #cannotAttach(instance: string, error: unknown): void {
    this.#options.log.error("cannot attach an instance", { instance, error: messageOf(error) });
  }

  views(app: string, service: string): InstanceView[] {
    return this.#of(app, service).map(({ instance, runner, leaving, isRouted }) => ({
      name: instance.metadata.name,
      revision: instance.spec.revision,
      state: stateOf(runner.status),
      leaving: leaving !== undefined,
      isRouted,
    }));
  }

  /** Instances of an app with their present status, oldest first. */
  list(app?: string): Instance[] {
    return [...this.#managed.values()]
      .filter(({ instance }) => app === undefined || instance.spec.app === app)
      .map(({ instance, runner }) => ({ ...instance, status: runner.status }));
  }

  /** Those that may get new requests. */
  serving(app: string): Instance[] {
    return [...this.#managed.values()]
      .filter((managed) => managed.instance.spec.app === app && isServing(managed))
      .map(({ instance }) => instance);
  }

  /** Whether an instance has been told to go. */
  isLeaving(name: string): boolean {
    return this.#managed.get(name)?.leaving !== undefined;
  }

  runner(name: string): InstanceRunner | undefined {
    return this.#managed.get(name)?.runner;
  }

  async create(order: InstanceOrder): Promise<void> {
    const { registry, ports, mesh, host } = this.#options;
    const { fixedPort } = serviceSettings(order.spec);
    const name = order.name ?? instanceName(order);
    const external = this.#externalFor(order);
    const port = external?.port ?? fixedPort ?? (mesh === undefined ? await ports.allocate() : USUAL_PORT);
    const address = external?.host ?? (await mesh?.addresses.instance(name));
    const draft = {
      metadata: { name, labels: { [APP_LABEL]: order.app, [SERVICE_LABEL]: order.service } },
      spec: {
        app: order.app,
        service: order.service,
        release: order.release,
        revision: order.revision,
        driver: driverOf(order.spec),
        port,
        ...(address === undefined ? {} : { address }),
        ...(host === undefined ? {} : { host }),
      },
      status: { state: "Pending", restarts: 0 },
    } as const;
    const instance = await registry.create("Instance", draft).catch(async (error: unknown) => {
      ports.free(port);
      await mesh?.addresses.releaseInstance(name).catch(() => undefined);
      throw error;
    });
    if (this.#closing) return;
    const managed = this.#manage(instance, order.spec);
    // The proxy has to know its address before its first call.
    if (mesh !== undefined) this.#options.onChange(order.app, true);
    this.#start(managed);
  }

  /** Of what runs by itself, the address that the fewest instances of the revision have: mostly none. */
  #externalFor({ app, service, revision, spec }: InstanceOrder): ExternalAddress | undefined {
    const own = this.#of(app, service).filter(
      ({ instance, leaving }) => instance.spec.revision === revision && leaving === undefined,
    );
    const countOf = ({ host, port }: ExternalAddress): number =>
      own.filter(({ instance }) => instance.spec.address === host && instance.spec.port === port).length;
    return externalAddresses(spec).sort((one, other) => countOf(one) - countOf(other))[0];
  }

  /** Drains and stops an instance and forgets it. Repeated calls are one. */
  leave(name: string): void {
    const managed = this.#managed.get(name);
    if (managed !== undefined) this.#letGo(managed);
  }

  /** Lets all of an app go, callers first; to be called again after each change until none is left. */
  leaveAll(app: string): void {
    const left = [...this.#managed.values()].filter(({ instance }) => instance.spec.app === app);
    for (const managed of stoppable(left)) this.#letGo(managed);
  }

  /** Stops all processes, callers first, but keeps the instances on record, to be started again by the next daemon. */
  async stopAll(graceMs: number | undefined): Promise<void> {
    this.#closing = true;
    const stops: Promise<unknown>[] = [];
    let left = [...this.#managed.values()];
    while (left.length > 0) {
      const now = graceMs === 0 ? new Set(left) : stoppable(left);
      const stopped = Promise.all([...now].map((managed) => this.#stop(managed, graceMs)));
      stops.push(stopped);
      left = left.filter((managed) => !now.has(managed));
      if (left.length === 0) break;
      const patience = new AbortController();
      const waited = this.#options.clock.sleep(STOP_PATIENCE_MS, patience.signal).catch(() => undefined);
      await Promise.race([stopped, waited]);
      patience.abort();
    }
    await Promise.all(stops);
  }

  async #stop(managed: Managed, graceMs: number | undefined): Promise<void> {
    const { name } = managed.instance.metadata;
    await managed.runner.stop(graceMs ?? serviceSettings(managed.spec).graceMs);
    await managed.writing;
    const { registry, log, stateDirectory, initDirectory, mesh } = this.#options;
    try {
      await mesh?.networks.detach(name);
      // Nothing is left to adopt: the next daemon starts it as if for the first time.
      await removeTree(join(stateDirectory, name), initDirectory);
      if (managed.leaving !== undefined) {
        await registry.purge("Instance", name);
        await mesh?.addresses.releaseInstance(name);
      } else await registry.updateStatus("Instance", name, { state: "Pending", restarts: 0 });
    } catch (error) {
      // As with a full disk; the next daemon sees for itself that nothing runs.
      log.error("cannot record that an instance was stopped", { instance: name, error: messageOf(error) });
    }
  }

  /** Lets go of all instances without touching their processes. */
  async release(): Promise<void> {
    this.#closing = true;
    for (const { runner } of this.#managed.values()) runner[Symbol.dispose]();
    await Promise.all([...this.#managed.values()].map(({ writing }) => writing));
  }

  #start({ runner, instance }: Managed): void {
    runner.start().catch((error: unknown) => {
      this.#options.log.error("cannot start an instance", {
        instance: instance.metadata.name,
        error: messageOf(error),
      });
    });
  }

  #of(app: string, service: string): Managed[] {
    return [...this.#managed.values()].filter(
      ({ instance }) => instance.spec.app === app && instance.spec.service === service,
    );
  }

  #manage(instance: Instance, spec: ServiceSpec): Managed {
    const { name } = instance.metadata;
    const { port, address = LOOPBACK } = instance.spec;
    const { drivers, clock, log, stateDirectory, logDirectory, environment, mesh } = this.#options;
    const host = address === LOOPBACK ? LOOPBACK : EVERY_ADDRESS;
    const data = join(this.#options.dataDirectory, instance.spec.app, instance.spec.service);
    const { program } = this.#options;
    const places: Places = { port, host, ...(spec.store === true && { store: { data, program } }) };
    const settings = serviceSettings(spec);
    const runner = createInstanceRunner({
      id: name,
      driver: drivers[driverOf(spec)],
      disk: this.#disk,
      settings,
      address,
      port,
      clock,
      log: log.with({ instance: name }),
      stateDirectory: join(stateDirectory, name),
      logDirectory: join(logDirectory, name),
      previous: instance.status,
      task: async () => {
        const network = await this.#attach({ instance, spec });
        if (network !== undefined) await mesh?.announced();
        if (spec.store === true) await mkdir(data, { recursive: true, mode: 0o700 });
        const placed = (argument: string): string => withPlaces(argument, places);
        const launch = {
          command: settings.command.map(placed),
          directory: settings.directory,
          env: await environment(instance, spec),
          ...(network === undefined ? {} : { network }),
        };
        return this.#inSandbox(instance, spec, launch, placed);
      },
      onChange: (status) => this.#changed(name, status),
    });
    const managed: Managed = {
      instance,
      runner,
      spec,
      leaving: undefined,
      isRouted: false,
      writing: Promise.resolve(),
      serving: instance.status?.state === "Ready",
    };
    this.#managed.set(name, managed);
    return managed;
  }

  /** What an instance is launched with, in its sandbox where it has one. */
  async #inSandbox(
    { spec: { app } }: Instance,
    spec: ServiceSpec,
    launch: Launch,
    placed: (argument: string) => string,
  ): Promise<Launch> {
    const { volumesDirectory, sourcesDirectory, runtime, images } = this.#options;
    const identity = identityPlace(launch.env[IDENTITY_VARIABLE]);
    const sandbox = taskSandbox(spec, {
      volumes: join(volumesDirectory, app),
      sources: sourcesDirectory,
      directory: launch.directory,
      runtime: dirname(runtime),
      identity: identity?.directory,
      home: launch.env["HOME"],
    });
    if (sandbox === undefined) return launch;
    await images.ensure(spec);
    const env = identity === undefined ? launch.env : { ...launch.env, [IDENTITY_VARIABLE]: identity.inside };
    const { entrypoint } = sandbox;
    return { ...launch, env, sandbox: { ...sandbox, entrypoint: entrypoint?.map(placed) } };
  }

  #changed(name: string, status: InstanceStatus): void {
    const managed = this.#managed.get(name);
    if (managed === undefined) return;
    const recorded = managed.leaving === undefined ? status : { ...status, state: leavingState(status) };
    managed.writing = managed.writing
      .then(() => this.#options.registry.updateStatus("Instance", name, recorded))
      .then((stored) => {
        if (stored !== undefined) managed.instance = stored;
      })
      .catch((error: unknown) => {
        this.#options.log.error("cannot record an instance's status", {
          instance: name,
          error: messageOf(error),
        });
      });
    const serving = isServing(managed);
    const changed = serving !== managed.serving;
    managed.serving = serving;
    this.#options.onChange(managed.instance.spec.app, changed);
  }

  #letGo(managed: Managed): void {
    if (managed.leaving !== undefined || this.#closing) return;
    const { name } = managed.instance.metadata;
    const { port, app } = managed.instance.spec;
    const { registry, drainer, ports, log, mesh } = this.#options;
    const { drainMs, graceMs } = serviceSettings(managed.spec);
    // One that is not ready just now may still have requests under way.
    const mayServe = leavingState(managed.runner.status) === "Draining";
    const go = async (): Promise<void> => {
      if (mayServe) {
        managed.runner.drainingState("Draining");
        await drainer.drain(name, drainMs, () => {
          managed.isRouted = false;
          this.#options.onChange(app, false);
        });
      }
      await managed.runner.stop(graceMs);
      await managed.writing;
      await mesh?.networks.detach(name);
      // The record goes last: as long as it is there, a daemon that comes back ends what this one began.
      await removeTree(join(this.#options.stateDirectory, name), this.#options.initDirectory);
      await registry.purge("Instance", name);
      await mesh?.addresses.releaseInstance(name);
      this.#managed.delete(name);
      ports.free(port);
      this.#options.onChange(app, false);
      await this.#pruneLogs(app, managed.instance.spec.service);
    };
    managed.isRouted = mayServe;
    // Assigned before anything runs: from here on the instance serves nobody new.
    managed.leaving = Promise.resolve()
      .then(go)
      .catch((error: unknown) => {
        if (this.#closing) return;
        log.error("cannot let an instance go; trying again", { instance: name, error: messageOf(error) });
        this.#options.clock.schedule(1000, () => {
          managed.leaving = undefined;
          this.#letGo(managed);
        });
      });
    this.#changed(name, managed.runner.status);
  }

  /** Forgets the oldest logs; instances that leave together do so together, so any may be gone already. */
  async #pruneLogs(app: string, service: string): Promise<void> {
    const { logDirectory } = this.#options;
    const prefix = `${app}.${service}.`;
    const names = (await readdir(logDirectory).catch(() => [])).filter(
      (name) => name.startsWith(prefix) && !this.#managed.has(name),
    );
    if (names.length <= OLD_LOGS_KEPT) return;
    const dated = await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(logDirectory, name)).catch(() => undefined);
        return { name, modifiedMs: found?.mtimeMs ?? 0 };
      }),
    );
    for (const { name } of dated.sort((a, b) => b.modifiedMs - a.modifiedMs).slice(OLD_LOGS_KEPT)) {
      await rm(join(logDirectory, name), { recursive: true, force: true });
    }
  }
}

/** Those of the instances that may stop now; see `mayStop`. */
function stoppable(left: readonly Managed[]): ReadonlySet<Managed> {
  const running = left.map(({ instance: { spec }, spec: { calls = [] } }) => ({
    name: `${spec.app}.${spec.service}`,
    calls: calls.map((callee) => `${spec.app}.${callee}`),
  }));
  const now = mayStop(running);
  return new Set(left.filter((_, index) => now.has(running[index]!.name)));
}

/** An end with a fault, where the policy is not to restart, is no arrival. */
export function stateOf({ state, exitCode }: InstanceStatus): InstanceView["state"] {
  return state === "Exited" && exitCode !== 0 ? "Failed" : (state ?? "Pending");
}

/** What is on record of an instance that has been told to go, whatever becomes of its process meanwhile. */
export function leavingState({ state }: InstanceStatus): "Draining" | "Stopping" {
  return state === "Ready" || state === "Unready" || state === "Draining" ? "Draining" : "Stopping";
}

function isServing({ leaving, runner }: Managed): boolean {
  return leaving === undefined && runner.status.state === "Ready";
}

/** A name that no instance has. */
export function instanceName({ app, service }: { readonly app: string; readonly service: string }): string {
  return `${app}.${service}.${suffix()}`;
}

/** Tells instances of a service apart: 5 letters and digits out of 60 million. */
function suffix(): string {
  const bytes = randomBytes(5);
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** No vowels and no look-alikes, so that names neither spell words nor are misread. */
const ALPHABET = "bcdfghjkmnpqrstvwxz23456789";
