import { Fault, messageOf } from "@plinth/fault";
import { StoreError } from "../mvcc.ts";
import type { Backend } from "./backend.ts";
import { backoffMs } from "./backoff.ts";
import { RETRY } from "./channel.ts";
import type { Surroundings } from "./persist.ts";

/** A lease is renewed so many times in its time: one answer may be lost. */
const RENEWALS_PER_TTL = 3;
/** To give a lease back; if that fails it ends by itself. */
const REVOKE_TIMEOUT_MS = 2_000;

/**
 * A lease that is kept alive until it is disposed of. `signal` is aborted once it may be over: when the store says so,
 * when nobody could be told in time that it is still wanted, or when it is disposed of. By then the store may have
 * given what depends on it to somebody else, so stop what must not be done by two.
 */
export class Lease implements AsyncDisposable {
  readonly id: bigint;
  /** Seconds, as granted. */
  readonly ttlS: number;
  readonly #backend: Backend;
  readonly #surroundings: Surroundings;
  readonly #lost: AbortController = new AbortController();
  /** Clock time by which the store may have ended it, counted from before the last renewal was sent. */
  #endsAtMs: number;
  #cancelTimer: () => void = () => {};

  constructor(
    backend: Backend,
    surroundings: Surroundings,
    { id, ttlS, endsAtMs }: { readonly id: bigint; readonly ttlS: number; readonly endsAtMs: number },
  ) {
    this.#backend = backend;
    this.#surroundings = surroundings;
    this.id = id;
    this.ttlS = ttlS;
    this.#endsAtMs = endsAtMs;
    surroundings.open.add(this);
    this.#schedule(this.#intervalMs, 0);
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Gives it back: its keys are deleted at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    const wasLost = this.signal.aborted;
    this.#end(new Fault("conflict", `Lease ${this.id.toString(16)} has been given back`));
    if (wasLost) return;
    try {
      await this.#backend.revokeLease(this.id, { timeoutMs: REVOKE_TIMEOUT_MS });
    } catch {
      // Gone already, or it will be after its time: nothing depends on this answer.
    }
  }

  get #intervalMs(): number {
    return (this.ttlS * 1000) / RENEWALS_PER_TTL;
  }

  #schedule(delayMs: number, failures: number): void {
    const leftMs = this.#endsAtMs - this.#surroundings.clock.monotonic();
    this.#cancelTimer = this.#surroundings.clock.schedule(
      Math.max(0, Math.min(delayMs, leftMs)),
      () => void this.#renew(failures),
    );
  }

  async #renew(failures: number): Promise<void> {
    const { clock, random } = this.#surroundings;
    const sentAtMs = clock.monotonic();
    const leftMs = this.#endsAtMs - sentAtMs;
    try {
      if (leftMs <= 0) throw new StoreError("lease-not-found", "its time has passed without a renewal");
      // A member that does not know yet that its leader is dead may keep a renewal for longer than there is time.
      const options = { timeoutMs: Math.min(leftMs, this.#intervalMs), signal: this.signal };
      const seconds = await this.#backend.keepLeaseAlive(this.id, options);
      if (this.signal.aborted) return;
      this.#endsAtMs = sentAtMs + seconds * 1000;
      this.#schedule(this.#intervalMs, 0);
    } catch (error) {
      if (this.signal.aborted) return;
      if (error instanceof StoreError && error.code === "lease-not-found") {
        const text = `Lease ${this.id.toString(16)} is lost: ${messageOf(error)}`;
        return this.#end(new Fault("conflict", text, { cause: error }));
      }
      this.#schedule(backoffMs(random, failures + 1, RETRY), failures + 1);
    }
  }

  #end(reason: Fault): void {
    this.#cancelTimer();
    this.#surroundings.open.delete(this);
    this.#lost.abort(reason);
  }
}

export async function grantLease(
  backend: Backend,
  surroundings: Surroundings,
  ttlS: number,
  signal?: AbortSignal,
): Promise<Lease> {
  const before = surroundings.clock.monotonic();
  const { id, grantedTtl } = await backend.grantLease(0n, ttlS, signal === undefined ? {} : { signal });
  return new Lease(backend, surroundings, {
    id,
    ttlS: grantedTtl,
    endsAtMs: before + grantedTtl * 1000,
  });
}
