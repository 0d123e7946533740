import type { ProxyControl } from "@plinth/connect";
import type {
  ApiActions,
  AppLogRequest,
  ExecEvent,
  InstanceLine,
  JoinTokenRequest,
  LogRequest,
  SessionInput,
} from "@plinth/api";
import type { SnapshotPublisher } from "@plinth/discovery";
import { Fault } from "@plinth/fault";
import type { RuntimeName } from "@plinth/process";
import type { Remapper } from "@plinth/observe";
import type { Registry } from "@plinth/registry";
import { type Fleet, storeAccess } from "@plinth/release";
import {
  type CallerReport,
  type App,
  APP_LABEL,
  type AppSpec,
  type IdentityReport,
  type DiagnosticsReport,
  type EgressStat,
  type ExpiryReport,
  type Instance,
  type JoinTokenReport,
  type Plan,
  type PsRow,
  type Secret,
  SERVICE_LABEL,
  type SessionRequest,
  type StatReport,
  type StatusReport,
  type StoreAccessReport,
  type TapEvent,
  type TapFilter,
} from "@plinth/resource";
import type { SecretVault } from "@plinth/secrets";
import type { Store } from "@plinth/store";
import { appLog } from "./app-log.ts";
import { type Home, ownPorts } from "./home.ts";
import { withFields } from "./log-fields.ts";
import { readProcessRecord } from "./process-record.ts";
import { processRow } from "./process-report.ts";
import { watcherOf } from "./take-over.ts";
import type { ProxyProcess } from "./proxy-process.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Reach } from "./reach.ts";
import type { Sight } from "./sight.ts";
import type { Role } from "./role.ts";
import { telemetryStatus } from "./telemetry-settings.ts";
import { VERSION } from "./version.ts";

const ROOTLESS =
  "Containers are made without root: their root is the user who runs Plinth, and what gets out of one has that user's rights; `plinth doctor` says what root would give";

export interface ActionParts {
  readonly home: Home;
  readonly registry: Registry;
  readonly store: Store;
  readonly instances: Fleet;
  readonly deeds: Role["deeds"];
  readonly topology: Role["topology"];
  readonly vault: SecretVault;
  readonly reach: Reach;
  readonly remapper: Remapper;
  /** This host's name, as instances name it, and the first host's where it has joined that. */
  readonly place: {
    readonly name: string;
    readonly host: string | undefined;
    readonly of: string | undefined;
  };
  readonly telemetry: Telemetry;
  readonly control: ProxyControl;
  readonly sight: Sight;
  readonly proxy: ProxyProcess;
  readonly publisher: SnapshotPublisher;
  /** The unit of systemd that this daemon is. */
  readonly service: string | undefined;
  readonly shutDown: (stopInstances: boolean, graceMs: number | undefined) => void;
}

/** What the API offers beyond plain resources. */
export class Actions implements ApiActions {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  notReadyReason(): string | undefined {
    return this.#parts.publisher.isInForce ? undefined : "the proxy has not taken the newest snapshot yet";
  }

  plan(app: string, spec: AppSpec, signal: AbortSignal): Promise<Plan> {
    return this.#parts.deeds.plan(app, spec, signal);
  }

  rollback(app: string, to: number | undefined): Promise<App> {
    return this.#parts.deeds.rollback(app, to);
  }

  admitCaller(app: string, service: string, caller: string): Promise<CallerReport> {
    return this.#parts.deeds.admitCaller(app, service, caller);
  }

  revokeCaller(app: string, service: string, caller: string): Promise<void> {
    return this.#parts.deeds.revokeCaller(app, service, caller);
  }

  setSecretValue(name: string, value: Uint8Array): Promise<Secret> {
    return this.#parts.deeds.setSecretValue(name, value);
  }

  deleteSecret(name: string): Promise<void> {
    return this.#parts.deeds.deleteSecret(name);
  }

