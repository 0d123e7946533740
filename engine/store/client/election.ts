import { Fault } from "@plinth/fault";
import type { ByteString } from "../mvcc.ts";
import { awaitChange } from "./await-change.ts";
import type { Backend } from "./backend.ts";
import { Item } from "./item.ts";
import { byteStringOf, bytesOf, prefixRange, type Text } from "./keys.ts";
import { awaitSession, type Session, type SessionOptions } from "./lock.ts";
import { persist, type Surroundings } from "./persist.ts";
import { firstOf } from "./turn.ts";

/** Being the leader. Disposing of it resigns. */
export class Leadership implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #session: Session;

  constructor(backend: Backend, session: Session) {
    this.#backend = backend;
    this.#session = session;
  }

  /** Greater than that of every leader before, for whatever must obey the newest only. */
  get revision(): number {
    return this.#session.place.createRevision;
  }

  /** Aborted once another may be the leader. */
  get signal(): AbortSignal {
    return this.#session.lease.signal;
  }

  /** Says something else as leader. Fault `conflict` when it is not any more. */
  async proclaim(value: Text): Promise<void> {
    const { place, lease } = this.#session;
    const { key, createRevision } = place;
    const { succeeded } = await this.#backend.transact({
      compares: [{ key, target: "create", operator: "=", operand: createRevision }],
      success: [{ kind: "put", put: { key, value: bytesOf(value), lease: lease.id } }],
      failure: [],
    });
    if (!succeeded) throw new Fault("conflict", `Cannot proclaim as "${key}": it is not the leader any more`);
  }

  resign(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** One of many is the leader, and all can know who; the same as `etcdctl elect`. */
export class Election {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #name: Text;
  readonly #prefix: ByteString;

  constructor(backend: Backend, surroundings: Surroundings, name: Text) {
    this.#backend = backend;
    this.#surroundings = surroundings;
    this.#name = name;
    this.#prefix = `${byteStringOf(name)}/`;
  }

  /** Resolves once this one is the leader; `value` is what it says of itself. */
  async campaign(value: Text, options: SessionOptions = {}): Promise<Leadership> {
    const session = await awaitSession(this.#backend, this.#surroundings, this.#name, {
      ...options,
      value: bytesOf(value),
    });
    return new Leadership(this.#backend, session);
  }

  /** Undefined where there is none at the moment. */
  async leader(options: { readonly signal?: AbortSignal } = {}): Promise<Item | undefined> {
    const { first } = await firstOf(this.#backend, this.#prefix, options.signal);
    return first === undefined ? undefined : new Item(first);
  }

  /** What leaders say, the newest now and then each change; some may be skipped, the last one never is. */
  async *observe({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Item> {
    let seen = 0;
    for (;;) {
      const { first, revision } = await persist(this.#surroundings, signal, () =>
        firstOf(this.#backend, this.#prefix, signal),
      );
      if (first !== undefined && first.modRevision !== seen) {
        seen = first.modRevision;
        yield new Item(first);
      }
      await awaitChange(this.#backend, prefixRange(this.#prefix), revision + 1, signal);
    }
  }
}
