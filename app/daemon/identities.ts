import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, Condition } from "@plinth/clock";
import type { PeerIdentity, ProxyIdentities } from "@plinth/connect";
import { messageOf } from "@plinth/fault";
import { openWorkloadApi, spiffeIdOf, type SvidKeeper, type WorkloadApi } from "@plinth/identity";
import type { Log } from "@plinth/log";
import type { Instance } from "@plinth/resource";

export interface IdentitiesOptions {
  readonly keeper: SvidKeeper;
  /** Gives them to the proxy, and to those before it that still finish what they began. */
  readonly give: (identities: ProxyIdentities) => Promise<void>;
  /** This host's name once there are others: the proxy needs identities from then on. */
  readonly hostName: () => string | undefined;
  readonly local: () => readonly Instance[];
  /** HOME/workload. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const RETRY_MS = 200;
/** Of the directory of an instance's socket: paths of sockets are short. */
const ID_CHARACTERS = 12;

/** Hands certificates to who needs them: to the proxy for calls between hosts, to instances by the Workload API. */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #apis: Map<string, Promise<WorkloadApi>> = new Map();
  #kept: ReadonlyMap<string, PeerIdentity> = new Map();
  /** What the proxy has. */
  #given: string | undefined;
  #wake: () => void = () => {};
  /** Counts changes, and up to which of them all was handed over. */
  #turn = 1;
  #done = 0;
  readonly #handedOver: Condition;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
    this.#handedOver = new Condition(options.clock);
    options.keeper.subscribe(() => this.changed());
  }

  /** Whether all has been handed over as it is. */
  get isGiven(): boolean {
    return this.#done >= this.#turn;
  }

  /** Resolves once what was so before this call has been handed over, or after the time: false. */
  async given(timeoutMs: number): Promise<boolean> {
    const { clock, signal } = this.#options;
    const turn = this.#turn;
    const endMs = clock.monotonic() + timeoutMs;
    while (this.#done < turn && clock.monotonic() < endMs && !signal.aborted)
      await this.#handedOver.wait(endMs - clock.monotonic(), signal);
    return this.#done >= turn;
  }

  /** Instances have come or gone, or there are other hosts now. */
  changed(): void {
    this.#turn++;
    this.#wake();
  }

  /** The proxy is a new one. */
  proxyIsNew(): void {
    this.#given = undefined;
    this.changed();
  }

  /** What goes into an instance's SPIFFE_ENDPOINT_SOCKET. */
  async endpoint(instance: Instance): Promise<string> {
    const { name } = instance.metadata;
    let api = this.#apis.get(name);
    if (api === undefined) {
      const { keeper, directory } = this.#options;
      const spiffeId = keeper.add(identityOf(instance));
      const id = createHash("sha256").update(name).digest("hex").slice(0, ID_CHARACTERS);
      api = openWorkloadApi({ directory: join(directory, id), keeper, identityOf: () => spiffeId });
      this.#apis.set(name, api);
      api.catch(() => this.#apis.delete(name));
    }
    return (await api).endpoint;
  }

  /** Follows instances and certificates until the signal. */
  async run(): Promise<void> {
    const { signal, log, clock, local } = this.#options;
    let told = false;
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      try {
        // Those that a daemon before this one has started find their socket again.
        await Promise.all(local().map((instance) => this.endpoint(instance)));
        await this.#closeGone();
        const turn = this.#turn;
        await this.#give();
        this.#done = turn;
        this.#handedOver.notifyAll();
        told = false;
      } catch (error) {
        if (signal.aborted) break;
        if (!told) log.warn("cannot hand over certificates; trying again", { error: messageOf(error) });
        told = true;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
        continue;
      }
      await woken;
    }
    await this.#closeGone();
    for (const api of this.#apis.values()) await (await api)[Symbol.asyncDispose]();
  }

  async #closeGone(): Promise<void> {
    const names = new Set(this.#options.local().map(({ metadata }) => metadata.name));
    // Chosen before the first is closed: who comes meanwhile is not gone.
    const gone = [...this.#apis].filter(([name]) => !names.has(name));
    for (const [name, api] of gone) {
      this.#apis.delete(name);
      const { endpoint, ...opened } = await api;
      await opened[Symbol.asyncDispose]();
      await rm(join(endpoint.slice("unix://".length), ".."), { recursive: true, force: true });
    }
  }

  /** Gives the proxy what it needs to call other hosts and to be called. */
  async #give(): Promise<void> {
    const { keeper, give, hostName, local } = this.#options;
    const host = hostName();
    const wanted = new Map<string, PeerIdentity>();
    const { trustDomain, sequence, roots } = keeper.bundle;
    for (const instance of local()) {
      const identity = identityOf(instance);
      wanted.set(spiffeIdOf(trustDomain, identity), identity);
    }
    if (host !== undefined) {
      const identity: PeerIdentity = { kind: "host", name: host };
      wanted.set(spiffeIdOf(trustDomain, identity), identity);
    }
    for (const [id, identity] of this.#kept) if (!wanted.has(id)) keeper.remove(identity);
    for (const identity of wanted.values()) keeper.add(identity);
    this.#kept = wanted;
    if (host === undefined) return;
    const svids = [...wanted].flatMap(([id, identity]) => {
      const svid = keeper.svid(id);
      return svid === undefined ? [] : [{ ...svid, identity }];
    });
    // Two certificates of one second end at the same time: what they are tells them apart.
    const held = svids.map(({ certificates: [leaf] }) => leaf?.toString("base64"));
    const state = JSON.stringify([sequence, held]);
    if (state === this.#given) return;
    const identities: ProxyIdentities = {
      trustDomain,
      sequence,
      roots: roots.map((root) => root.toString("base64")),
      svids: svids.map(({ identity, certificates, privateKey, notBeforeMs, notAfterMs }) => ({
        identity,
        certificates: certificates.map((each) => each.toString("base64")),
        privateKey: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
        notBeforeMs,
        notAfterMs,
      })),
    };
    await give(identities);
    this.#given = state;
  }
}

function identityOf({ spec: { app, service } }: Instance): PeerIdentity {
  return { kind: "service", app, service };
}
