import { once } from "node:events";
import type { Clock, Random } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { type Backend, OutcomeUnknownError } from "../client/backend.ts";
import { PROBE_INTERVAL_MS } from "../limits.ts";
import {
  type At,
  type Compare,
  type KeyRange,
  type Operation,
  type OperationResult,
  type RangeQuery,
  type RangeResult,
  StoreError,
  type Transaction,
  type TransactionResult,
  type Watch,
  type WatchOptions,
} from "../mvcc.ts";
import { checkTransaction } from "../request-check.ts";
import type { Retention } from "../retention.ts";
import type { TextStoreEngine } from "../text-store.ts";
import { type Claim, claim } from "./claim.ts";
import { changesOf, difference, otherHistory } from "./change.ts";
import { KeyPrefix } from "./key-prefix.ts";
import { type Listing, listKeys, MIRROR_BYTES_MAX } from "./listing.ts";
import { MirroredKeys, stopped } from "./mirrored-keys.ts";

/** For a write that etcd has acknowledged to arrive here too: longer than a watch needs to find another member. */
const ARRIVAL_TIMEOUT_MS = 10_000;

export interface EtcdMirrorOptions {
  /** The mirror's from then on. */
  readonly backend: Backend;
  readonly prefix: KeyPrefix;
  /** Whose the prefix is to be; nobody else may write there then. Default: nobody's. */
  readonly owner: string | undefined;
  readonly clock: Clock;
  /** Spreads attempts over time. */
  readonly random: Random;
  readonly retention: Retention;
  /** Operations that the cluster takes in one transaction. */
  readonly operationsMax: number;
  /** Told when writes begin to be refused (the reason) and when they are taken again (undefined). */
  readonly onReadOnly: (reason: string | undefined) => void;
}

export async function openEtcdMirror(options: EtcdMirrorOptions): Promise<EtcdMirror> {
  await using setup = new AsyncDisposableStack();
  const closing = new AbortController();
  const held = await claimFor(options, closing.signal);
  if (held !== undefined) setup.use(held);
  const listing = await listKeys(options.backend, options.prefix);
  setup.move();
  return new EtcdMirror(options, listing, held, closing);
}

async function claimFor(options: EtcdMirrorOptions, signal: AbortSignal): Promise<Claim | undefined> {
  const { backend, prefix, owner } = options;
  if (owner === undefined) return undefined;
  return claim(backend, options, { key: prefix.claim, owner, signal });
}

/** What can keep a mirror from writing; the first that there is, is told. */
const hindrances = ["history", "claim", "contact"] as const;
type Hindrance = (typeof hindrances)[number];

/**
 * The keys of one prefix in an etcd cluster, mirrored in memory. Invariants: the mirror is the cluster's state as of
 * `revision`, which only grows; a write resolves after the mirror shows it, or what kept it from being done.
 */
