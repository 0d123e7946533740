import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type Clock, isoTime } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Registry } from "@plinth/registry";
import type { Secret } from "@plinth/resource";
import type { Store } from "@plinth/store";

const PREFIX = "/secrets/";
/** Environment variables are what secrets become, and Linux takes at most 128 KiB for one. */
export const SECRET_BYTES_MAX: number = 128 * 1024 - 1024;
const NONCE_BYTES = 12; // what GCM is defined for (NIST SP 800-38D)
const TAG_BYTES = 16;

interface Sealed {
  readonly version: number;
  /** Nonce, ciphertext and tag, base64. */
  readonly box: string;
}
/** What stays of a deleted value: the next one must not pass for it, and versions tell them apart. */
type Remains = Pick<Sealed, "version">;

/**
 * Keeps values under AES-256-GCM in the store, beside (not in) the Secret resources people see. The name and version
 * are authenticated with the value, so that nobody who can write the store can pass one secret off as another.
 */
export class SecretVault {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(options: { store: Store; registry: Registry; key: Buffer; clock: Clock }) {
    this.#store = options.store;
    this.#registry = options.registry;
    this.#key = options.key;
    this.#clock = options.clock;
  }

  /** The version of a secret's value, or undefined when it has none. */
  version(name: string): number | undefined {
    return this.#sealed(name)?.version;
  }

  /** Sets the value; setting the same value again leaves the version as it is. */
  async set(name: string, value: Uint8Array): Promise<Secret> {
    if (value.length > SECRET_BYTES_MAX) {
      throw new Fault(
        "too-large",
        `Cannot set secret "${name}": ${value.length} bytes, at most ${SECRET_BYTES_MAX}`,
      );
    }
    if (value.includes(0)) {
      throw new Fault(
        "invalid",
        `Cannot set secret "${name}": it holds a zero byte, which no environment variable can`,
      );
    }
    const before = this.#sealed(name);
    const last = this.#entry(name)?.version ?? 0;
    if (before === undefined || !Buffer.from(value).equals(this.#open(name, before))) {
      const entry = this.#store.get(PREFIX + name);
      const sealed = this.#seal(name, last + 1, value);
      const { succeeded } = await this.#store.transact(
        [{ key: PREFIX + name, target: "modRevision", operator: "=", value: entry?.modRevision ?? 0 }],
        [{ put: PREFIX + name, value: Buffer.from(JSON.stringify(sealed)) }],
      );
      if (!succeeded)
        throw new Fault("conflict", `Cannot set secret "${name}": somebody else set it just now`);
    }
    return this.#describe(name);
  }

  /** The value as text, for an instance's environment. */
  reveal(name: string): string {
    const sealed = this.#sealed(name);
    if (sealed === undefined) {
      throw new Fault("not-found", `Cannot use secret "${name}": it is not set`, {
        hint: `Set it with: plinth secrets set ${name}`,
      });
    }
    return this.#open(name, sealed).toString("utf8");
  }

  /** Removes the value for good, then the resource: a daemon that dies in between leaves a secret that is not set. */
  async delete(name: string): Promise<void> {
    const version = this.version(name);
    if (version !== undefined) {
      const remains: Remains = { version };
      await this.#store.transact([], [{ put: PREFIX + name, value: Buffer.from(JSON.stringify(remains)) }]);
    }
    await this.#registry.delete("Secret", name);
  }

  async #describe(name: string): Promise<Secret> {
    if (this.#registry.get("Secret", name) === undefined) {
      await this.#registry.create("Secret", { metadata: { name }, spec: {} });
    }
    const version = this.version(name) ?? 0;
    const described = await this.#registry.updateStatus("Secret", name, {
      version,
      updatedAt: isoTime(this.#clock.now()),
    });
    if (described === undefined)
      throw new Fault("conflict", `Cannot set secret "${name}": it was deleted just now`);
    return described;
  }

  #sealed(name: string): Sealed | undefined {
    const found = this.#entry(name);
    return found !== undefined && "box" in found ? found : undefined;
  }

  #entry(name: string): Sealed | Remains | undefined {
    const entry = this.#store.get(PREFIX + name);
    return entry && (JSON.parse(new TextDecoder().decode(entry.value)) as Sealed | Remains);
  }

  #seal(name: string, version: number, value: Uint8Array): Sealed {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(`${name}\0${version}`));
    const box = Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    return { version, box: box.toString("base64") };
  }

  #open(name: string, { version, box }: Sealed): Buffer {
    const bytes = Buffer.from(box, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(`${name}\0${version}`))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (error) {
      throw new Fault("corrupt", `Cannot read secret "${name}": it was not written with this home's key`, {
        cause: error,
        hint: `Set it again with: plinth secrets set ${name}`,
      });
    }
  }
}
