import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { isIP } from "node:net";
import { type Clock, isoTime } from "@plinth/clock";
import { socketName } from "@plinth/connect";
import type { HostFrame, PairAddresses } from "@plinth/discovery";
import { Fault } from "@plinth/fault";
import {
  authoritySource,
  type HostApi,
  HostSessions,
  openHostApi,
  type Question,
  worldOf,
} from "@plinth/hosts";
import { CertificateAuthority, fingerprintOf, JoinTokens, SvidKeeper } from "@plinth/identity";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import {
  type Drivers,
  type Fleet,
  type Mesh,
  ReleaseController,
  type ReleaseControllerOptions,
} from "@plinth/release";
import type { ExpiryReport, IdentityReport, JoinTokenReport } from "@plinth/resource";
import { parseDigest } from "@plinth/run";
import type { SecretVault } from "@plinth/secrets";
import type { ProxyCounters } from "@plinth/stat";
import type { Store } from "@plinth/store";
import type { Home } from "./home.ts";
import type { HomeImages } from "./home-images.ts";
import { decodeLines } from "./json-lines.ts";
import type { Role } from "./role.ts";
import { VERSION } from "./version.ts";

/** A proxy that takes longer is being replaced; the address is right all the same. */
const IN_FORCE_MS = 5000;

export interface FirstRoleOptions extends Pick<
  ReleaseControllerOptions,
  "lastLines" | "urlsOf" | "ownPorts" | "makeRoom"
> {
  readonly home: Home;
  readonly store: Store;
  readonly registry: Registry;
  readonly vault: SecretVault;
  readonly drivers: Drivers;
  readonly images: HomeImages;
  readonly pairs: PairAddresses;
  readonly mesh: Mesh | undefined;
  /** Made after this, as it asks for the hosts. */
  readonly fleet: () => Fleet;
  /** Resolves once the proxy has all certificates as they are, or after the time: false. */
  readonly given: (timeoutMs: number) => Promise<boolean>;
  /** Resolves once this host's proxy obeys all that has changed, or after the time: false. */
  readonly inForce: (timeoutMs: number) => Promise<boolean>;
  /** Called with what another host's proxy has counted. */
  readonly onCounters: (host: string, counters: ProxyCounters) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called when what the proxy is told has changed. */
  readonly onTopology: () => void;
}

const ROTATE = "rotate the root certificate";
const EXPIRE = "replace all certificates";
/** Certificates are renewed within seconds; a host that takes longer has a fault. */
const ROTATION_MS = 60_000;
const ROTATION_STEP_MS = 20_000;
/** A day after a rotation, some minutes do not matter. */
const RETIRE_LOOK_MS = 600_000;
/** Of a store's password: not to be guessed. */
const PASSWORD_BYTES = 16;
/** Ports to try for the door for hosts. */
const PORT_MOVES_MAX = 20;

/** The host that decides: releases, secrets, which hosts there are and what each of them runs. */
export class FirstRole implements Role {
  readonly host: undefined;
  readonly hosts: HostSessions;
  readonly keeper: SvidKeeper;
  readonly deeds: Role["deeds"];
  readonly #options: FirstRoleOptions;
  readonly #authority: CertificateAuthority;
  readonly #tokens: JoinTokens;
  #controller: ReleaseController | undefined;
  #api: HostApi | undefined;
  #looking: Promise<unknown> = Promise.resolve();

