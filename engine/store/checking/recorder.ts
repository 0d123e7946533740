import { type Clock, Condition, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { type Backend, OutcomeUnknownError } from "../client/backend.ts";
import { type Operation, type OperationResult, type RangeQuery, StoreError } from "../mvcc.ts";
import type { EtcdRequest, EtcdResponse } from "./etcd-model.ts";
import type { Call } from "./history.ts";
import type { PastRead } from "./watch-checks.ts";

/** No lease may end by itself within a round. */
const LEASE_TTL_S = 3600;
/** The longest time between two looks at how many calls there are. */
const LOOK_MS = 1000;

/** Asks a store and writes down what it was asked and what it answered. */
export class Recorder {
  readonly calls: Call<EtcdRequest, EtcdResponse>[] = [];
  readonly past: PastRead[] = [];
  /** The newest revision that any answer has told. */
  revision = 1;
  readonly #clock: Clock;
  readonly #answered: Condition;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#answered = new Condition(clock);
  }

  /** Resolves after so many more calls, or when the signal is aborted. */
  async more(calls: number, signal: AbortSignal): Promise<void> {
    const enough = this.calls.length + calls;
    while (this.calls.length < enough && !signal.aborted) await this.#answered.wait(LOOK_MS, signal);
  }

  /** Resolves once each of so many clients was answered a call that began after this one, or when the signal is aborted. */
  async everyone(clients: number, signal: AbortSignal): Promise<void> {
    const sinceMs = this.#clock.monotonic();
    const heard = new Set<number>();
    for (let index = this.calls.length; heard.size < clients && !signal.aborted;) {
      const call = this.calls[index];
      if (call === undefined) {
        await this.#answered.wait(LOOK_MS, signal);
        continue;
      }
      if (call.response !== undefined && call.startMs >= sinceMs) heard.add(call.client);
      index++;
    }
  }

  /** Undefined: the answer was lost, or the call was not carried out; only the first is part of the history. */
  async ask(client: number, backend: Backend, request: EtcdRequest): Promise<EtcdResponse | undefined> {
    const startMs = this.#clock.monotonic();
    let response: EtcdResponse | undefined;
    try {
      response = await carryOut(backend, request);
    } catch (error) {
      // What the client says of such a failure is that nothing has happened.
      if (error instanceof Fault) return undefined;
      if (error instanceof StoreError && error.code === "lease-not-found") {
        response = { kind: "lease-not-found" };
      } else if (!(error instanceof OutcomeUnknownError)) throw error;
    }
    // Nobody uses a lease that may not be there, so it makes no difference whether it is.
    if (response === undefined && request.kind === "grant") return undefined;
    this.calls.push({ client, request, response, startMs, endMs: this.#clock.monotonic() });
    this.#answered.notifyAll();
    if (response?.kind === "transacted") this.revision = Math.max(this.revision, response.revision);
    return response;
  }

  /** A read of the past, or, without a revision, of what the member has. */
  async askPast(backend: Backend, query: RangeQuery): Promise<void> {
    try {
      const result = await backend.range(query, { serializable: true });
      this.past.push({ query, revision: query.revision || result.revision, result });
    } catch (error) {
      if (error instanceof Fault) return;
      if (!(error instanceof StoreError && error.code === "compacted")) throw error;
    }
  }
}

/** Single operations go by their own calls, so that those are looked at as well. */
async function carryOut(backend: Backend, request: EtcdRequest): Promise<EtcdResponse> {
  if (request.kind === "grant") {
    await backend.grantLease(request.lease, LEASE_TTL_S);
    return { kind: "granted" };
  }
  if (request.kind !== "transact") {
    await backend.revokeLease(request.lease);
    return { kind: "revoked" };
  }
  const { compares, success, failure } = request.transaction;
  const [only] = success;
  if (only === undefined || compares.length + success.length + failure.length > 1) {
    return { kind: "transacted", ...(await backend.transact(request.transaction)) };
  }
  const { revision, ...result } = await single(backend, only);
  return { kind: "transacted", succeeded: true, results: [result], revision };
}

async function single(
  backend: Backend,
  operation: Operation,
): Promise<OperationResult & { readonly revision: number }> {
  switch (operation.kind) {
    case "range": {
      const { revision, ...range } = await backend.range(operation.range);
      return { kind: "range", range, revision };
    }
    case "put":
      return { kind: "put", ...(await backend.put(operation.put)) };
    case "delete":
      return { kind: "delete", ...(await backend.delete(operation.delete)) };
    case "transaction": {
      const { revision, ...transaction } = await backend.transact(operation.transaction);
      return { kind: "transaction", transaction, revision };
    }
  }
}
