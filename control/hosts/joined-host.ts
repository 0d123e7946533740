import { X509Certificate } from "node:crypto";
import { availableParallelism } from "node:os";
import { type Clock, Condition } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { generateKeyPair, type SvidSource, type TrustBundle } from "@plinth/identity";
import type { Log } from "@plinth/log";
import type { Hosts, InstanceSet, Topology } from "@plinth/release";
import { type HostStatus, type Instance, type InstanceStatus, STOP_ANNOTATION } from "@plinth/resource";
import type { ProxyCounters } from "@plinth/stat";
import { doorOnRecord } from "./door.ts";
import { FetchedSources } from "./fetched-sources.ts";
import { FirstHost } from "./first-host.ts";
import { type HostCredential, privateKeyText, writeHostCredential } from "./host-credential.ts";
import { CALL_MS, REPORT_MS, RETRY_MAX_MS, RETRY_MS } from "./limits.ts";
import { type Door, type HostWorld, type Question, trustBundleOf } from "./messages.ts";
import { Mirror, type MirrorOptions } from "./mirror.ts";

export interface JoinedHostOptions extends Omit<MirrorOptions, "isOwn"> {
  readonly credential: HostCredential;
  /** Where it is kept. */
  readonly credentialPath: string;
  readonly own: () => InstanceSet;
  readonly topology: () => Topology;
  /** Resolves once the proxy obeys all that has changed, or after the time: false. */
  readonly inForce: (timeoutMs: number) => Promise<boolean>;
  /** Resolves once none of these has anything under way, or after the time. */
  readonly drained: (instances: readonly string[], timeoutMs: number) => Promise<void>;
  /** Whether all workloads' certificates here are by the root that signs now. */
  readonly isRenewed: () => boolean;
  /** What this host's proxy has counted. */
  readonly counters: () => ProxyCounters | undefined;
  /** Does what only this host can. */
  readonly answer: (question: Question, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  /** Where this host's proxy takes calls of others. */
  readonly door: () => Door;
  readonly version: string;
  readonly mesh: NonNullable<HostStatus["mesh"]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called when what the proxy must know has changed. */
  readonly onTopology: () => void;
}

/** At most so long for requests under way at instances elsewhere; their host waits no longer either. */
const DRAIN_MS = 30_000;
const IN_FORCE_MS = 5000;
/** Beyond its own drain time, an instance waits this long for word that it may stop. */
const STOP_PATIENCE_MS = 30_000;
/** As SVIDs are renewed. */
const RENEW_AT = 0.7;
const RENEW_RETRY_MS = 60_000;

/**
 * A machine that has joined another: does what it is told with the same parts that run the first host, and goes on
 * with the last it was told while the first host is away.
 */
export class JoinedHost implements Hosts, SvidSource {
  readonly #options: JoinedHostOptions;
  readonly #first: FirstHost;
  readonly #mirror: Mirror;
  readonly #sources: FetchedSources;
  #credential: HostCredential;
  readonly #listeners: Set<(bundle: TrustBundle) => void> = new Set();
  /** Instances whose files are being fetched, and those that may stop. */
  readonly #starting: Map<string, Promise<void>> = new Map();
  readonly #mayStop: Set<string> = new Set();
  /** Questions being answered. */
  readonly #answering: Map<string, AbortController> = new Map();
  readonly #change: Condition;
  /** Worlds that are not in force or drained yet. */
  readonly #settling: Set<number> = new Set();
  #connection = "";
  #seq = 0;
  #leaving = false;
  /** The first host has taken the last report. */
  #isHeard = false;
  #reportNow: () => void = () => {};
  /** The report under way. */
  #telling: Promise<void> = Promise.resolve();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: JoinedHostOptions) {
    this.#options = options;
    this.#change = new Condition(options.clock);
    this.#credential = options.credential;
    this.#first = new FirstHost(options.credential, options.clock);
    this.#mirror = new Mirror({ ...options, isOwn: (spec) => options.own().isOwn(spec) });
    this.#sources = new FetchedSources(options.sources, (digest, directory) =>
      this.#first.source(digest, directory, options.signal),
    );
  }

  get name(): string {
    return this.#first.host;
  }

  // As a source of certificates.

  get bundle(): TrustBundle {
    return this.#first.bundle;
  }

  subscribe(listener: (bundle: TrustBundle) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  issue: SvidSource["issue"] = (identity, keys, signal) => this.#first.certify(identity, keys, signal);

  // As what is known of hosts.

  /** Where instances run is the first host's to say. */
  candidates(): [] {
    return [];
  }

  isReachable(host: string | undefined): boolean {
    if (host === undefined) return true;
    const state = this.#options.registry.get("Host", host)?.status?.state;
    return state === "Ready" || state === "Leaving";
  }

  isLeaving(): boolean {
    return false;
  }

  doorOf(host: string | undefined): (Door & { readonly name: string }) | undefined {
    const name = host ?? this.#credential.firstName;
    const door = doorOnRecord(this.#options.registry, name);
    return door && { name, ...door };
  }

  /** The archive of an image that the first host keeps. */
  image(digest: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#first.image(digest, this.#options.signal);
  }

  /** Follows the first host until the signal. */
  start(): void {
    this.#running = Promise.all([this.#follow(), this.#report(), this.#renew()]);
  }

  async stopped(): Promise<void> {
    await this.#running;
    await Promise.all(this.#starting.values());
  }

  /** Says that something about an instance has changed. */
  changed(): void {
    this.#reportNow();
  }

  /** Asks the first host to replace what runs here, and waits until it is gone, or for `timeoutMs`. */
  async leave(timeoutMs: number): Promise<void> {
    this.#leaving = true;
    await this.#tellFirst(); // one that is away or wants us no more replaces nothing: its fault ends this
    const { clock, own } = this.#options;
    const endMs = clock.monotonic() + timeoutMs;
    while (own().list().length > 0 && clock.monotonic() < endMs && this.#isHeard) await this.#told(REPORT_MS);
    // The last word: the first host must not take silence for a loss.
    await this.#tellFirst();
  }

  /** One report after the other: the first host believes the one that comes last. */
  #tellFirst(): Promise<void> {
    const { signal } = this.#options;
    const told = this.#telling.then(() =>
      this.#first.report(this.#state(), AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)])),
    );
    this.#telling = told.catch(() => {});
    return told;
  }

  /** Resolves once the first host says that an instance may stop, or when it has said nothing for too long. */
  async mayStop(instance: string, drainMs: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonic() + drainMs + STOP_PATIENCE_MS;
    while (!this.#mayStop.has(instance) && clock.monotonic() < endMs) await this.#told(REPORT_MS);
  }

  #tell(): void {
    this.#change.notifyAll();
    this.#reportNow();
  }

  async #told(mostMs: number): Promise<void> {
    const { signal } = this.#options;
    await this.#change.wait(mostMs, signal);
    signal.throwIfAborted();
  }

  async #follow(): Promise<void> {
    const { signal, log, clock } = this.#options;
    let delayMs = RETRY_MS;
    let told = false;
    while (!signal.aborted) {
      try {
        for await (const message of this.#first.messages(signal)) {
          if (told) log.info("the first host answers again");
          told = false;
          delayMs = RETRY_MS;
          if ("ask" in message) void this.#answer(message.id, message.ask);
          else if ("cancel" in message)
            this.#answering.get(message.cancel)?.abort(new Fault("gone", "Cancelled"));
          else await this.#apply(message);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!told) log.warn("cannot follow the first host; going on as before", { error: messageOf(error) });
        told = true;
      }
      await clock.sleep(delayMs, signal).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
    }
  }

  /** Answers on a connection of its own; whoever asked sees its end. */
  async #answer(id: string, question: Question): Promise<void> {
    const { answer, signal, log } = this.#options;
    const ended = new AbortController();
    this.#answering.set(id, ended);
    const either = AbortSignal.any([signal, ended.signal]);
    try {
      await this.#first.answer(id, answer(question, either), either);
    } catch (error) {
      if (!either.aborted) log.debug("an answer broke off", { error: messageOf(error) });
    } finally {
      this.#answering.delete(id);
    }
  }

  async #apply(world: HostWorld): Promise<void> {
    const { registry, own, topology, onTopology } = this.#options;
    const servedBefore = this.#served();
    if (world.connection !== this.#connection) this.#settling.clear();
    this.#connection = world.connection;
    this.#seq = world.seq;
    this.#settling.add(world.seq);
    await this.#trust(trustBundleOf(world.trust));
    await this.#mirror.take(world);
    const isOwn = ({ spec }: Instance): boolean => own().isOwn(spec);
    for (const app of world.apps) {
      const target = topology().target(app);
      if (target !== undefined) await topology().learn(app.metadata.name, target.spec.services);
    }
    const wanted = new Map(world.instances.filter(isOwn).map((one) => [one.metadata.name, one]));
    for (const instance of wanted.values()) this.#direct(instance);
    for (const { metadata } of own().list()) {
      if (wanted.has(metadata.name)) continue;
      this.#mayStop.add(metadata.name);
      own().leave(metadata.name);
    }
    for (const name of this.#mayStop) {
      if (!wanted.has(name) && registry.get("Instance", name) === undefined) this.#mayStop.delete(name);
    }
    onTopology();
    this.#tell();
    void this.#settle(world, servedBefore);
  }

  /** Starts, drains or stops one instance of ours as its record says. */
  #direct(instance: Instance): void {
    const { own } = this.#options;
    const { name, annotations, deletionTimestamp } = instance.metadata;
    const isKnown = own().runner(name) !== undefined;
    if (annotations?.[STOP_ANNOTATION] !== undefined) this.#mayStop.add(name);
    if (deletionTimestamp !== undefined) {
      if (isKnown) own().leave(name);
      return;
    }
    if (isKnown || this.#starting.has(name)) return;
    const starting = this.#create(instance)
      .catch((error: unknown) =>
        this.#options.log.error("cannot make an instance", { instance: name, error: messageOf(error) }),
      )
      .finally(() => this.#starting.delete(name));
    this.#starting.set(name, starting);
  }

  async #create(instance: Instance): Promise<void> {
    const { own, topology, signal, clock, log } = this.#options;
    const { app, service, release, revision } = instance.spec;
    const { name } = instance.metadata;
    let delayMs = RETRY_MS;
    while (!signal.aborted) {
      const spec = topology().specOf(instance);
      if (spec === undefined) return; // its release is gone: so will it be
      try {
        await this.#sources.need(spec);
        return await own().create({ app, service, release, revision, spec, name });
      } catch (error) {
        if (signal.aborted) return;
        log.warn("cannot make an instance yet", { instance: name, error: messageOf(error) });
        await clock.sleep(delayMs, signal).catch(() => undefined);
        delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
      }
    }
  }

  /** Instances elsewhere that get calls from here. */
  #served(): Set<string> {
    const { registry, own } = this.#options;
    return new Set(
      registry
        .list("Instance")
        .filter(({ spec, status }) => !own().isOwn(spec) && status?.state === "Ready")
        .map(({ metadata }) => metadata.name),
    );
  }

  /** Remembers that a world is in force here, once it is and nothing is under way at what it has taken out. */
  async #settle({ connection, seq }: HostWorld, servedBefore: ReadonlySet<string>): Promise<void> {
    const { inForce, drained, signal } = this.#options;
    const served = this.#served();
    const gone = [...servedBefore].filter((name) => !served.has(name));
    while (!(await inForce(IN_FORCE_MS)) && !signal.aborted);
    if (gone.length > 0) await drained(gone, DRAIN_MS).catch(() => undefined);
    if (connection !== this.#connection) return;
    this.#settling.delete(seq);
    this.#tell();
  }

  /** The newest world up to which all are settled. */
  get #settled(): number {
    return this.#settling.size === 0 ? this.#seq : Math.min(...this.#settling) - 1;
  }

  async #report(): Promise<void> {
    const { signal, clock, log } = this.#options;
    let told = false;
    while (!signal.aborted) {
      let now!: () => void;
      const asked = new Promise<void>((resolve) => (now = resolve));
      this.#reportNow = now;
      try {
        await this.#tellFirst();
        this.#isHeard = true;
        told = false;
      } catch (error) {
        if (signal.aborted) return;
        this.#isHeard = false;
        if (!told) log.warn("cannot report to the first host", { error: messageOf(error) });
        told = true;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
      const rest = new AbortController();
      await Promise.race([
        asked,
        clock.sleep(REPORT_MS, AbortSignal.any([signal, rest.signal])).catch(() => {}),
      ]);
      rest.abort();
    }
  }

  #state(): Parameters<FirstHost["report"]>[0] {
    const { own, version, mesh, door, counters, isRenewed } = this.#options;
    const instances: Record<string, InstanceStatus> = {};
    for (const { metadata, status } of own().list()) {
      const { name } = metadata;
      const isLeaving = own().isLeaving(name);
      instances[name] = isLeaving ? { ...status, state: "Draining" } : (status ?? {});
    }
    // What is being fetched is on its way, though nothing runs yet.
    for (const name of this.#starting.keys()) instances[name] ??= { state: "Pending", restarts: 0 };
    return {
      settled: { connection: this.#connection, seq: this.#settled },
      door: door(),
      renewed: this.#isBySigningRoot && isRenewed() ? this.bundle.sequence : 0,
      instances,
      counters: counters(),
      leaving: this.#leaving,
      version,
      mesh,
      cpus: availableParallelism(),
    };
  }

  /** Whether the root that signs now has signed this host's own credential. */
  get #isBySigningRoot(): boolean {
    const root = new X509Certificate(this.bundle.roots[0]!);
    const own = new X509Certificate(Buffer.from(this.#credential.certificate.certificates[0]!, "base64"));
    return own.checkIssued(root);
  }

  async #trust(bundle: TrustBundle): Promise<void> {
    if (bundle.sequence === this.#first.bundle.sequence) return;
    const { trustDomain, sequence, roots } = bundle;
    await this.#keep({
      ...this.#credential,
      trust: { trustDomain, sequence, roots: roots.map((root) => root.toString("base64")) },
    });
    for (const listener of this.#listeners) listener(this.#first.bundle);
  }

  async #keep(credential: HostCredential): Promise<void> {
    await writeHostCredential(this.#options.credentialPath, credential);
    this.#credential = credential;
    this.#first.renewed(credential);
  }

  /** Has the first host give out this host's credential anew. */
  async renewCredential(signal: AbortSignal): Promise<void> {
    const keys = await generateKeyPair();
    const certificate = await this.#first.renew(keys, signal);
    await this.#keep({ ...this.#credential, certificate, privateKey: privateKeyText(keys) });
    this.changed();
    this.#options.log.info("the host's credential is renewed");
  }

  /** Renews the credential ahead of its end, as long as the first host lets it. */
  async #renew(): Promise<void> {
    const { clock, log, signal } = this.#options;
    while (!signal.aborted) {
      const { notBeforeMs, notAfterMs } = this.#first.validity;
      const isOld = clock.now() >= notBeforeMs + (notAfterMs - notBeforeMs) * RENEW_AT;
      if (isOld || !this.#isBySigningRoot) {
        try {
          await this.renewCredential(signal);
        } catch (error) {
          if (signal.aborted) return;
          log.warn("cannot renew the host's credential", { error: messageOf(error) });
        }
      }
      // Looked at often, since wall clocks jump; and at once when the roots have changed.
      const changed = new AbortController();
      const leave = this.subscribe(() => changed.abort());
      await clock.sleep(RENEW_RETRY_MS, AbortSignal.any([signal, changed.signal])).catch(() => undefined);
      leave();
    }
  }
}

/** The credential's home has to say so where it is asked for what only the first host can do. */
export function onlyFirstHost(deed: string): Fault {
  return new Fault("unsupported", `Cannot ${deed}: this machine has joined another`, {
    hint: "Do it on the first host, which decides for all.",
  });
}
