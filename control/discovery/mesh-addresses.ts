import { isIPv4 } from "node:net";
import { Fault } from "@plinth/fault";
import type { Store } from "@plinth/store";

const INSTANCES = "/addresses/instances/";
const SERVICES = "/addresses/services/";
const NEXT_INSTANCE = "/addresses/next-instance";
const NEXT_SERVICE = "/addresses/next-service";

/** .0.0 is the network's own, .0.1 the gateway's. */
const FIRST_INSTANCE = 2;
/** One past the lower half's last; the upper half begins here. */
const HALF = 32_768;
/** The last address is the subnet's broadcast. */
const SUBNET_END = 65_535;

/**
 * Gives instances addresses from the lower half of a home's /16, and services virtual ones from the upper half. An
 * address is an identity: each half is gone through to its end before any address comes round again.
 */
export class MeshAddresses {
  readonly #store: Store;
  readonly #prefix: string;

  /** `subnet` is a /16 such as "10.213.0.0/16". */
  constructor(store: Store, subnet: string) {
    const [network = "", bits] = subnet.split("/");
    if (!isIPv4(network) || bits !== "16" || !network.endsWith(".0.0")) {
      throw new Fault(
        "invalid",
        `Cannot use "${subnet}" for instances: expected a /16 such as 10.213.0.0/16`,
      );
    }
    this.#store = store;
    this.#prefix = network.slice(0, -".0.0".length);
  }

  /** Held by the host: instances' name server listens there. */
  get gateway(): string {
    return `${this.#prefix}.0.1`;
  }

  /** The address of an instance, made if there is none; kept until `releaseInstance`. */
  instance(name: string): Promise<string> {
    return this.#allocate(INSTANCES, name, NEXT_INSTANCE, FIRST_INSTANCE, HALF);
  }

  /** The virtual address of a service, made if there is none; kept until its app is deleted. */
  service(app: string, service: string): Promise<string> {
    return this.#allocate(SERVICES, `${app}/${service}`, NEXT_SERVICE, HALF + 1, SUBNET_END);
  }

  /** All virtual addresses given out. */
  services(): string[] {
    return this.#store.range(SERVICES).map(({ value }) => this.#text(decode(value)));
  }

  /** Frees the addresses of instances that are on no record: a daemon died between the two. */
  async sweepInstances(isKnown: (name: string) => boolean): Promise<void> {
    for (const { key } of this.#store.range(INSTANCES)) {
      const name = key.slice(INSTANCES.length);
      if (!isKnown(name)) await this.releaseInstance(name);
    }
  }

  async releaseInstance(name: string): Promise<void> {
    await this.#store.transact([], [{ delete: `${INSTANCES}${name}` }]);
  }

  async releaseApp(app: string): Promise<void> {
    await this.#store.transact([], [{ deletePrefix: `${SERVICES}${app}/` }]);
  }

  async #allocate(
    prefix: string,
    name: string,
    counterKey: string,
    from: number,
    to: number,
  ): Promise<string> {
    const key = `${prefix}${name}`;
    for (;;) {
      const known = this.#store.get(key);
      if (known !== undefined) return this.#text(decode(known.value));
      const counter = this.#store.get(counterKey);
      const host = this.#free(prefix, counter === undefined ? from : decode(counter.value), from, to);
      await this.#store.transact(
        [
          { key, target: "version", operator: "=", value: 0 },
          { key: counterKey, target: "version", operator: "=", value: counter?.version ?? 0 },
        ],
        [
          { put: key, value: encode(host) },
          { put: counterKey, value: encode(host + 1) },
        ],
      );
    }
  }

  #free(prefix: string, next: number, from: number, to: number): number {
    const taken = new Set(this.#store.range(prefix).map(({ value }) => decode(value)));
    for (let offset = 0; offset < to - from; offset++) {
      const host = from + ((next - from + offset) % (to - from));
      if (!taken.has(host)) return host;
    }
    throw new Fault("exhausted", `Cannot give out an address: all of ${this.#prefix}.0.0/16 are in use`);
  }

  #text(host: number): string {
    return `${this.#prefix}.${host >> 8}.${host & 255}`;
  }
}

function encode(host: number): Uint8Array {
  return new TextEncoder().encode(String(host));
}

function decode(value: Uint8Array): number {
  return Number(new TextDecoder().decode(value));
}