  storeAccess(app: string, store: string): Promise<StoreAccessReport> {
    const { registry, instances, topology, place, vault } = this.#parts;
    const sources = {
      registry,
      instances: instances.list(app),
      specOf: (instance: Instance) => topology.specOf(instance),
      host: place.host,
      reveal: (secret: string) => vault.reveal(secret),
    };
    return Promise.resolve(storeAccess(app, store, sources));
  }

  createJoinToken(request: JoinTokenRequest): Promise<JoinTokenReport> {
    return this.#parts.deeds.createJoinToken(request);
  }

  identity(): Promise<IdentityReport> {
    return this.#parts.deeds.identity();
  }

  rotateRoot(now: boolean): Promise<IdentityReport> {
    return this.#parts.deeds.rotateRoot(now);
  }

  expireCertificates(): Promise<ExpiryReport> {
    return this.#parts.deeds.expireCertificates();
  }

  haltHost(name: string): Promise<void> {
    return this.#parts.deeds.haltHost(name);
  }

  forgetHost(name: string): Promise<void> {
    return this.#parts.deeds.forgetHost(name);
  }

  logs(instance: string, request: LogRequest): Promise<AsyncIterable<Uint8Array>> {
    return this.#parts.reach.log(instance, request);
  }

  async appLogs(name: string, request: AppLogRequest): Promise<AsyncIterable<readonly InstanceLine[]>> {
    const { service, instance, fields } = request;
    const { reach, registry, remapper } = this.#parts;
    const app = registry.get("App", name);
    if (app === undefined) {
      throw new Fault("not-found", `Cannot read the log of app "${name}": there is no such app`);
    }
    if (service !== undefined && !(service in app.spec.services)) {
      throw new Fault(
        "not-found",
        `Cannot read the log of service "${service}": ${name} has no such service`,
        {
          hint: `Its services: ${Object.keys(app.spec.services).join(", ")}.`,
        },
      );
    }
    if (instance !== undefined && registry.get("Instance", instance)?.spec.app !== name) {
      throw new Fault(
        "not-found",
        `Cannot read the log of instance "${instance}": ${name} has no such instance`,
      );
    }
    const labels = { [APP_LABEL]: name, ...(service !== undefined && { [SERVICE_LABEL]: service }) };
    const written = appLog({ registry, reach, labels, ...request });
    return fields ? withFields(written, { registry, remapper, app: name }) : written;
  }

  exec(instance: string, command: readonly string[], signal: AbortSignal): Promise<AsyncIterable<ExecEvent>> {
    return this.#parts.reach.exec(instance, command, signal);
  }

