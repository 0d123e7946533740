import { createHash, type webcrypto } from "node:crypto";
import { type Clock, dateOf } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import {
  type AuthorityRecord,
  readAuthorityRecord,
  type RootRecord,
  writeAuthorityRecord,
} from "./authority-record.ts";
import { checkPublicKey, generateKeyPair, publicKeyOfRequest } from "./key-pair.ts";
import { checkTrustDomain, type Identity, spiffeIdOf, trustDomainId } from "./spiffe-id.ts";
import { fingerprintOf, type TrustBundle } from "./trust-bundle.ts";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KEY_ALGORITHM,
  KeyUsageFlags,
  KeyUsagesExtension,
  randomSerial,
  SIGNATURE_ALGORITHM,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "./x509.ts";

/** Short enough that a stolen key is soon worth nothing, long enough to outlast a night without the authority. */
export const SVID_LIFE_MS: number = 24 * 3_600_000;
/** Hosts' clocks may be apart by this much. */
export const SKEW_MS = 20_000;
/** A home that nobody looks at must not stop one day; what ends a root is rotation. */
export const ROOT_LIFE_MS: number = 10 * 365 * 24 * 3_600_000;
/** The signing root, the next one and those before it: more means that somebody forgot to retire. */
export const ROOTS_MAX = 4;

