/** etcd's keys, revisions and leases as a model that calls can be checked against. */
import { createHash } from "node:crypto";
import {
  type At,
  type ByteString,
  type Event,
  type KeyValue,
  type Operation,
  type OperationResult,
  type Transaction,
  type TransactionResult,
} from "../mvcc.ts";
import { holds, rangeOf, type State } from "../mvcc-model.ts";
import type { Model } from "./linearizable.ts";
import type { Replay } from "./replay.ts";
import { sameEvents, sameResults } from "./same.ts";

/** Puts, deletes and reads of now alone are transactions of one operation. Reads of the past are for `checkPast`. */
export type EtcdRequest =
  | { readonly kind: "transact"; readonly transaction: Transaction }
  | { readonly kind: "grant"; readonly lease: bigint }
  | { readonly kind: "revoke"; readonly lease: bigint };

export type EtcdResponse =
  | ({ readonly kind: "transacted" } & At<TransactionResult>)
  | { readonly kind: "granted" | "revoked" }
  | { readonly kind: "lease-not-found" };

export interface EtcdState {
  readonly revision: number;
  readonly kvs: State;
  /** Those granted and not revoked; none may end by itself while a history is recorded. */
  readonly leases: ReadonlySet<bigint>;
}

const EMPTY = new Uint8Array(0);
/** Values in texts, of which a report has many. */
const SHOWN_BYTES = 32;
/** A store as it is made. */
export const EMPTY_STORE: EtcdState = { revision: 1, kvs: new Map(), leases: new Set() };

/**
 * `replay`: each revision that it knows must have been made by a call that does just what it tells. Besides being one
 * more thing that must fit, it leaves the search nothing to guess.
 */
export function etcdModel(replay?: Replay): Model<EtcdState, EtcdRequest, EtcdResponse> {
  return {
    initial: EMPTY_STORE,
    step(state, request, response) {
      const answer = answerOf(state, request);
      if (response !== undefined && !sameResponse(answer.response, response)) return undefined;
      const { revision } = answer.state;
      if (answer.events.length === 0 || replay === undefined || revision > replay.revision)
        return answer.state;
      return sameEvents(replay.eventsAt(revision), answer.events) ? answer.state : undefined;
    },
    identify: ({ revision, kvs, leases }) => {
      const keys = [...kvs.values()].map(textOf).sort().join(" ");
      return `revision ${revision}: ${keys}${leases.size === 0 ? "" : `; leases ${[...leases].map(String).sort().join(" ")}`}`;
    },
    describe: (request, response) => `${requestText(request)} -> ${responseText(response)}`,
  };
}

/** What a store in this state answers, what it is then, and what watchers are told. */
export interface EtcdAnswer {
  readonly state: EtcdState;
  readonly response: EtcdResponse;
  readonly events: readonly Event[];
}

export function answerOf(state: EtcdState, request: EtcdRequest): EtcdAnswer {
  const notFound: EtcdAnswer = { state, response: { kind: "lease-not-found" }, events: [] };
  const run = new Run(state);
  if (request.kind === "transact") {
    const result = run.transact(request.transaction);
    if (run.leaseIsMissing) return notFound;
    const { revision } = run.state;
    return { state: run.state, response: { kind: "transacted", ...result, revision }, events: run.events };
  }
  const { lease } = request;
  const leases = new Set(state.leases);
  if (request.kind === "grant") {
    return { state: { ...state, leases: leases.add(lease) }, response: { kind: "granted" }, events: [] };
  }
  if (!leases.delete(lease)) return notFound;
  const attached = [...state.kvs.values()].filter((kv) => kv.lease === lease).map(({ key }) => key);
  for (const key of attached.sort()) run.apply({ kind: "delete", delete: { key } });
  return { state: { ...run.state, leases }, response: { kind: "revoked" }, events: run.events };
}

function sameResponse(left: EtcdResponse, right: EtcdResponse): boolean {
  if (left.kind !== "transacted" || right.kind !== "transacted") return left.kind === right.kind;
  if (left.revision !== right.revision || left.succeeded !== right.succeeded) return false;
  return sameResults(left.results, right.results);
}

/** What one transaction does to a state: all in one revision. */
class Run {
  readonly events: Event[] = [];
  leaseIsMissing = false;
  readonly #before: EtcdState;
  readonly #kvs: Map<ByteString, KeyValue>;

  constructor(before: EtcdState) {
    this.#before = before;
    this.#kvs = new Map(before.kvs);
  }

