import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Api, createApi } from "@plinth/api";
import { systemClock } from "@plinth/clock";
import { ProxyControl } from "@plinth/connect";
import { buildSnapshot, InstancePorts, PairAddresses, SnapshotPublisher } from "@plinth/discovery";
import { dashboardDirectory } from "@plinth/dashboard";
import { Fault, messageOf } from "@plinth/fault";
import { takeFileLock } from "@plinth/file";
import type { Log } from "@plinth/log";
import { runtimePath } from "@plinth/process";
import { Remapper } from "@plinth/observe";
import { createRegistry, type Registry } from "@plinth/registry";
import { readHostCredential } from "@plinth/hosts";
import { type Drainer, EVERY_ADDRESS, Fleet, InstanceSet, instanceEnvironment } from "@plinth/release";
import { type AppSpec, portsMeet, type PublishedPort } from "@plinth/resource";
import { createContainerDriver, createExternalDriver, createProcessDriver } from "@plinth/run";
import { openSecretKey, SecretVault } from "@plinth/secrets";
import { Actions } from "./actions.ts";
import { DrainingProxies } from "./draining-proxies.ts";
import { keepRepaired, type Networking, openMesh } from "./mesh.ts";
import { FirstRole } from "./first-role.ts";
import { halt } from "./halt.ts";
import { Home, ownPorts } from "./home.ts";
import { createHome, homePaths } from "./home-paths.ts";
import { openHomeStore } from "./home-store.ts";
import { keepImagesHeld } from "./held-images.ts";
import { HomeImages } from "./home-images.ts";
import { Identities } from "./identities.ts";
import { JoinedRole, readOnly } from "./joined-role.ts";
import { keepSourcesSwept } from "./kept-sources.ts";
import { Reach } from "./reach.ts";
import { readProcessRecord, writeProcessRecord } from "./process-record.ts";
import { ProxyProcess } from "./proxy-process.ts";
import type { DaemonOptions } from "./supervise.ts";
import type { Role } from "./role.ts";
import { Sight } from "./sight.ts";
import { Telemetry } from "./telemetry.ts";
import { telemetryOf } from "./telemetry-settings.ts";
import { openToken } from "./token.ts";
import { VERSION } from "./version.ts";

export interface Daemon extends AsyncDisposable {
  /** Resolves when somebody asked it to end. */
  readonly ended: Promise<void>;
  /** Ends this process only: proxy and instances go on. */
  end(): void;
}

/** `plinth` itself, which stands beside this and starts it. */
const PROGRAM = fileURLToPath(new URL("../cli/plinth", import.meta.url));
/** A start does not wait longer than this for the proxy to take the first snapshot. */
const IN_FORCE_TIMEOUT_MS = 5000;
/** Homes that start at the same moment may choose the same ports; after so many moves something else is wrong. */
const PORT_MOVES_MAX = 20;
const LOOPBACK = "127.0.0.1";
/** Lines of an instance's output that a halted release shows. */
const FAILURE_LINES = 20;

