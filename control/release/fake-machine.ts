import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@plinth/clock";
import { InstancePorts, MachineClaims, MeshAddresses, PairAddresses } from "@plinth/discovery";
import { createLog } from "@plinth/log";
import { createRegistry, type Registry } from "@plinth/registry";
import type { ServiceSpec } from "@plinth/resource";
import { createExternalDriver } from "@plinth/run";
import { createFakeDriver, type FakeDriver } from "@plinth/run/testing";
import { openStore, type Store } from "@plinth/store";
import { ReleaseController } from "./controller.ts";
import type { InstanceAttachment, InstanceNetworks, Mesh } from "./mesh.ts";
import { Fleet } from "./fleet.ts";
import { type Drainer, InstanceSet } from "./instance-set.ts";

/** Where the daemon says that it listens itself. */
export const OWN_PORT = 7080;

/** What outlives a daemon: the store, the processes, and the ports given out. */
export interface Machine extends AsyncDisposable {
  readonly store: Store;
  readonly registry: Registry;
  readonly driver: FakeDriver;
  /** Every list of chunks of ports that was claimed. */
  readonly claimed: (readonly number[])[];
  /** Secrets that have a value. */
  readonly secrets: Set<string>;
  readonly spec: ServiceSpec;
  /** A second service, on a port of its own. */
  readonly other: ServiceSpec;
  /** What a daemon makes of it. */
  daemon(
    drain: Drainer["drain"],
    registry?: Registry,
    onChange?: (app: string) => void,
    mesh?: Mesh,
  ): InstanceSet;
}

export async function createMachine(): Promise<Machine> {
  await using setup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "plinth-instances-"));
  setup.defer(() => rmSync(directory, { recursive: true }));
  for (const name of ["instances", "logs"]) mkdirSync(join(directory, name));
  const store = setup.use(await openStore(join(directory, "state")));
  const registry = createRegistry({ store });
  const driver = createFakeDriver(systemClock);
  // What the probe of every instance finds.
  const serve = async (): Promise<ServiceSpec> => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    setup.defer(() => void server.close());
    return { command: ["serve"], port: (server.address() as { port: number }).port };
  };
  const spec = await serve();
  const other = await serve();
  const claimed: (readonly number[])[] = [];
  const daemon: Machine["daemon"] = (drain, over = registry, onChange = () => {}, mesh) =>
    new InstanceSet({
      registry: over,
      drivers: { process: driver, container: driver, external: createExternalDriver({ clock: systemClock }) },
      ports: new InstancePorts({
        claims: new MachineClaims(
          { directory, id: "home" },
          () => Promise.resolve("present"),
          join(directory, "claims"),
        ),
        chunks: [],
        preferred: 0,
        onChunk: async (chunks) => void claimed.push([...chunks]),
      }),
      drainer: { drain },
      mesh,
      stateDirectory: join(directory, "instances"),
      initDirectory: join(directory, "init"),
      logDirectory: join(directory, "logs"),
      dataDirectory: join(directory, "data"),
      volumesDirectory: join(directory, "volumes"),
      sourcesDirectory: join(directory, "sources"),
      program: "/opt/plinth",
      runtime: process.execPath,
      images: { ensure: () => Promise.resolve() },
      clock: systemClock,
      log: createLog({ write: () => {} }),
      environment: () => Promise.resolve({}),
      onChange,
    });
  const lifetime = setup.move();
  return {
    store,
    registry,
    driver,
    claimed,
    secrets: new Set(),
    spec,
    other,
    daemon,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** The fleet of a machine that is alone. */
export function fleetOf(own: InstanceSet, { registry }: Machine): Fleet {
  return new Fleet({
    registry,
    own,
    hosts: {
      candidates: () => [{ host: undefined, name: "here" }],
      isReachable: (host) => host === undefined,
      isLeaving: () => false,
    },
    drainer: { drain: () => Promise.resolve() },
    clock: systemClock,
    log: createLog({ write: () => {} }),
    signal: new AbortController().signal,
    onChange: () => {},
  });
}

/** A daemon's release controller on a machine that is alone. */
export interface Releases extends AsyncDisposable {
  readonly controller: ReleaseController;
  readonly instances: InstanceSet;
}

export async function startReleases(machine: Machine, mesh?: Mesh): Promise<Releases> {
  const { registry, driver, store } = machine;
  const ended = new AbortController();
  const instances = machine.daemon(
    () => Promise.resolve(),
    registry,
    (app) => controller.poke(app),
    mesh,
  );
  const controller: ReleaseController = new ReleaseController({
    registry,
    instances: fleetOf(instances, machine),
    drivers: { process: driver, container: driver, external: createExternalDriver({ clock: systemClock }) },
    pairs: new PairAddresses(store, 0),
    ...(mesh === undefined ? {} : { mesh }),
    secretVersion: (name) => (machine.secrets.has(name) ? 1 : undefined),
    makeSecret: (name) => Promise.resolve(machine.secrets.add(name)),
    lastLines: () => Promise.resolve([]),
    urlsOf: () => [],
    makeRoom: () => Promise.resolve(),
    ownPorts: () => [{ name: "api", address: "127.0.0.1", port: OWN_PORT }],
    onTopology: () => {},
    clock: systemClock,
    log: createLog({ write: () => {} }),
    signal: ended.signal,
  });
  await controller.start();
  return {
    controller,
    instances,
    async [Symbol.asyncDispose]() {
      ended.abort(new Error("the test is over"));
      await controller.stopped();
      await instances.release();
    },
  };
}

/** Networks that are only written down; they outlive a daemon, as the kernel's do. */
export class FakeNetworks implements InstanceNetworks {
  readonly attachments: Map<string, InstanceAttachment> = new Map();
  /** All that was asked for, in order. */
  readonly deeds: string[] = [];
  virtual: readonly string[] = [];

  egressCounters(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  attach(attachment: InstanceAttachment): ReturnType<InstanceNetworks["attach"]> {
    this.attachments.set(attachment.id, attachment);
    this.deeds.push(`attach ${attachment.address}`);
    const { address } = attachment;
    return Promise.resolve({ namespace: "/run/netns/x", address, resolvConf: "/r", hosts: "/h" });
  }

  detach(id: string): Promise<void> {
    this.deeds.push(`detach ${this.attachments.get(id)?.address ?? id}`);
    this.attachments.delete(id);
    return Promise.resolve();
  }

  attached(): Promise<string[]> {
    return Promise.resolve([...this.attachments.keys()]);
  }

  repair(): Promise<boolean> {
    return Promise.resolve(false);
  }

  remove(): Promise<void> {
    this.attachments.clear();
    this.virtual = [];
    return Promise.resolve();
  }

  setVirtualAddresses(addresses: readonly string[]): Promise<void> {
    this.virtual = addresses;
    return Promise.resolve();
  }
}

/** A mesh on 127.77.0.0/16, where a test's programs can listen without networks of their own. */
export function fakeMesh(store: Store, networks: FakeNetworks): Mesh {
  return {
    addresses: new MeshAddresses(store, "127.77.0.0/16"),
    networks,
    announced: () => Promise.resolve(void networks.deeds.push("announced")),
  };
}