  get state(): EtcdState {
    if (this.events.length === 0) return this.#before;
    return { ...this.#before, revision: this.#before.revision + 1, kvs: this.#kvs };
  }

  transact({ compares, success, failure }: Transaction): TransactionResult {
    const succeeded = compares.every((compare) => holds(this.#before.kvs, compare));
    return { succeeded, results: (succeeded ? success : failure).map((operation) => this.apply(operation)) };
  }

  apply(operation: Operation): OperationResult {
    switch (operation.kind) {
      case "range":
        return { kind: "range", range: rangeOf(this.#kvs, operation.range) };
      case "transaction":
        return { kind: "transaction", transaction: this.transact(operation.transaction) };
      case "put": {
        const { key, value, lease, previous } = operation.put;
        const old = this.#kvs.get(key);
        if (lease !== 0n && !this.#before.leases.has(lease)) this.leaseIsMissing = true;
        this.#event("put", {
          key,
          value,
          lease,
          createRevision: old?.createRevision ?? this.#revision,
          modRevision: this.#revision,
          version: (old?.version ?? 0) + 1,
        });
        return { kind: "put", previous: previous === true ? old : undefined };
      }
      case "delete": {
        const { kvs } = rangeOf(this.#kvs, operation.delete);
        for (const { key } of kvs) {
          const kv = {
            key,
            value: EMPTY,
            createRevision: 0,
            modRevision: this.#revision,
            version: 0,
            lease: 0n,
          };
          this.#event("delete", kv);
        }
        return {
          kind: "delete",
          deleted: kvs.length,
          previous: operation.delete.previous === true ? kvs : [],
        };
      }
    }
  }

  get #revision(): number {
    return this.#before.revision + 1;
  }

  #event(kind: "put" | "delete", kv: KeyValue): void {
    this.events.push({ kind, kv, previous: this.#before.kvs.get(kv.key) });
    if (kind === "put") this.#kvs.set(kv.key, kv);
    else this.#kvs.delete(kv.key);
  }
}

function textOf({ key, value, createRevision, modRevision, version, lease }: KeyValue): string {
  const held = shortText(value);
  const owner = lease === 0n ? "" : ` lease ${lease}`;
  return `${key}=${JSON.stringify(held)}(${createRevision}/${modRevision}/${version}${owner})`;
}

/** The value itself, or what it begins with and a hash of all of it. */
function shortText(value: Uint8Array): string {
  const text = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (value.length <= SHOWN_BYTES) return text.toString("latin1");
  const digest = createHash("sha256").update(text).digest("hex");
  return `${text.toString("latin1", 0, SHOWN_BYTES)}… of ${value.length} bytes ${digest}`;
}

function requestText(request: EtcdRequest): string {
  if (request.kind !== "transact") return `${request.kind} lease ${request.lease}`;
  return transactionText(request.transaction);
}

function transactionText({ compares, success, failure }: Transaction): string {
  const list = (operations: readonly Operation[]): string => operations.map(operationText).join(", ");
  if (compares.length === 0) return list(success);
  const condition = compares.map(({ key, target, operator, operand }) => {
    const text = operand instanceof Uint8Array ? Buffer.from(operand).toString("latin1") : operand;
    return `${target}(${key}) ${operator} ${text}`;
  });
  return `if ${condition.join(" and ")} then [${list(success)}] else [${list(failure)}]`;
}

function operationText(operation: Operation): string {
  const rangeText = ({ key, end }: { key: string; end?: string }): string =>
    end === undefined ? key : `[${key}, ${end})`;
  switch (operation.kind) {
    case "range":
      return `get ${rangeText(operation.range)}`;
    case "put":
      return `put ${operation.put.key}=${shortText(operation.put.value)}`;
    case "delete":
      return `delete ${rangeText(operation.delete)}`;
    case "transaction":
      return `(${transactionText(operation.transaction)})`;
  }
}

function responseText(response: EtcdResponse | undefined): string {
  if (response === undefined) return "lost";
  if (response.kind !== "transacted") return response.kind;
  const results = response.results.map(resultText).join(", ");
  return `revision ${response.revision}, ${response.succeeded ? "succeeded" : "failed"} [${results}]`;
}

function resultText(result: OperationResult): string {
  switch (result.kind) {
    case "range":
      return result.range.kvs.map(textOf).join(" ") || `${result.range.count} keys`;
    case "put":
      return result.previous === undefined ? "put" : `put over ${textOf(result.previous)}`;
    case "delete":
      return `${result.deleted} deleted`;
    case "transaction":
      return result.transaction.results.map(resultText).join(", ");
  }
}
