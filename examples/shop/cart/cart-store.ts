/** Carts in the app's store: one key for each, gone a week after its last change. */
import { decoded, encoded, type Etcd } from "../etcd.ts";

export interface Line {
  readonly id: string;
  readonly quantity: number;
}

const LEASE_SECONDS = 8 * 24 * 3600;
/** Carts share a lease for so long: one for each would be a second write each time. */
const LEASE_SHARED_MS = 24 * 3_600_000;

const keyOf = (cart: string): string => encoded(`carts/${cart}`);

export class CartStore {
  readonly #etcd: Etcd;
  #lease: { readonly id: string; readonly sharedUntilMs: number } | undefined;

  constructor(etcd: Etcd) {
    this.#etcd = etcd;
  }

  async read(cart: string): Promise<readonly Line[]> {
    const { kvs } = await this.#etcd.call<{ kvs?: { value: string }[] }>("kv/range", { key: keyOf(cart) });
    const value = kvs?.[0]?.value;
    return value === undefined ? [] : (JSON.parse(decoded(value)) as Line[]);
  }

  async write(cart: string, lines: readonly Line[]): Promise<void> {
    const value = encoded(JSON.stringify(lines));
    await this.#etcd.call("kv/put", { key: keyOf(cart), value, lease: await this.#leaseId() });
  }

  async remove(cart: string): Promise<void> {
    await this.#etcd.call("kv/deleterange", { key: keyOf(cart) });
  }

  async #leaseId(): Promise<string> {
    if (this.#lease === undefined || performance.now() > this.#lease.sharedUntilMs) {
      const { ID } = await this.#etcd.call<{ ID: string }>("lease/grant", { TTL: LEASE_SECONDS });
      this.#lease = { id: ID, sharedUntilMs: performance.now() + LEASE_SHARED_MS };
    }
    return this.#lease.id;
  }
}
