import { randomUUID } from "node:crypto";
import type { ByteString, KeyRange, Transaction } from "../mvcc.ts";
import { awaitChange } from "./await-change.ts";
import type { Backend, CallOptions } from "./backend.ts";
import { Item } from "./item.ts";
import { byteStringOf, bytesOf, prefixRange, type Text } from "./keys.ts";
import { persist, type Surroundings } from "./persist.ts";

/** First in, first out: by the revision that enqueued. The layout is that of etcd's recipe. */
export class Queue {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #prefix: ByteString;

  constructor(backend: Backend, surroundings: Surroundings, name: Text) {
    this.#backend = backend;
    this.#surroundings = surroundings;
    this.#prefix = `${byteStringOf(name)}/`;
  }

  /** Puts a value at the end, once. Gives its key. */
  async enqueue(value: Text, { signal, ...options }: CallOptions = {}): Promise<string> {
    const key = `${this.#prefix}${randomUUID()}`;
    const transaction: Transaction = {
      compares: [{ key, target: "create", operator: "=", operand: 0 }],
      success: [{ kind: "put", put: { key, value: bytesOf(value), lease: 0n } }],
      failure: [],
    };
    const call = signal === undefined ? options : { ...options, signal };
    await this.#backend.transact(transaction, call);
    return key;
  }

  /**
   * Takes the first value, and waits for one. Nobody else takes the same. OutcomeUnknownError where it may have been
   * taken by this call, and is gone then.
   */
  async dequeue({ signal }: { readonly signal: AbortSignal }): Promise<Item> {
    const range: KeyRange = prefixRange(this.#prefix);
    const query = { ...range, limit: 1, sort: { target: "create", descending: false } } as const;
    for (;;) {
      const { kvs, revision } = await persist(this.#surroundings, signal, () =>
        this.#backend.range(query, { signal }),
      );
      const [first] = kvs;
      if (first === undefined) {
        await awaitChange(this.#backend, range, revision + 1, signal);
        continue;
      }
      const { key, modRevision } = first;
      const { succeeded } = await this.#backend.transact(
        {
          compares: [{ key, target: "mod", operator: "=", operand: modRevision }],
          success: [{ kind: "delete", delete: { key } }],
          failure: [],
        },
        { signal },
      );
      if (succeeded) return new Item(first);
    }
  }
}