/** Wires everything and starts it, in the order in which each part needs the one before. */
export async function startDaemon(options: DaemonOptions, log: Log, networking: Networking): Promise<Daemon> {
  const clock = systemClock;
  await using setup = new AsyncDisposableStack();
  const paths = homePaths(options.home);
  await createHome(paths);

  const lock = takeFileLock(paths.daemonLock);
  if (lock === undefined) {
    throw new Fault("conflict", `Cannot start: Plinth runs already in "${options.home}"`, {
      hint: "Use it as it is, stop it with plinth down --all, or choose another home with --home.",
    });
  }
  setup.use(lock);

  const stopping = new AbortController();
  const { signal } = stopping;
  const control = new ProxyControl(paths.proxyControl);
  const proxyBefore = await control.status({ signal }).catch(() => undefined);
  const home = await Home.open(options.home, options, proxyBefore !== undefined, networking.detect);

  const store = setup.use(
    await openHomeStore({
      stateDirectory: paths.state,
      url: home.settings.store,
      credentialsDirectory: paths.etcdCredentials,
      owner: `${home.settings.hostName}:${options.home} (${home.settings.id})`,
      clock,
      log,
    }),
  );
  const registry = createRegistry({ store, clock });
  const vault = new SecretVault({ store, registry, clock, key: await openSecretKey(paths.secretKey) });
  const credential = await readHostCredential(paths.hostCredential);
  const pairs = new PairAddresses(store, home.settings.block);
  const ports = new InstancePorts({
    claims: home.claims,
    chunks: home.settings.portChunks,
    preferred: home.preferredChunk,
    onChunk: (chunks) => home.setPortChunks(chunks),
  });
  const images = setup.use(
    new HomeImages({ home: options.home, clock, fetch: (digest) => role.image(digest), signal }),
  );
  const drivers = {
    process: createProcessDriver({ clock, initDirectory: paths.init }),
    external: createExternalDriver({ clock }),
    container: createContainerDriver({ clock, images, initDirectory: paths.init }),
  };
  const runtime = runtimePath("node") ?? process.execPath;
  const { subnet } = home.settings;
  const transparent =
    subnet === undefined
      ? undefined
      : await openMesh(
          store,
          subnet,
          await networking.open({ homeId: home.settings.id, subnet, directory: paths.network }),
          async () => {
            await publisher.inForce(IN_FORCE_TIMEOUT_MS);
          },
        );

  const onChange = (app: string, serving: boolean): void => {
    if (serving) publisher.changed();
    identities.changed();
    role.changed(app);
  };
  const drainingProxies = new DrainingProxies(paths.proxy, () => readProcessRecord(paths.proxyRecord)?.pid);
  const publisher = new SnapshotPublisher({
    build: (version) =>
      buildSnapshot(
        {
          version,
          // What comes from outside comes in at the first host.
          ingress:
            credential === undefined
              ? { address: home.settings.ingressAddress, port: home.settings.ingressPort }
              : undefined,
          metrics: { address: LOOPBACK, port: home.settings.metricsPort },
          telemetry: telemetryOf(home.settings.telemetry),
          transparent: transparent?.frame(),
          hosts: role.frame(),
        },
        role.topology.views(),
      ),
    sink: {
      putSnapshot: async (snapshot, until) => {
        const receipt = await control.putSnapshot(snapshot, until);
        await drainingProxies.putRoutes(snapshot, until);
        return receipt;
      },
    },
    version: proxyBefore?.version ?? 0,
    log,
    clock,
    signal,
  });

  /** Resolves once nothing of this host's is under way at these instances, or after the time. */
  const drained = async (names: readonly string[], drainMs: number): Promise<void> => {
    const asked = control.drain(names, drainMs, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      log.warn("cannot wait for requests under way", { instances: names.join(), error: messageOf(error) });
    });
    await Promise.all([asked, drainingProxies.drain(names, drainMs, { signal })]);
  };
  const drainer: Drainer = {
    drain: async (instance, drainMs, onUnrouted) => {
      publisher.changed();
      const here = async (): Promise<void> => {
        const inForce = await publisher.inForce(drainMs);
        onUnrouted();
        signal.throwIfAborted();
        if (inForce) await drained([instance], drainMs);
      };
      await Promise.all([here(), role.drainedElsewhere(instance, drainMs)]);
    },
  };
  const own = new InstanceSet({
    registry,
    host: credential?.host,
    mesh: transparent?.mesh,
    drivers,
    ports,
    clock,
    log,
    stateDirectory: paths.instances,
    initDirectory: paths.init,
    logDirectory: paths.logs,
    dataDirectory: paths.data,
    volumesDirectory: paths.volumes,
    sourcesDirectory: paths.sources,
    program: PROGRAM,
    runtime,
    images,
    drainer,
    environment: async (instance, spec) => ({
      ...instanceEnvironment({
        app: instance.spec.app,
        service: instance.spec.service,
        instance: instance.metadata.name,
        release: instance.spec.release,
        spec,
        port: instance.spec.port,
        host: transparent === undefined ? LOOPBACK : EVERY_ADDRESS,
        callees: await role.topology.callees(instance, spec),
        reveal: (name) => vault.reveal(name),
        inherited: process.env,
        runtime,
      }),
      SPIFFE_ENDPOINT_SOCKET: await identities.endpoint(instance),
    }),
    onChange,
  });
  const fleet: Fleet = new Fleet({
    registry,
    own,
    hosts: {
      // asked for as they are by then
      candidates: () => role.hosts.candidates(),
      isReachable: (host) => role.hosts.isReachable(host),
      isLeaving: (host) => role.hosts.isLeaving(host),
    },
    drainer,
    clock,
    log,
    signal,
    onChange,
  });

  const urlsOf = ({ ingress }: AppSpec): string[] =>
    Object.keys(ingress ?? {}).map(
      (host) => `http://${host === "*" ? home.settings.ingressAddress : host}:${home.settings.ingressPort}`,
    );
  const shared = {
    home,
    registry,
    vault,
    pairs,
    mesh: transparent?.mesh,
    fleet: () => fleet,
    onTopology: () => {
      publisher.changed();
      identities.changed();
    },
    clock,
    log,
    signal,
  };
  const role: Role =
    credential === undefined
      ? await FirstRole.open({
          ...shared,
          store,
          drivers,
          images,
          given: (timeoutMs) => identities.given(timeoutMs),
          inForce: (timeoutMs) => publisher.inForce(timeoutMs),
          onCounters: (host, counters) => telemetry.take(host, counters),
          lastLines: (instance) => reach.lastLines(instance, FAILURE_LINES),
          urlsOf,
          ownPorts: () => ownPorts(home.settings),
          makeRoom: async (wanted) => {
            if (!(await makeRoom(home, registry, wanted))) return;
            publisher.changed();
            await publisher.inForce(IN_FORCE_TIMEOUT_MS);
          },
        })
      : new JoinedRole({
          ...shared,
          credential,
          own: () => own,
          inForce: async (timeoutMs) =>
            (await publisher.inForce(timeoutMs)) && (await identities.given(timeoutMs)),
          isGiven: () => identities.isGiven,
          given: (timeoutMs) => identities.given(timeoutMs),
          halt: () => halt({ home: paths.directory, own, proxy: proxy.record }),
          counters: () => telemetry.own,
          answer: (question, asked) =>
            "instance" in question ? reach.answer(question, asked) : sight.answer(question, asked),
          drained,
        });
  const telemetry: Telemetry = new Telemetry(
    control,
    clock,
    () => role.keeper.bundle.trustDomain,
    (host) => role.hosts.isReachable(host),
  );
  const reach = new Reach({
    fleet,
    logs: paths.logs,
    ask: (host, question, asked) => role.ask(host, question, asked),
  });
  const sight = new Sight({
    control,
    clock,
    log,
    fleet,
    networks: transparent?.mesh.networks,
    others: () => {
      const all = credential === undefined ? registry.list("Host") : [];
      return all.map(({ metadata }) => metadata.name).filter((host) => role.hosts.isReachable(host));
    },
    ask: (host, question, asked) => role.ask(host, question, asked),
  });
  const identities: Identities = new Identities({
    keeper: role.keeper,
    give: async (given) => {
      await control.putIdentities(given, { signal });
      await drainingProxies.putIdentities(given, { signal });
    },
    hostName: () => role.frame()?.name,
    local: () => fleet.local(),
    directory: paths.workload,
    clock,
    log,
    signal,
  });

  const proxy = new ProxyProcess({
    paths,
    control,
    runtime: options.proxyRuntime,
    clock,
    log,
    onNew: () => {
      publisher.changed();
      identities.proxyIsNew();
    },
    signal,
  });

  let serves = false;
  /** What goes on beside, each until the signal. */
  const background: Promise<void>[] = [];
  // Also for a start that fails half-way: what goes on working keeps the process alive, on a store that is closed.
  setup.defer(async () => {
    if (!signal.aborted) stopping.abort(new Error("the daemon ends"));
    proxy.stopWatching();
    await own.release();
    await role.stopped();
    await Promise.all(background);
    await proxy.stopped();
    const isOurs = proxyBefore === undefined && !serves;
    if (isOurs) await control.shutdown(0).catch(() => undefined);
    // A start that failed leaves no bridge behind; one whose instances of before run on must keep theirs.
    const networks = transparent?.mesh.networks;
    if (isOurs && networks !== undefined && (await networks.attached()).length === 0) await networks.remove();
  });

  await mkdir(paths.sources, { recursive: true });
  await Promise.all([proxy.start(), role.start()]);
  publisher.start();
  await settlePorts(home, publisher);

  let resolveEnded!: () => void;
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });

  const shutDown = async (stopInstances: boolean, graceMs: number | undefined): Promise<void> => {
    log.info("shutting down", { instances: stopInstances });
    if (stopInstances && graceMs !== 0) await role.leave().catch(() => undefined);
    stopping.abort(new Error("shutting down"));
    proxy.stopWatching();
    if (stopInstances) {
      await own.stopAll(graceMs);
      await control.shutdown(0).catch(() => undefined);
      await transparent?.mesh.networks.remove().catch((error: unknown) => {
        log.error("cannot take away the instances' networks", { error: messageOf(error) });
      });
    }
    // Without its record it has ended on request: whoever watches and is not its parent knows by that. Without its
    // socket clients know that none is coming back; one that is merely terminated leaves it to the next.
    for (const path of [paths.daemonRecord, paths.apiSocket]) await rm(path, { force: true });
    resolveEnded();
  };

  const remapper = setup.use(new Remapper(clock));
  const actions = new Actions({
    home,
    registry,
    store,
    instances: fleet,
    deeds: role.deeds,
    topology: role.topology,
    vault,
    reach,
    remapper,
    place: { name: role.name, host: role.host, of: credential?.firstName },
    telemetry,
    control,
    sight,
    proxy,
    publisher,
    service: options.service,
    shutDown: (stopInstances, graceMs) => void shutDown(stopInstances, graceMs),
  });
  const token = await openToken(paths.token);
  const listen = (): Promise<Api> =>
    createApi({
      registry: credential === undefined ? registry : readOnly(registry),
      actions,
      socketPath: paths.apiSocket,
      tcp: { address: LOOPBACK, port: home.settings.apiPort },
      token,
      dashboardDirectory,
      log,
      clock,
      version: VERSION,
    });
  setup.use(
    await listen().catch(async (error: unknown) => {
      // Another home chose the same free port and was faster.
      if (!(error instanceof Fault) || error.code !== "conflict") throw error;
      await home.moveOn("apiPort");
      return listen();
    }),
  );

  background.push(
    telemetry.run(signal),
    identities.run(),
    keepSourcesSwept(paths.sources, { registry, clock, log, signal }),
    keepImagesHeld({ images, registry, clock, log, signal }),
  );
  if (transparent !== undefined) background.push(keepRepaired(transparent.mesh.networks, clock, log, signal));
  await writeProcessRecord(paths.daemonRecord, {
    version: VERSION,
    apiUrl: `http://${LOOPBACK}:${home.settings.apiPort}`,
  });
  log.info("daemon serves", { api: home.settings.apiPort, ingress: home.settings.ingressPort });

  serves = true;
  const lifetime = setup.move();
  return { ended, end: resolveEnded, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/**
 * Moves Plinth's own listeners off ports that an app publishes, where nobody has been told of them: the ingress as long
 * as no app is served there by a host name. Whether something moved.
 */
async function makeRoom(home: Home, registry: Registry, wanted: readonly PublishedPort[]): Promise<boolean> {
  const isIngressUsed = registry.list("App").some(({ spec }) => Object.keys(spec.ingress ?? {}).length > 0);
  let moved = false;
  for (const [which, name] of [
    ["ingressPort", "ingress"],
    ["metricsPort", "metrics"],
  ] as const) {
    if (which === "ingressPort" && (isIngressUsed || home.isAskedFor(which))) continue;
    const isWanted = (): boolean => {
      const own = ownPorts(home.settings).find((one) => one.name === name)!;
      return wanted.some((one) => portsMeet(one, own));
    };
    for (let moves = 0; isWanted() && moves < PORT_MOVES_MAX; moves++) {
      await home.moveOn(which);
      moved = true;
    }
  }
  return moved;
}

/** Only who listens has a port: where another home was faster, this one moves on to the next free one. */
async function settlePorts(home: Home, publisher: SnapshotPublisher): Promise<void> {
  for (let moves = 0; moves < PORT_MOVES_MAX; moves++) {
    await publisher.inForce(IN_FORCE_TIMEOUT_MS);
    const taken = (["ingressPort", "metricsPort", "doorPort"] as const).filter((which) =>
      publisher.failed.some(({ port }) => port === home.settings[which]),
    );
    if (taken.length === 0) return;
    for (const which of taken) await home.moveOn(which);
    publisher.changed();
  }
}
