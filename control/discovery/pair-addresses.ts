import type { Store } from "@plinth/store";

/** Where one caller finds one callee. */
export interface PairAddress {
  readonly address: string;
  readonly port: number;
}

const PREFIX = "/addresses/pairs/";
const OUTSIDE = "/addresses/outside/";
const COUNTER_KEY = "/addresses/next";
/** Hosts of a loopback block used: .0 and .255 are left out, some tools take them for network and broadcast. */
const HOSTS_PER_BLOCK = 254;
/** Below Linux' ephemeral ports and the instances' range, above the ports that services like to take on 0.0.0.0. */
const FIRST_PORT = 19_000;
const PORTS = 1000;

/**
 * Gives each (caller, callee) pair of an app a loopback address and port of its own, which say who calls whom.
 * A pair keeps its address until the app is deleted, since environments of running instances carry it.
 */
export class PairAddresses {
  readonly #store: Store;
  readonly #block: number;

  /** `block` is this home's claimed slot: the second and third byte of its 127.64.0.0/10 addresses. */
  constructor(store: Store, block: number) {
    this.#store = store;
    this.#block = block;
  }

  /** The address of a pair, made if there is none. */
  async allocate(app: string, caller: string, callee: string): Promise<PairAddress> {
    const key = `${PREFIX}${app}/${caller}/${callee}`;
    for (;;) {
      const known = this.#store.get(key);
      if (known !== undefined) return JSON.parse(new TextDecoder().decode(known.value)) as PairAddress;
      const counter = this.#store.get(COUNTER_KEY);
      const next = counter === undefined ? 0 : Number(new TextDecoder().decode(counter.value));
      const pair = this.#address(next);
      await this.#store.transact(
        [
          { key, target: "version", operator: "=", value: 0 },
          { key: COUNTER_KEY, target: "version", operator: "=", value: counter?.version ?? 0 },
        ],
        [
          { put: key, value: encode(pair) },
          { put: COUNTER_KEY, value: encode(next + 1) },
        ],
      );
    }
  }

  /** Notes that a program which is no service of the app calls one. */
  async admit(app: string, caller: string, callee: string): Promise<void> {
    await this.#store.transact([], [{ put: `${OUTSIDE}${app}/${caller}/${callee}`, value: encode(true) }]);
  }

  async revoke(app: string, caller: string, callee: string): Promise<void> {
    await this.#store.transact([], [{ delete: `${OUTSIDE}${app}/${caller}/${callee}` }]);
  }

  /** Those noted. */
  outside(app: string): { readonly caller: string; readonly callee: string }[] {
    const prefix = `${OUTSIDE}${app}/`;
    return this.#store.range(prefix).map(({ key }) => {
      const [caller = "", callee = ""] = key.slice(prefix.length).split("/");
      return { caller, callee };
    });
  }

  /** Forgets all pairs of an app. */
  async release(app: string): Promise<void> {
    const prefixes = [`${PREFIX}${app}/`, `${OUTSIDE}${app}/`];
    await this.#store.transact(
      [],
      prefixes.map((deletePrefix) => ({ deletePrefix })),
    );
  }

  #address(index: number): PairAddress {
    const host = 1 + (index % HOSTS_PER_BLOCK);
    return {
      address: `127.${64 + (this.#block >> 8)}.${this.#block & 255}.${host}`,
      port: FIRST_PORT + (Math.floor(index / HOSTS_PER_BLOCK) % PORTS),
    };
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
