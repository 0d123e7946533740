import { createHash, createPrivateKey } from "node:crypto";
import type { ConnectionOptions, TLSSocket, TlsOptions } from "node:tls";
import type { Clock } from "@plinth/clock";
import type {
  CertificateLife,
  PeerIdentity,
  PeerSecurity,
  PeerVerdict,
  ProxyIdentities,
} from "@plinth/connect";
import { Fault } from "@plinth/fault";
import type { Svid, SvidHolder, TrustBundle } from "@plinth/identity";
import { parseIdentities } from "./parse-identities.ts";

type Functions = typeof import("@plinth/identity");

/** Who this process is on other hosts. It was told so, and keeps it in memory only. */
export class PeerIdentities implements PeerSecurity, SvidHolder {
  readonly clock: Clock;
  bundle: TrustBundle = { trustDomain: "", roots: [], sequence: 0 };
  /** As they came, for the process that takes over. */
  #given: ProxyIdentities | undefined = undefined;
  /** Loaded with the first identities: it takes a tenth of a second that a host without others need not wait. */
  #functions: Functions | undefined = undefined;
  #bundleStamp = "";
  #svids: Map<string, Svid> = new Map();
  #stamps: Map<string, string> = new Map();
  readonly #listeners: Set<() => void> = new Set();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get given(): ProxyIdentities | undefined {
    return this.#given;
  }

  /** Takes these in place of all there were. Fault "invalid", which tells nothing of keys, leaves those. */
  async put(value: unknown): Promise<void> {
    const given = parseIdentities(value);
    const functions = (this.#functions ??= await import("@plinth/identity"));
    const roots = given.roots.map((root) => Buffer.from(root, "base64"));
    const trust = createHash("sha256").update(given.trustDomain);
    for (const root of roots) trust.update(root);
    const bundleStamp = trust.digest("hex");
    const svids = new Map<string, Svid>();
    const stamps = new Map<string, string>();
    for (const { identity, certificates, privateKey, notBeforeMs, notAfterMs } of given.svids) {
      const spiffeId = functions.spiffeIdOf(given.trustDomain, identity);
      const chain = certificates.map((each) => Buffer.from(each, "base64"));
      svids.set(spiffeId, {
        identity,
        spiffeId,
        certificates: chain,
        privateKey: privateKeyOf(privateKey, spiffeId),
        notBeforeMs,
        notAfterMs,
      });
      stamps.set(spiffeId, `${bundleStamp} ${functions.fingerprintOf(chain[0]!)}`);
    }
    // What its roots have proven is remembered by the bundle: the same one stays.
    if (bundleStamp !== this.#bundleStamp || given.sequence !== this.bundle.sequence)
      this.bundle = { trustDomain: given.trustDomain, roots, sequence: given.sequence };
    this.#bundleStamp = bundleStamp;
    this.#svids = svids;
    this.#stamps = stamps;
    this.#given = given;
    for (const listener of this.#listeners) listener();
  }

  svid(spiffeId: string): Svid | undefined {
    const svid = this.#svids.get(spiffeId);
    return svid !== undefined && this.clock.now() < svid.notAfterMs ? svid : undefined;
  }

  connectionOptions(own: PeerIdentity, peer: PeerIdentity): ConnectionOptions {
    if (this.#functions === undefined)
      throw new Fault("unavailable", "this proxy has not been told yet who it is on other hosts");
    return this.#functions.clientTlsOptions(this, own, peer);
  }

  listenerOptions(identities: readonly PeerIdentity[]): TlsOptions | undefined {
    const functions = this.#functions;
    if (functions === undefined) return undefined;
    const held = identities.filter((each) => this.svid(this.#idOf(each)) !== undefined);
    return held.length === 0 ? undefined : functions.serverTlsOptions(this, held);
  }

  serverName(identity: PeerIdentity): string {
    return this.#functions!.serverNameOf(identity);
  }

  callerOf(socket: TLSSocket): PeerVerdict {
    const functions = this.#functions!;
    const verdict = functions.peerOf(socket, this, "client");
    if (!verdict.accepted) return verdict;
    const identity = functions.identityOfSpiffeId(this.bundle.trustDomain, verdict.spiffeId);
    if (identity === undefined || identity.kind === "control")
      return { accepted: false, reason: "unknown-identity" };
    return { accepted: true, identity, id: verdict.spiffeId };
  }

  stampOf(identity: PeerIdentity): string {
    if (this.#functions === undefined) return "";
    return this.#stamps.get(this.#idOf(identity)) ?? "";
  }

  certificates(): CertificateLife[] {
    return [...this.#svids.values()].map(({ spiffeId, notAfterMs }) => ({ id: spiffeId, notAfterMs }));
  }

  subscribe(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  #idOf(identity: PeerIdentity): string {
    return this.#functions!.spiffeIdOf(this.bundle.trustDomain, identity);
  }
}

/** What OpenSSL says of a key that it cannot read is left out: it is no place for parts of keys. */
function privateKeyOf(base64: string, spiffeId: string): Svid["privateKey"] {
  try {
    return createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
  } catch {
    throw new Fault("invalid", `the private key of "${spiffeId}" cannot be read`);
  }
}