export class EtcdMirror implements TextStoreEngine {
  readOnlyReason: string | undefined;
  readonly #options: EtcdMirrorOptions;
  readonly #keys: MirroredKeys;
  readonly #closing: AbortController;
  readonly #following: Promise<void>;
  readonly #claiming: Promise<void>;
  readonly #reasons: Map<Hindrance, string> = new Map();
  #claim: Claim | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    options: EtcdMirrorOptions,
    { kvs, revision }: Listing,
    held: Claim | undefined,
    closing: AbortController,
  ) {
    this.#options = options;
    this.#closing = closing;
    this.#claim = held;
    this.#keys = new MirroredKeys(kvs, revision, options);
    this.#following = this.#follow();
    this.#claiming = this.#keepClaim();
  }

  get revision(): number {
    return this.#keys.revision;
  }

  get compactedRevision(): number {
    return this.#keys.compactedRevision;
  }

  range(query: RangeQuery): At<RangeResult> {
    return this.#keys.range(query);
  }

  watch(range: KeyRange, options: WatchOptions): Watch {
    return this.#keys.watch(range, options);
  }

  async compact(revision: number): Promise<void> {
    await this.#keys.compact(revision);
  }

  /** Refused: the cluster takes its own, of all that it holds. */
  snapshot(): never {
    throw new Fault("unsupported", "Cannot take a snapshot of this state alone: it is in an etcd cluster", {
      hint: "Save the cluster with `plinth kv snapshot save FILE --url etcd://HOST:PORT`.",
    });
  }

  async transact(transaction: Transaction): Promise<At<TransactionResult>> {
    const { prefix, operationsMax } = this.#options;
    checkTransaction(transaction, operationsMax);
    this.#assertWritable();
    const success = transaction.success.map((operation) => prefix.operation(operation));
    const failure = transaction.failure.map((operation) => prefix.operation(operation));
    const compares = transaction.compares.map((compare) => prefix.compare(compare));
    const known = this.revision;
    // Whoever loses a race reads again, and must then see what it lost to.
    const fences = this.#claim === undefined ? [] : [this.#claim.fence];
    const witnesses = [...compares, ...fences].map(witnessOf);
    const answer = await this.#send({
      compares: [...compares, ...fences],
      success,
      failure: [...failure, ...witnesses],
    });
    const { succeeded, revision } = answer;
    if (!succeeded && !fences.every((fence) => isHeld(fence, answer.results.at(-1)))) {
      throw new StoreError("read-only", "Cannot write: the claim on the store in etcd was lost");
    }
    const operations = succeeded ? transaction.success : transaction.failure;
    const results = answer.results.slice(0, operations.length);
    const wrote = results.some(hasWritten);
    if (wrote && revision <= known) throw this.#lose(otherHistory(known, revision));
    const absent = operations.filter((_, index) => wasIdle(results[index])).map(rangeOfDeletion);
    let seen = wrote ? revision : 0;
    if (!succeeded) {
      transaction.compares.forEach((compare, index) => {
        const result = answer.results[operations.length + index];
        const kvs = result?.kind === "range" ? result.range.kvs : [];
        for (const kv of kvs) seen = Math.max(seen, kv.modRevision);
        if (kvs.length === 0) absent.push(compare);
      });
    }
    const holds = (): boolean =>
      this.revision >= seen && !absent.some((range) => this.#keys.hasOlder(range, revision));
    await this.#keys.until(
      holds,
      ARRIVAL_TIMEOUT_MS,
      () =>
        new Fault(
          "timeout",
          `Cannot see revision ${revision}, which etcd has, within ${ARRIVAL_TIMEOUT_MS} ms: it is written`,
        ),
    );
    return { succeeded, results, revision };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(stopped());
    this.#keys[Symbol.dispose]();
    await this.#following;
    await this.#claiming;
    await this.#looking;
    await this.#claim?.[Symbol.asyncDispose]();
    await this.#options.backend[Symbol.asyncDispose]();
  }

  #assertWritable(): void {
    if (this.readOnlyReason !== undefined) {
      throw new StoreError("read-only", `Cannot write: ${this.readOnlyReason}`);
    }
    if (this.#keys.bytes > MIRROR_BYTES_MAX) {
      throw new StoreError(
        "no-space",
        `Cannot write: the store holds its limit of ${MIRROR_BYTES_MAX} bytes`,
      );
    }
  }

  async #send(transaction: Transaction): Promise<At<TransactionResult>> {
    const { signal } = this.#closing;
    try {
      return await this.#options.backend.transact(transaction, { signal });
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error;
      throw new Fault("unavailable", `Cannot tell whether it is written: ${error.message}`, { cause: error });
    }
  }

  /** Takes what happens in the cluster for as long as the mirror is open. */
  async #follow(): Promise<void> {
    const { backend, prefix, clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted && !this.#reasons.has("history")) {
      try {
        const watch = await backend.watch(prefix.everything, {
          fromRevision: this.revision + 1,
          signal,
          onInterrupted: () => this.#look(),
        });
        for await (const events of watch) {
          if (this.#reasons.has("history")) return;
          const stripped = events.map((event) => ({ ...event, kv: prefix.strip(event.kv) }));
          this.#keys.apply(changesOf(stripped), events.at(-1)!.kv.modRevision);
        }
      } catch (error) {
        if (signal.aborted) return;
        // What was compacted meanwhile is made good by a list; whatever else it is, somebody must hear of it.
        if (!(error instanceof StoreError && error.code === "compacted")) {
          this.#say("contact", messageOf(error));
          await clock.sleep(PROBE_INTERVAL_MS, signal).catch(() => {});
        }
        await this.#listAgain();
      }
    }
  }

  async #listAgain(): Promise<void> {
    const { backend, prefix } = this.#options;
    const { signal } = this.#closing;
    try {
      const { kvs, revision } = await listKeys(backend, prefix, signal);
      this.#keys.apply(difference(this.#keys.records.index, kvs, revision), revision);
      this.#say("contact", undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Fault && error.code === "corrupt") this.#lose(error);
      else this.#say("contact", messageOf(error));
    }
  }

  /** After an interruption: asks the cluster until it answers, and says while it does not. */
  #look(): void {
    this.#looking ??= this.#lookUntilAnswered().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookUntilAnswered(): Promise<void> {
    const { backend, prefix, clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await backend.range(
          { ...prefix.everything, countOnly: true },
          { signal, timeoutMs: PROBE_INTERVAL_MS },
        );
        this.#say("contact", undefined);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#say("contact", messageOf(error));
        await clock.sleep(PROBE_INTERVAL_MS, signal).catch(() => {});
      }
    }
  }

  /** Takes the prefix again whenever it was lost, as after a partition that outlived the claim. */
  async #keepClaim(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    for (let held = this.#claim; held !== undefined && !signal.aborted; held = this.#claim) {
      await aborted(AbortSignal.any([held.signal, signal]));
      while (held.signal.aborted && held === this.#claim && !signal.aborted) {
        try {
          this.#claim = await claimFor(this.#options, signal);
          this.#say("claim", undefined);
        } catch (error) {
          if (signal.aborted) return;
          this.#say("claim", messageOf(error));
          await clock.sleep(PROBE_INTERVAL_MS, signal).catch(() => {});
        }
      }
    }
  }

  #say(what: Hindrance, reason: string | undefined): void {
    if (reason === undefined) this.#reasons.delete(what);
    else this.#reasons.set(what, reason);
    const first = hindrances.find((hindrance) => this.#reasons.has(hindrance));
    const told = first && this.#reasons.get(first);
    if (told === this.readOnlyReason) return;
    this.readOnlyReason = told;
    this.#options.onReadOnly(told);
  }

  /** For good: nothing here can be made right by a cluster that is not the one it was. */
  #lose(fault: Fault): Fault {
    this.#say("history", fault.message);
    return fault;
  }
}

/** Reads what a compare was decided by. */
function witnessOf(compare: Compare): Operation {
  const { key, end } = compare;
  return { kind: "range", range: { key, ...(end !== undefined && { end }), keysOnly: true } };
}

/** Whether the fence was not what a transaction failed at. */
function isHeld(fence: Compare, witness: OperationResult | undefined): boolean {
  return witness?.kind === "range" && witness.range.kvs[0]?.modRevision === fence.operand;
}

function hasWritten(result: OperationResult): boolean {
  return result.kind === "put" || (result.kind === "delete" && result.deleted > 0);
}

/** A deletion that found nothing. */
function wasIdle(result: OperationResult | undefined): boolean {
  return result?.kind === "delete" && result.deleted === 0;
}

function rangeOfDeletion(operation: Operation): KeyRange {
  if (operation.kind !== "delete") throw new Error("a deletion's result is of its kind");
  return operation.delete;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
