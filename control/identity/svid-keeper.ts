import { type KeyObject, X509Certificate as NativeCertificate } from "node:crypto";
import { type Clock, type Random, systemRandom } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { IssuedCertificate } from "./certificate-authority.ts";
import { generateKeyPair, type KeyPair } from "./key-pair.ts";
import { type Identity, spiffeIdOf } from "./spiffe-id.ts";
import { fingerprintOf, type TrustBundle } from "./trust-bundle.ts";
import { verifySvid } from "./verify-svid.ts";

/** Renewal at 70 % of life leaves seven hours of 24 for an authority that is away; spread so that not all come at once. */
const RENEW_AT = 0.7;
const RENEW_SPREAD = 0.03;
/** Wall clocks jump: whatever is scheduled, everything is looked at this often. */
const RECHECK_MS = 60_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** An authority whose answer is never good enough is not asked more often than this. */
const RENEWAL_GAP_MS = 10_000;
/** An answer takes milliseconds here and a round trip from afar; behind this it is lost. */
const ISSUE_TIMEOUT_MS = 30_000;
/** A start with thousands of identities must not ask for all of them in one turn. */
const ISSUES_AT_ONCE_MAX = 8;

/** A certificate with its key, which is in memory only. */
export interface Svid {
  readonly identity: Identity;
  readonly spiffeId: string;
  /** DER, leaf first. */
  readonly certificates: readonly Buffer[];
  readonly privateKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Where certificates come from: the authority itself, or the first host's API. */
export interface SvidSource {
  readonly bundle: TrustBundle;
  subscribe(listener: (bundle: TrustBundle) => void): () => void;
  issue(identity: Identity, keys: KeyPair, signal: AbortSignal): Promise<IssuedCertificate>;
}

interface Entry {
  readonly identity: Identity;
  readonly spiffeId: string;
  svid: Svid | undefined;
  renewAtMs: number;
  /** Monotonic; not asked again before. */
  notBeforeMonotonicMs: number;
  failures: number;
  /** Under way, while set. */
  asking: AbortController | undefined;
}

/** Keeps one SVID per identity fresh: renews ahead of time, and serves the old one to its end while that fails. */
export class SvidKeeper implements Disposable {
  readonly #source: SvidSource;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #makeKeys: () => Promise<KeyPair>;
  readonly #entries: Map<string, Entry> = new Map();
  readonly #listeners: Set<() => void> = new Set();
  readonly #unsubscribe: () => void;
  #cancelTimer: () => void = () => {};
  #asking = 0;
  #disposed = false;

  constructor(options: {
    source: SvidSource;
    clock: Clock;
    log: Log;
    random?: Random;
    /** Default: a fresh ECDSA P-256 key for every certificate. */
    makeKeys?: () => Promise<KeyPair>;
  }) {
    this.#source = options.source;
    this.#clock = options.clock;
    this.#random = options.random ?? systemRandom;
    this.#log = options.log;
    this.#makeKeys = options.makeKeys ?? generateKeyPair;
    let signing = fingerprintOf(this.bundle.roots[0]!);
    this.#unsubscribe = this.#source.subscribe(({ roots }) => {
      const now = fingerprintOf(roots[0]!);
      // Leaves of a root that no longer signs are not waited for: their root is on its way out.
      if (now !== signing) for (const entry of this.#entries.values()) entry.renewAtMs = 0;
      signing = now;
      this.#tell();
      this.#look();
    });
  }

  get clock(): Clock {
    return this.#clock;
  }

  get bundle(): TrustBundle {
    return this.#source.bundle;
  }

  /** Keeps an SVID for this identity from now on; answers its SPIFFE ID. */
  add(identity: Identity): string {
    const spiffeId = spiffeIdOf(this.bundle.trustDomain, identity);
    if (!this.#entries.has(spiffeId)) {
      const fresh = {
        svid: undefined,
        renewAtMs: 0,
        notBeforeMonotonicMs: 0,
        failures: 0,
        asking: undefined,
      };
      this.#entries.set(spiffeId, { identity, spiffeId, ...fresh });
      this.#look();
    }
    return spiffeId;
  }

  remove(identity: Identity): void {
    const spiffeId = spiffeIdOf(this.bundle.trustDomain, identity);
    const entry = this.#entries.get(spiffeId);
    if (entry === undefined) return;
    this.#entries.delete(spiffeId);
    entry.asking?.abort(new Fault("gone", `Identity "${spiffeId}" is not kept any more`));
    this.#tell();
  }

  /** The SVID to use now; undefined before the first one and behind the end of the last one. */
  svid(spiffeId: string): Svid | undefined {
    const svid = this.#entries.get(spiffeId)?.svid;
    return svid !== undefined && this.#clock.now() < svid.notAfterMs ? svid : undefined;
  }

  /** Whether the root that signs now has signed every SVID. */
  get isRenewed(): boolean {
    const root = new NativeCertificate(this.bundle.roots[0]!);
    return [...this.#entries.values()].every(
      ({ svid }) => svid !== undefined && new NativeCertificate(svid.certificates[0]!).checkIssued(root),
    );
  }

