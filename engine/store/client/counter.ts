import { Fault } from "@plinth/fault";
import type { ByteString, KeyValue } from "../mvcc.ts";
import type { Backend, CallOptions } from "./backend.ts";
import { backOff, type BackoffOptions } from "./backoff.ts";
import { byteStringOf, textOf, type Text } from "./keys.ts";
import type { Surroundings } from "./persist.ts";

/** Others that were faster, one after the other; beyond, something else is wrong. */
const ATTEMPTS_MAX = 1000;
/** Others add within milliseconds. */
const BACKOFF: BackoffOptions = { firstMs: 2, mostMs: 200 };

/** A whole number under one key, in decimal digits. A key that does not exist counts as 0. */
export class Counter {
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #key: ByteString;

  constructor(backend: Backend, surroundings: Surroundings, name: Text) {
    this.#backend = backend;
    this.#surroundings = surroundings;
    this.#key = byteStringOf(name);
  }

  async value(options: CallOptions = {}): Promise<bigint> {
    const { kvs } = await this.#backend.range({ key: this.#key }, options);
    return this.#read(kvs[0]);
  }

  /** Adds, and gives the sum. OutcomeUnknownError where it may have been added: it is not added again. */
  async add(amount: bigint | number, options: CallOptions = {}): Promise<bigint> {
    const { clock, random } = this.#surroundings;
    const key = this.#key;
    const first = await this.#backend.range({ key }, options);
    let [present] = first.kvs;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const sum = this.#read(present) + BigInt(amount);
      const { succeeded, results } = await this.#backend.transact(
        {
          compares: [{ key, target: "mod", operator: "=", operand: present?.modRevision ?? 0 }],
          success: [
            { kind: "put", put: { key, value: Buffer.from(String(sum)), lease: present?.lease ?? 0n } },
          ],
          failure: [{ kind: "range", range: { key } }],
        },
        options,
      );
      if (succeeded) return sum;
      const [now] = results;
      present = now?.kind === "range" ? now.range.kvs[0] : undefined;
      await backOff(clock, random, attempt, BACKOFF, options.signal);
    }
    throw new Fault("conflict", `Cannot add to "${key}": others were faster ${ATTEMPTS_MAX} times`);
  }

  #read(kv: KeyValue | undefined): bigint {
    if (kv === undefined) return 0n;
    const text = textOf(kv.value);
    if (!/^-?\d{1,1000}$/.test(text)) {
      throw new Fault("invalid", `Cannot count with "${this.#key}": its value is not a whole number`);
    }
    return BigInt(text);
  }
}