/** A certificate as its authority gave it out. */
export interface IssuedCertificate {
  readonly spiffeId: string;
  /** DER, the leaf first; roots sign leaves directly, so that it is the only one. */
  readonly certificates: readonly Buffer[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The key to certify: by itself from our own process, within a request that proves its possession from elsewhere. */
export type Certifiable = { readonly publicKey: Uint8Array } | { readonly csr: Uint8Array };

export interface AuthorityOptions {
  /** Where certificates and keys of the roots lie; in the home's keys/, never in the store or a backup. */
  readonly path: string;
  /** Default: `plinth-<homeId>`. Fixed once the first root is made. */
  readonly trustDomain?: string;
  readonly homeId: string;
  readonly clock: Clock;
}

/** One root, for those who look after it. */
export interface RootStatus {
  readonly state: RootRecord["state"];
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

interface Signer {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/**
 * The built-in authority. One process has it open at a time: the daemon, which holds its home's lock. Root rotation
 * has three steps (prepare, activate, retire), each one rename of one file: a crash leaves the state before or after.
 */
export class CertificateAuthority {
  readonly #path: string;
  readonly #clock: Clock;
  #record: AuthorityRecord;
  #signer: Signer;
  #bundle: TrustBundle;
  readonly #listeners: Set<(bundle: TrustBundle) => void> = new Set();
  /** Steps of a rotation, one after the other. */
  #steps: Promise<unknown> = Promise.resolve();

  private constructor(path: string, clock: Clock, record: AuthorityRecord, signer: Signer) {
    this.#path = path;
    this.#clock = clock;
    this.#record = record;
    this.#signer = signer;
    this.#bundle = bundleOf(record);
  }

  /** Opens the authority at `path`; makes its first root at the first start. */
  static async open({ path, trustDomain, homeId, clock }: AuthorityOptions): Promise<CertificateAuthority> {
    let record = await readAuthorityRecord(path);
    if (record === undefined) {
      const domain = checkTrustDomain(trustDomain ?? `plinth-${homeId}`);
      const root = await createRoot(domain, "signing", clock);
      record = { format: 1, trustDomain: domain, sequence: 1, roots: [root] };
      await writeAuthorityRecord(path, record);
    } else if (trustDomain !== undefined && trustDomain !== record.trustDomain) {
      throw new Fault(
        "conflict",
        `Cannot use trust domain "${trustDomain}": this home's is "${record.trustDomain}"`,
        { hint: "Leave the setting out: every certificate and joined host names the one there is." },
      );
    }
    return new CertificateAuthority(path, clock, record, await signerOf(record));
  }

  get trustDomain(): string {
    return this.#record.trustDomain;
  }

  get bundle(): TrustBundle {
    return this.#bundle;
  }

  /** The roots as they stand, the signing one first. */
  get roots(): readonly RootStatus[] {
    return [...this.#record.roots]
      .sort((one, other) => Number(other.state === "signing") - Number(one.state === "signing"))
      .map(({ state, certificate }) => {
        const bytes = Buffer.from(certificate, "base64");
        const { notBefore, notAfter } = new X509Certificate(new Uint8Array(bytes));
        return {
          state,
          fingerprint: fingerprintOf(bytes),
          notBeforeMs: notBefore.getTime(),
          notAfterMs: notAfter.getTime(),
        };
      });
  }

  /** Tells every change of the bundle, once it is on disk; the returned function ends that. */
  subscribe(listener: (bundle: TrustBundle) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An X.509-SVID for a service or a host. Who may have which is the caller's to decide. */
  async issue(identity: Identity, wanted: Certifiable): Promise<IssuedCertificate> {
    const spiffeId = spiffeIdOf(this.trustDomain, identity);
    const publicKey = "csr" in wanted ? await publicKeyOfRequest(wanted.csr) : Buffer.from(wanted.publicKey);
    checkPublicKey(publicKey);
    const signer = this.#signer;
    const nowMs = this.#clock.now();
    // Certificates count whole seconds (RFC 5280 section 4.1.2.5.1).
    const notBeforeMs = Math.floor((nowMs - SKEW_MS) / 1000) * 1000;
    const notAfterMs = Math.min(
      Math.floor((nowMs + SVID_LIFE_MS) / 1000) * 1000,
      signer.certificate.notAfter.getTime(),
    );
    const key = new Uint8Array(publicKey);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      subject: "O=Plinth",
      issuer: signer.certificate.subject,
      notBefore: dateOf(notBeforeMs),
      notAfter: dateOf(notAfterMs),
      publicKey: key,
      signingKey: signer.key,
      signingAlgorithm: SIGNATURE_ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth], false),
        new SubjectAlternativeNameExtension([{ type: "url", value: spiffeId }], false),
        await SubjectKeyIdentifierExtension.create(key),
        await AuthorityKeyIdentifierExtension.create(signer.certificate),
      ],
    });
    return { spiffeId, certificates: [Buffer.from(certificate.rawData)], notBeforeMs, notAfterMs };
  }

  /** Step 1: publishes a new root in the bundle; the old one still signs. Again: the same, without another root. */
  prepareRoot(): Promise<TrustBundle> {
    return this.#step(async ({ roots, trustDomain }) => {
      if (roots.some(({ state }) => state === "prepared")) return roots;
      if (roots.length >= ROOTS_MAX) {
        throw new Fault("exhausted", `Cannot prepare a root: the bundle holds ${roots.length} already`, {
          hint: "Retire the replaced roots first.",
        });
      }
      return [...roots, await createRoot(trustDomain, "prepared", this.#clock)];
    });
  }

  /** Step 2: the prepared root signs; the old one stays in the bundle, and its key is erased. */
  activateRoot(): Promise<TrustBundle> {
    return this.#step(({ roots }) => {
      if (!roots.some(({ state }) => state === "prepared")) {
        throw new Fault("conflict", "Cannot activate a root: none is prepared", {
          hint: "Prepare one, and wait until every host has the new bundle.",
        });
      }
      const replacedAtMs = this.#clock.now();
      return roots.map((root): RootRecord => {
        if (root.state === "prepared") return { ...root, state: "signing" };
        return root.state === "signing"
          ? { state: "retiring", certificate: root.certificate, replacedAtMs }
          : root;
      });
    });
  }

  /** Step 3: replaced roots leave the bundle. Unless forced, only once no certificate of theirs can be in use. */
  retireRoot(options: { readonly force?: boolean } = {}): Promise<TrustBundle> {
    return this.#step(({ roots }) => {
      const restMs = Math.max(0, ...roots.map((root) => this.#untilUnused(root)));
      if (restMs > 0 && options.force !== true) {
        const minutes = Math.ceil(restMs / 60_000);
        throw new Fault(
          "conflict",
          `Cannot retire a root: its certificates may be in use for another ${minutes} min`,
          { hint: "Wait, or force it if its key is known to others: connections by it are then refused." },
        );
      }
      return roots.filter(({ state }) => state !== "retiring");
    });
  }

  #untilUnused(root: RootRecord): number {
    return root.state === "retiring" ? root.replacedAtMs + SVID_LIFE_MS + SKEW_MS - this.#clock.now() : 0;
  }

  /** Changes the roots: first on disk, then here, then for those who listen. */
  #step(
    change: (record: AuthorityRecord) => readonly RootRecord[] | Promise<readonly RootRecord[]>,
  ): Promise<TrustBundle> {
    const step = this.#steps.then(async () => {
      const roots = await change(this.#record);
      if (
        roots.length === this.#record.roots.length &&
        roots.every((root, at) => root === this.#record.roots[at])
      )
        return this.#bundle;
      const record = { ...this.#record, sequence: this.#record.sequence + 1, roots };
      const signer = await signerOf(record);
      await writeAuthorityRecord(this.#path, record);
      this.#record = record;
      this.#signer = signer;
      this.#bundle = bundleOf(record);
      for (const listener of this.#listeners) listener(this.#bundle);
      return this.#bundle;
    });
    this.#steps = step.catch(() => {});
    return step;
  }
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(base64, "base64"));

function bundleOf({ trustDomain, sequence, roots }: AuthorityRecord): TrustBundle {
  const signingFirst = [...roots].sort(
    (one, other) => Number(other.state === "signing") - Number(one.state === "signing"),
  );
  return {
    trustDomain,
    sequence,
    roots: signingFirst.map(({ certificate }) => Buffer.from(certificate, "base64")),
  };
}

async function signerOf({ roots }: AuthorityRecord): Promise<Signer> {
  const root = roots.find(({ state }) => state === "signing");
  if (root === undefined || root.state === "retiring") throw new Fault("corrupt", "No root signs");
  return {
    certificate: new X509Certificate(bytesOf(root.certificate)),
    key: await crypto.subtle.importKey("pkcs8", bytesOf(root.key), KEY_ALGORITHM, false, ["sign"]),
  };
}

async function createRoot(
  trustDomain: string,
  state: "signing" | "prepared",
  clock: Clock,
): Promise<RootRecord> {
  const { crypto: keys, privateKey, publicKey } = await generateKeyPair();
  // Each root has a name of its own, so that a chain leads to one of them only.
  const mark = createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
  const nowMs = clock.now();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `O=Plinth, CN=root ${mark}`,
    notBefore: dateOf(nowMs - SKEW_MS),
    notAfter: dateOf(nowMs + ROOT_LIFE_MS),
    keys,
    signingAlgorithm: SIGNATURE_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true), // it signs leaves, never other authorities
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new SubjectAlternativeNameExtension([{ type: "url", value: trustDomainId(trustDomain) }], false),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    state,
    certificate: Buffer.from(certificate.rawData).toString("base64"),
    key: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  };
}
