import type { Clock } from "@plinth/clock";
import type { HostFrame, PairAddresses } from "@plinth/discovery";
import { Fault } from "@plinth/fault";
import {
  type HostCredential,
  type HostQuestion,
  JoinedHost,
  onlyFirstHost,
  type Question,
} from "@plinth/hosts";
import { SvidKeeper } from "@plinth/identity";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import { type Fleet, type InstanceSet, type Mesh, Releases, Topology } from "@plinth/release";
import type { ProxyCounters } from "@plinth/stat";
import type { SecretVault } from "@plinth/secrets";
import type { Home } from "./home.ts";
import type { Role } from "./role.ts";
import { encodeLines } from "./json-lines.ts";
import { VERSION } from "./version.ts";

export interface JoinedRoleOptions {
  readonly credential: HostCredential;
  readonly home: Home;
  readonly registry: Registry;
  readonly vault: SecretVault;
  readonly pairs: PairAddresses;
  readonly mesh: Mesh | undefined;
  /** Made after this, as they ask for the hosts. */
  readonly own: () => InstanceSet;
  readonly fleet: () => Fleet;
  readonly inForce: (timeoutMs: number) => Promise<boolean>;
  /** What this host's proxy has counted. */
  readonly counters: () => ProxyCounters | undefined;
  /** Whether the proxy has all certificates as they are. */
  readonly isGiven: () => boolean;
  /** Resolves once the proxy has all certificates as they are, or after the time: false. */
  readonly given: (timeoutMs: number) => Promise<boolean>;
  /** Ends all that Plinth runs here, and this process. */
  readonly halt: () => void;
  /** Does what only an instance's own host can. */
  readonly answer: (
    question: Exclude<Question, HostQuestion>,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<Uint8Array>>;
  readonly drained: (instances: readonly string[], timeoutMs: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called when what the proxy is told has changed. */
  readonly onTopology: () => void;
}

/** The other hosts have this long to take over what runs here before it is stopped all the same. */
const LEAVE_MS = 60_000;
/** A proxy that takes longer is being replaced: the next one is given all. */
const GIVEN_MS = 20_000;
/** An answer is written by then, also on a busy machine. */
const HALT_AFTER_MS = 200;

/** A host that does what the first one says. */
export class JoinedRole implements Role {
  readonly name: string;
  readonly host: string;
  readonly hosts: JoinedHost;
  readonly keeper: SvidKeeper;
  readonly deeds: Role["deeds"];
  readonly #options: JoinedRoleOptions;
  #topology: Topology | undefined;

  constructor(options: JoinedRoleOptions) {
    this.#options = options;
    const {
      credential,
      home,
      registry,
      vault,
      own,
      clock,
      log,
      signal,
      onTopology,
      inForce,
      drained,
      answer,
      isGiven,
    } = options;
    this.name = credential.host;
    this.host = credential.host;
    this.hosts = new JoinedHost({
      credential,
      credentialPath: home.paths.hostCredential,
      registry,
      own,
      topology: () => this.topology,
      secrets: vault,
      sources: home.paths.sources,
      inForce,
      drained,
      answer: (question, asked) => {
        if (question.deed === "renew") return this.#renewAll(asked);
        return question.deed === "halt" ? this.#halt() : answer(question, asked);
      },
      counters: options.counters,
      isRenewed: () => this.keeper.isRenewed && isGiven(),
      door: () => ({ address: credential.address, port: home.settings.doorPort }),
      version: VERSION,
      mesh: home.settings.mesh,
      clock,
      log,
      signal,
      onTopology,
    });
    this.keeper = new SvidKeeper({ source: this.hosts, clock, log });
    this.keeper.subscribe(() => this.hosts.changed());
    const refuse = (deed: string) => (): Promise<never> => Promise.reject(onlyFirstHost(deed));
    this.deeds = {
      plan: refuse("plan a deploy"),
      rollback: refuse("roll back"),
      admitCaller: refuse("give a caller its address"),
      revokeCaller: refuse("take a caller's address away"),
      setSecretValue: refuse("set a secret"),
      deleteSecret: refuse("delete a secret"),
      createJoinToken: refuse("make a join token"),
      forgetHost: refuse("remove a host"),
      identity: refuse("tell of the authority"),
      rotateRoot: refuse("rotate the root certificate"),
      expireCertificates: refuse("replace all certificates"),
      haltHost: refuse("halt a host"),
    };
  }

  get topology(): Topology {
    const { registry, clock, pairs, mesh, fleet, onTopology } = this.#options;
    this.#topology ??= new Topology({
      registry,
      instances: fleet(),
      releases: new Releases(registry, clock),
      pairs,
      mesh,
      onTopology,
    });
    return this.#topology;
  }

  frame(): HostFrame {
    return {
      host: this.host,
      name: this.name,
      door: { address: this.#options.credential.address, port: this.#options.home.settings.doorPort },
      doorOf: (host) => this.hosts.doorOf(host),
    };
  }

  ask(): Promise<never> {
    return Promise.reject(onlyFirstHost("see into another host"));
  }

  image(digest: string): Promise<AsyncIterable<Uint8Array>> {
    return this.hosts.image(digest);
  }

  drainedElsewhere(instance: string, drainMs: number): Promise<void> {
    return this.hosts.mayStop(instance, drainMs);
  }

  changed(): void {
    this.hosts.changed();
  }

  async start(): Promise<void> {
    const { registry, fleet, home } = this.#options;
    await home.openToHosts(this.#options.credential.address);
    await fleet().adopt((instance) => this.topology.specOf(instance));
    for (const app of registry.list("App")) {
      const target = this.topology.target(app);
      if (target !== undefined) await this.topology.learn(app.metadata.name, target.spec.services);
    }
    this.hosts.start();
  }

  /** Certificates of workloads and of this host anew, and its credential for the first host. */
  async #renewAll(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const [certificates] = await Promise.all([
      this.keeper.renewAll(signal),
      this.hosts.renewCredential(signal),
    ]);
    if (!(await this.#options.given(GIVEN_MS)))
      throw new Fault("unavailable", "Cannot replace all certificates: the proxy does not take them");
    return encodeLines([certificates + 1]);
  }

  /** As a power cut would, a moment later: who asked is answered first. */
  #halt(): Promise<AsyncIterable<Uint8Array>> {
    const { clock, log, halt } = this.#options;
    log.warn("the first host ends all that runs here");
    clock.schedule(HALT_AFTER_MS, halt);
    return Promise.resolve(encodeLines([]));
  }

  async stopped(): Promise<void> {
    this.keeper[Symbol.dispose]();
    await this.hosts.stopped();
  }

  leave(): Promise<void> {
    return this.hosts.leave(LEAVE_MS);
  }
}

/** A registry whose users may look and not touch: what is in it is the first host's to say. */
export function readOnly(registry: Registry): Registry {
  const refuse = (): Promise<never> => Promise.reject(onlyFirstHost("change anything"));
  return {
    get resourceVersion() {
      return registry.resourceVersion;
    },
    get: (kind, name) => registry.get(kind, name),
    list: (kind, labels) => registry.list(kind, labels),
    watch: (kind, options) => registry.watch(kind, options),
    create: refuse,
    update: refuse,
    updateStatus: refuse,
    delete: refuse,
    purge: refuse,
  };
}