  /** Asks for every SVID anew, the old ones serving on until then; resolves with how many have been replaced. */
  async renewAll(signal: AbortSignal): Promise<number> {
    const before = new Map([...this.#entries].map(([id, { svid }]) => [id, svid]));
    for (const entry of this.#entries.values()) {
      entry.renewAtMs = 0;
      entry.notBeforeMonotonicMs = 0;
    }
    this.#look();
    for (const [id, old] of before) {
      while (this.#entries.has(id) && this.#entries.get(id)?.svid === old) await this.changed(signal);
    }
    return before.size;
  }

  /** Resolves with the SVID as soon as there is one. Rejects with the signal's reason. */
  async ready(spiffeId: string, signal: AbortSignal): Promise<Svid> {
    for (;;) {
      const svid = this.svid(spiffeId);
      if (svid !== undefined) return svid;
      await this.changed(signal);
    }
  }

  /** Resolves at the next change of any SVID or the bundle. Rejects with the signal's reason. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = this.subscribe(() => {
        leave();
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      const onAbort = (): void => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Calls back on every change of an SVID or the bundle; the returned function ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#unsubscribe();
    this.#cancelTimer();
    for (const { asking } of this.#entries.values()) asking?.abort(new Fault("gone", "Shutting down"));
    this.#entries.clear();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Asks for what is due, and comes back when the next is, or within a minute. */
  #look(): void {
    this.#cancelTimer();
    if (this.#disposed) return;
    let delayMs = RECHECK_MS;
    for (const entry of this.#entries.values()) {
      if (entry.asking !== undefined) continue;
      const dueInMs = this.#dueInMs(entry);
      if (dueInMs > 0) delayMs = Math.min(delayMs, dueInMs);
      else if (this.#asking < ISSUES_AT_ONCE_MAX) void this.#renew(entry);
    }
    this.#cancelTimer = this.#clock.schedule(delayMs, () => this.#look());
  }

  #dueInMs({ svid, renewAtMs, notBeforeMonotonicMs }: Entry): number {
    const restMs = notBeforeMonotonicMs - this.#clock.monotonic();
    if (svid === undefined) return restMs;
    const verdict = verifySvid(svid.certificates, this.bundle, { now: this.#clock.now() });
    // Out of a bundle, or out of time because the clock has jumped: at once.
    return verdict.accepted ? Math.max(restMs, renewAtMs - this.#clock.now()) : restMs;
  }

  async #renew(entry: Entry): Promise<void> {
    const asking = new AbortController();
    entry.asking = asking;
    this.#asking++;
    const cancelTimeout = this.#clock.schedule(ISSUE_TIMEOUT_MS, () =>
      asking.abort(new Fault("timeout", `No certificate came within ${ISSUE_TIMEOUT_MS} ms`)),
    );
    let changed = false;
    try {
      const svid = await untilAborted(this.#obtain(entry, asking.signal), asking.signal);
      const lifeMs = svid.notAfterMs - svid.notBeforeMs;
      entry.svid = svid;
      entry.renewAtMs = svid.notBeforeMs + lifeMs * (RENEW_AT + RENEW_SPREAD * (2 * this.#random() - 1));
      entry.failures = 0;
      entry.notBeforeMonotonicMs = this.#clock.monotonic() + RENEWAL_GAP_MS;
      changed = true;
    } catch (error) {
      const backoffMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(entry.failures, 16));
      entry.failures++;
      entry.notBeforeMonotonicMs = this.#clock.monotonic() + backoffMs * (0.5 + this.#random() / 2);
      if (this.#entries.get(entry.spiffeId) === entry) {
        this.#log.warn("certificate not renewed", { spiffeId: entry.spiffeId, reason: messageOf(error) });
      }
    } finally {
      cancelTimeout();
      entry.asking = undefined;
      this.#asking--;
    }
    if (this.#disposed) return;
    if (changed && this.#entries.get(entry.spiffeId) === entry) this.#tell();
    this.#look();
  }

  async #obtain({ identity, spiffeId }: Entry, signal: AbortSignal): Promise<Svid> {
    const keys = await this.#makeKeys();
    const issued = await this.#source.issue(identity, keys, signal);
    // What others would refuse must not replace what they take.
    const verdict = verifySvid(issued.certificates, this.bundle, { now: this.#clock.now() });
    if (!verdict.accepted || verdict.spiffeId !== spiffeId) {
      const reason = verdict.accepted ? `it is for "${verdict.spiffeId}"` : verdict.reason;
      throw new Fault("invalid", `Cannot use the certificate given out for "${spiffeId}": ${reason}`);
    }
    const { certificates, notBeforeMs, notAfterMs } = issued;
    return { identity, spiffeId, certificates, privateKey: keys.privateKey, notBeforeMs, notAfterMs };
  }
}

/** A source that never answers must not keep an identity waiting for good. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