  attach(
    instance: string,
    request: SessionRequest,
    input: AsyncIterable<SessionInput>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ExecEvent>> {
    return this.#parts.reach.attach(instance, request, input, signal);
  }

  signalInstance(instance: string, signal: NodeJS.Signals): Promise<void> {
    return this.#parts.reach.signal(instance, signal);
  }

  /** For those who want to see what happens then. */
  signalProcess(name: "daemon" | "proxy", signal: NodeJS.Signals): Promise<void> {
    const pid = name === "daemon" ? process.pid : this.#parts.proxy.record?.pid;
    if (pid === undefined)
      throw new Fault("unavailable", `Cannot send ${signal} to the proxy: none is running`);
    process.kill(pid, signal);
    return Promise.resolve();
  }

  stat(app: string | undefined): Promise<StatReport> {
    return Promise.resolve(this.#parts.telemetry.report(this.#parts.registry, app));
  }

  egress(app: string | undefined): Promise<EgressStat[]> {
    return this.#parts.sight.egress(app);
  }

  tap(filter: TapFilter, signal: AbortSignal): Promise<AsyncIterable<TapEvent>> {
    return this.#parts.sight.tap(filter, signal);
  }

  async diagnostics(): Promise<DiagnosticsReport> {
    const { control, sight } = this.#parts;
    const [endpoints, snapshot, metrics] = await Promise.all([
      sight.endpoints(),
      control.snapshot(),
      control.metrics(),
    ]);
    return { endpoints, snapshot, metrics };
  }

  ps(app: string | undefined): Promise<PsRow[]> {
    return Promise.resolve(this.#rows(app));
  }

  status(): Promise<StatusReport> {
    const { home, store, proxy, publisher } = this.#parts;
    const { settings, paths } = home;
    const notices = publisher.failed.map(
      ({ address, port, message }) => `The proxy cannot listen on ${address}:${port}: ${message}`,
    );
    const rows = this.#rows(undefined);
    if (process.geteuid?.() !== 0 && rows.some(({ driver }) => driver === "container"))
      notices.push(ROOTLESS);
    for (const { instance, exposed } of rows) {
      if (exposed === null) continue;
      notices.push(
        `${instance} listens on ${exposed}, beyond loopback: others on the network may reach it past the mesh; let it bind $HOST`,
      );
    }
    return Promise.resolve({
      version: VERSION,
      home: paths.directory,
      processes: [
        ...processRow("daemon", readProcessRecord(paths.daemonRecord)),
        ...processRow("proxy", proxy.record),
        ...processRow("supervisor", readProcessRecord(paths.supervisorRecord)),
      ],
      listening: [...ownPorts(settings)],
      watcher: this.#watcher(),
      host: this.#host(),
      mesh: { mode: settings.mesh, reason: settings.meshReason },
      store: {
        revision: store.revision,
        readOnly: store.readOnlyReason ?? null,
        etcd: settings.store ?? null,
      },
      telemetry: telemetryStatus(settings.telemetry),
      notices,
    });
  }

  state(): AsyncIterable<Uint8Array> {
    return this.#parts.store.snapshot();
  }

  #watcher(): StatusReport["watcher"] {
    const { home, service } = this.#parts;
    if (service !== undefined) return { kind: "systemd", unit: service };
    const kind = watcherOf(home.paths.directory)?.kind;
    return kind === undefined ? null : { kind, unit: null };
  }

  #host(): StatusReport["host"] {
    const { registry, place } = this.#parts;
    const others = registry
      .list("Host")
      .filter(({ metadata }) => metadata.name !== place.name)
      .map(({ metadata, status }) => ({
        name: metadata.name,
        state: status?.state ?? "Joining",
        reason: status?.reason ?? null,
      }));
    if (others.length === 0 && place.of === undefined) return null;
    return { name: place.name, of: place.of ?? null, others };
  }

  async upgrade(_name: "proxy", runtime: RuntimeName | undefined): Promise<{ pid: number }> {
    await this.#parts.proxy.upgrade(runtime);
    return { pid: this.#parts.proxy.record?.pid ?? 0 };
  }

  shutdown({ instances, graceMs }: { instances: boolean; graceMs: number | undefined }): Promise<void> {
    this.#parts.shutDown(instances, graceMs);
    return Promise.resolve();
  }

  #rows(app: string | undefined): PsRow[] {
    return this.#parts.instances.list(app).map(({ metadata, spec, status }): PsRow => {
      const stats = this.#parts.instances.runner(metadata.name)?.stats();
      return {
        app: spec.app,
        service: spec.service,
        instance: metadata.name,
        driver: spec.driver,
        host: spec.host ?? null,
        state: status?.state ?? "Pending",
        ready: status?.state === "Ready",
        pid: status?.pid ?? null,
        restarts: status?.restarts ?? 0,
        address: status?.address ?? "",
        cpuSeconds: stats?.cpuSeconds ?? null,
        memoryBytes: stats?.memoryBytes ?? null,
        startedAt: status?.startedAt ?? null,
        release: spec.release,
        reason: status?.reason ?? null,
        exposed: status?.exposed ?? null,
        notices: status?.notices ?? [],
      };
    });
  }
}