  private constructor(options: FirstRoleOptions, authority: CertificateAuthority) {
    const { store, clock, log, registry, vault, fleet, signal, onTopology } = options;
    this.#options = options;
    this.#authority = authority;
    this.#tokens = new JoinTokens({ store, clock });
    this.keeper = new SvidKeeper({ source: authoritySource(authority), clock, log });
    this.hosts = new HostSessions({
      registry,
      name: this.name,
      world: (host) =>
        worldOf(host, {
          registry,
          fleet: fleet(),
          reveal: (secret) => vault.reveal(secret),
          trust: () => authority.bundle,
        }),
      fleet,
      clock,
      log,
      signal,
      onChange: onTopology,
      onCounters: options.onCounters,
    });
    authority.subscribe(() => this.hosts.changed());
    this.deeds = {
      plan: (app, spec) => Promise.resolve(this.#running.plan(app, spec)),
      rollback: (app, to) => this.#running.rollback(app, to),
      admitCaller: async (app, service, caller) => {
        const at = await this.#running.admitCaller(app, service, caller);
        await options.inForce(IN_FORCE_MS);
        return at;
      },
      revokeCaller: async (app, service, caller) => {
        await this.#running.revokeCaller(app, service, caller);
        await options.inForce(IN_FORCE_MS);
      },
      setSecretValue: (name, value) => vault.set(name, value),
      deleteSecret: (name) => vault.delete(name),
      createJoinToken: (request) => this.#createJoinToken(request),
      forgetHost: (name) => this.#forget(name),
      identity: () => Promise.resolve(this.#report()),
      rotateRoot: (now) => this.#rotate(now),
      expireCertificates: () => this.#expire(),
      haltHost: (name) => this.#halt(name),
    };
  }

  static async open(options: FirstRoleOptions): Promise<FirstRole> {
    const { home, clock } = options;
    const authority = await CertificateAuthority.open({
      path: home.paths.authority,
      homeId: home.settings.id,
      clock,
    });
    return new FirstRole(options, authority);
  }

  get name(): string {
    return this.#options.home.settings.hostName;
  }

  get #running(): ReleaseController {
    this.#controller ??= new ReleaseController({
      ...this.#options,
      instances: this.#options.fleet(),
      secretVersion: (name) => this.#options.vault.version(name),
      makeSecret: (name) =>
        this.#options.vault.set(name, Buffer.from(randomBytes(PASSWORD_BYTES).toString("hex"))),
      onTopology: () => this.#topologyChanged(),
    });
    return this.#controller;
  }

  get topology(): ReleaseController["topology"] {
    return this.#running.topology;
  }

  frame(): HostFrame | undefined {
    const { hostAddress, doorPort } = this.#options.home.settings;
    if (hostAddress === undefined) return undefined;
    return {
      host: undefined,
      name: this.name,
      door: { address: hostAddress, port: doorPort },
      doorOf: (host) => {
        const door = host === undefined ? undefined : this.hosts.doorOf(host);
        return host === undefined || door === undefined ? undefined : { name: host, ...door };
      },
    };
  }

  ask(host: string, question: Question, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.hosts.ask(host, question, signal);
  }

  image(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  drainedElsewhere(_instance: string, drainMs: number): Promise<void> {
    return this.hosts.settled(drainMs);
  }

  changed(app: string): void {
    this.#running.poke(app);
    this.hosts.changed();
  }

  #topologyChanged(): void {
    this.#options.onTopology();
    this.hosts.changed();
  }

  async start(): Promise<void> {
    await this.#running.start();
    if (this.#options.home.settings.hostAddress !== undefined) await this.#open();
    this.#looking = Promise.all([this.hosts.run(), this.#retireOld()]);
  }

  async stopped(): Promise<void> {
    this.keeper[Symbol.dispose]();
    await this.#api?.[Symbol.asyncDispose]();
    await this.#controller?.stopped();
    await this.#looking;
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  /** Opens the door for hosts where it is not open yet. */
  async #open(): Promise<HostApi> {
    if (this.#api !== undefined) return this.#api;
    const { home, registry, images, log } = this.#options;
    for (let moves = 0; ; moves++) {
      const { hostAddress = "", hostsPort } = home.settings;
      try {
        this.#api = await openHostApi({
          address: hostAddress,
          port: hostsPort,
          authority: this.#authority,
          tokens: this.#tokens,
          keeper: this.keeper,
          sessions: this.hosts,
          registry,
          specOf: (instance) => this.topology.specOf(instance),
          sources: home.paths.sources,
          image: async (digest, asked) =>
            (await images.open()).export(parseDigest(digest, "a request"), { signal: asked }),
          log,
        });
        break;
      } catch (error) {
        // Joined hosts know the port: it moves only where there can be none yet.
        const mayMove = this.hosts.names.length === 0 && moves < PORT_MOVES_MAX;
        if (!(error instanceof Fault) || error.code !== "conflict" || !mayMove) throw error;
        await home.moveOn("hostsPort");
      }
    }
    await this.#writeOwn();
    this.#topologyChanged();
    return this.#api;
  }

  /** This host beside the others. */
  async #writeOwn(): Promise<void> {
    const { registry, home } = this.#options;
    const { hostAddress, doorPort, mesh } = home.settings;
    const { name } = this;
    const status = {
      state: "Ready",
      ...(hostAddress !== undefined && { address: socketName({ address: hostAddress, port: doorPort }) }),
      version: VERSION,
      mesh,
    } as const;
    if (registry.get("Host", name) === undefined)
      await registry.create("Host", { metadata: { name }, spec: {}, status });
    else await registry.updateStatus("Host", name, status);
  }

  async #createJoinToken({
    address,
    host,
    lifeMs,
  }: Parameters<Role["deeds"]["createJoinToken"]>[0]): Promise<JoinTokenReport> {
    const { home } = this.#options;
    const { hostAddress } = home.settings;
    if (address !== undefined && hostAddress !== undefined && address !== hostAddress) {
      throw new Fault("conflict", `Cannot use ${address}: other hosts reach this one at ${hostAddress}`, {
        hint: "Leave the address out.",
      });
    }
    if (address !== undefined && isIP(address) === 0)
      throw new Fault("invalid", `Cannot use "${address}": expected an IP address of this machine`);
    await home.openToHosts(hostAddress ?? address ?? mainAddress());
    const api = await this.#open();
    const place = socketName(api);
    const { text, expiresAtMs } = await this.#tokens.create({
      address: place,
      fingerprint: fingerprintOf(this.#authority.bundle.roots[0]!),
      ...(host !== undefined && { host }),
      ...(lifeMs !== undefined && { lifeMs }),
    });
    return { token: text, address: place, expiresAt: isoTime(expiresAtMs) };
  }

  #report(): IdentityReport {
    return {
      trustDomain: this.#authority.trustDomain,
      roots: this.#authority.roots.map(({ state, fingerprint, notBeforeMs, notAfterMs }) => ({
        state,
        fingerprint,
        notBefore: isoTime(notBeforeMs),
        notAfter: isoTime(notAfterMs),
      })),
    };
  }

  /**
   * A new root, known everywhere before it signs, and signing everywhere before the old one is retired: each step waits
   * until no handshake can meet a side that is not that far. Again after a failure: goes on where it stopped.
   */
  async #rotate(now: boolean): Promise<IdentityReport> {
    const { log, given, signal } = this.#options;
    const authority = this.#authority;
    const either = AbortSignal.any([signal, AbortSignal.timeout(ROTATION_MS)]);
    const everywhere = async (): Promise<void> => {
      this.hosts.checkAllAnswer(ROTATE);
      if (!(await given(ROTATION_STEP_MS)))
        throw new Fault("unavailable", `Cannot ${ROTATE}: the proxy does not take certificates`);
      await this.hosts.settled(ROTATION_STEP_MS);
      this.hosts.checkAllAnswer(ROTATE);
    };
    if (!now || !this.#authority.roots.some(({ state }) => state === "retiring")) {
      await authority.prepareRoot();
      await everywhere();
      await authority.activateRoot();
      log.info("a new root certificate signs", { fingerprint: authority.roots[0]?.fingerprint });
    }
    if (now) {
      while (!this.keeper.isRenewed) await this.keeper.changed(either);
      await this.hosts.renewed(authority.bundle.sequence, either);
      await everywhere();
      await authority.retireRoot({ force: true });
      log.info("the old root certificate is retired");
    }
    return this.#report();
  }

  /** All certificates anew, here and on every joined host that answers; the old ones serve until theirs is there. */
  async #expire(): Promise<ExpiryReport> {
    const { given, signal, log } = this.#options;
    const either = AbortSignal.any([signal, AbortSignal.timeout(ROTATION_MS)]);
    const here = async (): Promise<number> => {
      const certificates = await this.keeper.renewAll(either);
      if (!(await given(ROTATION_STEP_MS)))
        throw new Fault("unavailable", `Cannot ${EXPIRE}: the proxy does not take certificates`);
      return certificates;
    };
    const there = async (host: string): Promise<number> => {
      const answers = decodeLines<number>(await this.hosts.ask(host, { deed: "renew" }, either));
      const [certificates] = await Array.fromAsync(answers);
      if (certificates === undefined)
        throw new Fault("unavailable", `Cannot ${EXPIRE}: host ${host} has not finished`);
      return certificates;
    };
    const others = this.hosts.names.filter((host) => this.hosts.isReachable(host));
    const hosts = await Promise.all([
      here().then((certificates) => ({ name: this.name, certificates })),
      ...others.map(async (name) => ({ name, certificates: await there(name) })),
    ]);
    log.info("all certificates are replaced", { hosts: hosts.length });
    return { hosts };
  }

  /** Ends a joined host as a power cut would; only that it has been told is waited for. */
  async #halt(name: string): Promise<void> {
    if (name === this.name)
      throw new Fault("conflict", `Cannot halt host "${name}": it is this one, the first`, {
        hint: "`plinth down --all` stops this one.",
      });
    this.#known(name, "halt");
    const { signal, log } = this.#options;
    const answers = await this.hosts.ask(name, { deed: "halt" }, signal);
    for await (const _part of answers);
    log.warn("a host was halted", { host: name });
  }

  /** Retires roots once no certificate of theirs can be in use, until the signal. */
  async #retireOld(): Promise<void> {
    const { clock, log, signal } = this.#options;
    while (!signal.aborted) {
      if (this.#authority.roots.some(({ state }) => state === "retiring")) {
        await this.#authority.retireRoot().then(
          () => log.info("the old root certificate is retired"),
          () => undefined, // its certificates may be in use
        );
      }
      await clock.sleep(RETIRE_LOOK_MS, signal).catch(() => undefined);
    }
  }

  async #forget(name: string): Promise<void> {
    if (name === this.name)
      throw new Fault("conflict", `Cannot remove host "${name}": it is this one, the first`);
    this.#known(name, "remove");
    await this.#tokens.forget(name);
    await this.hosts.forget(name);
  }

  /** Fault "not-found" where no host has this name. */
  #known(name: string, deed: string): void {
    const { registry } = this.#options;
    if (registry.get("Host", name) !== undefined) return;
    const names = registry.list("Host").map(({ metadata }) => metadata.name);
    throw new Fault("not-found", `Cannot ${deed} host "${name}": there is none of that name`, {
      hint: `Hosts: ${names.join(", ") || "none but this one"}.`,
    });
  }
}

/** The machine's first address that others can reach; bridges of containers and of Plinth itself are not it. */
function mainAddress(): string {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (/^(plinth|docker|br-|virbr|veth|cni|podman)/.test(name)) continue;
    const found = addresses?.find(({ internal, family }) => !internal && family === "IPv4");
    if (found !== undefined) return found.address;
  }
  throw new Fault(
    "unavailable",
    "Cannot tell by which address other hosts reach this one: it has none but its own",
    {
      hint: "Name it with --address.",
    },
  );
}
