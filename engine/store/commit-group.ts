import {
  type ByteString,
  type Compare,
  type KeyValue,
  type Operation,
  type OperationResult,
  type Put,
  StoreError,
  type Transaction,
} from "./mvcc.ts";
import { KEY_SHOWN_CHARACTERS } from "./limits.ts";
import { recordBytes } from "./mvcc-record.ts";
import { orderOf } from "./order.ts";
import { keyValueOf, readRange, type Records } from "./range-read.ts";
import { boundsOf } from "./request-check.ts";
import type { Version, VersionIndex } from "./version-index.ts";

const EMPTY = new Uint8Array(0);

/** What a group begins from: all that is published. */
export interface GroupBase {
  readonly records: Records;
  readonly revision: number;
  readonly compactedRevision: number;
  hasLease(id: bigint): boolean;
  /** Keys of a lease, as published. */
  leaseKeys(id: bigint): Iterable<ByteString>;
}

function matches(operator: Compare["operator"], order: number): boolean {
  if (operator === "=") return order === 0;
  if (operator === "!=") return order !== 0;
  return operator === "<" ? order < 0 : order > 0;
}

/**
 * What one commit will write: requests run on it one after the other, each seeing what those before it did, and enter
 * their versions into the index.
 */
export class CommitGroup {
  readonly #base: GroupBase;
  readonly #index: VersionIndex;
  /** The newest revision, with what the group has written. */
  revision: number;
  compactedRevision: number;
  readonly writes: Version[] = [];
  /** Leases granted, with their TTL in seconds. */
  readonly granted: Map<bigint, number> = new Map();
  readonly revoked: Set<bigint> = new Set();
  /** Undefined: as it is. */
  noSpace: boolean | undefined;
  /** Undefined: as it is. */
  note: Uint8Array | undefined;

  constructor(base: GroupBase) {
    this.#base = base;
    this.#index = base.records.index;
    this.revision = base.revision;
    this.compactedRevision = base.compactedRevision;
  }

  /** Runs operations as one revision; where they are refused, nothing of them is left. */
  run(operations: readonly Operation[]): OperationResult[] {
    const written = this.writes.length;
    try {
      const succeeded = new Map<Transaction, boolean>();
      this.#choose(operations, succeeded);
      this.#check("put", operations, succeeded);
      this.#check("range", operations, succeeded);
      const run: Run = { revision: this.revision + 1, first: written, succeeded };
      const results = operations.map((operation) => this.#apply(operation, run));
      if (this.writes.length > written) this.revision += 1;
      return results;
    } catch (error) {
      this.#index.revert(this.revision);
      this.writes.length = written;
      throw error;
    }
  }

  hasLease(id: bigint): boolean {
    return this.granted.has(id) || (this.#base.hasLease(id) && !this.revoked.has(id));
  }

  /** Keys whose newest version hangs on a lease, in order. */
  leaseKeys(id: bigint): ByteString[] {
    const candidates = new Set(this.#base.leaseKeys(id));
    for (const { key } of this.writes) candidates.add(key);
    return [...candidates].filter((key) => this.#index.at(key, Infinity)?.lease === id).sort();
  }

  checkReadable(revision: number): void {
    if (revision > this.revision) {
      throw new StoreError(
        "future-revision",
        `Revision ${revision} is to come: the newest is ${this.revision}`,
      );
    }
    if (revision >= this.compactedRevision) return;
    throw new StoreError("compacted", `Revision ${revision} is compacted`, this.compactedRevision);
  }

  /** Decides which way each transaction goes, nested ones too, before anything is written. */
  #choose(operations: readonly Operation[], succeeded: Map<Transaction, boolean>): void {
    for (const operation of operations) {
      if (operation.kind !== "transaction") continue;
      const { transaction } = operation;
      const holds = transaction.compares.every((compare) => this.#holds(compare));
      succeeded.set(transaction, holds);
      this.#choose(holds ? transaction.success : transaction.failure, succeeded);
    }
  }

  #holds(compare: Compare): boolean {
    let found = false;
    let holds = true;
    this.#index.scan(boundsOf(compare), this.revision, (version) => {
      found = true;
      holds = matches(compare.operator, this.#order(compare, version));
      return holds;
    });
    if (found) return holds;
    return compare.target !== "value" && matches(compare.operator, orderOf(0, compare.operand));
  }

  #order(compare: Compare, version: Version): number {
    switch (compare.target) {
      case "value":
        return Buffer.compare(this.#base.records.valueOf(version), compare.operand);
      case "lease":
        return orderOf(version.lease, compare.operand);
      case "create":
        return orderOf(version.createRevision, compare.operand);
      case "mod":
        return orderOf(version.revision, compare.operand);
      case "version":
        return orderOf(version.version, compare.operand);
    }
  }

  /** Refuses what this state of the store does not allow, before anything is written; as in etcd, puts come first. */
  #check(
    kind: "put" | "range",
    operations: readonly Operation[],
    succeeded: Map<Transaction, boolean>,
  ): void {
    for (const operation of operations) {
      if (operation.kind === "range" && kind === "range") {
        this.checkReadable(operation.range.revision || this.revision);
      } else if (operation.kind === "put" && kind === "put") {
        this.#checkPut(operation.put);
      } else if (operation.kind === "transaction") {
        const { success, failure } = operation.transaction;
        this.#check(kind, succeeded.get(operation.transaction) === true ? success : failure, succeeded);
      }
    }
  }

  #checkPut({ key, lease, ignoreLease, ignoreValue }: Put): void {
    if ((ignoreLease === true || ignoreValue === true) && this.#index.at(key, this.revision) === undefined) {
      throw new StoreError(
        "key-not-found",
        `Cannot keep what key ${JSON.stringify(key.slice(0, KEY_SHOWN_CHARACTERS))} has: it does not exist`,
      );
    }
    this.checkLease(lease);
  }

  /** Refuses a lease that there is not. */
  checkLease(lease: bigint): void {
    if (lease !== 0n && !this.hasLease(lease)) {
      throw new StoreError("lease-not-found", `Cannot put with lease ${lease}: there is none`);
    }
  }

  #apply(operation: Operation, run: Run): OperationResult {
    const { records } = this.#base;
    switch (operation.kind) {
      case "range": {
        const now = this.writes.length > run.first ? run.revision : this.revision;
        return { kind: "range", range: readRange(records, operation.range, operation.range.revision || now) };
      }
      case "put": {
        const { put } = operation;
        const before = this.#index.at(put.key, Infinity);
        const previous = before && put.previous === true ? keyValueOf(records, before) : undefined;
        const kept = before && put.ignoreValue === true ? records.valueOf(before) : put.value;
        this.#write(run, put.key, kept, put.ignoreLease === true ? (before?.lease ?? 0n) : put.lease, before);
        return { kind: "put", previous };
      }
      case "delete": {
        const doomed: Version[] = [];
        this.#index.scan(boundsOf(operation.delete), run.revision, (version) => doomed.push(version) > 0);
        const previous: KeyValue[] = [];
        for (const version of doomed) {
          if (operation.delete.previous === true) previous.push(keyValueOf(records, version));
          this.#write(run, version.key, undefined, 0n, version);
        }
        return { kind: "delete", deleted: doomed.length, previous };
      }
      case "transaction": {
        const { success, failure } = operation.transaction;
        const succeeded = run.succeeded.get(operation.transaction) === true;
        const results = (succeeded ? success : failure).map((nested) => this.#apply(nested, run));
        return { kind: "transaction", transaction: { succeeded, results } };
      }
    }
  }

  /** Undefined as value: a removal. */
  #write(
    run: Run,
    key: ByteString,
    value: Uint8Array | undefined,
    lease: bigint,
    before: Version | undefined,
  ): void {
    const deleted = value === undefined;
    const version: Version = {
      key,
      revision: run.revision,
      ordinal: this.writes.length - run.first,
      createRevision: deleted ? 0 : (before?.createRevision ?? run.revision),
      version: deleted ? 0 : (before?.version ?? 0) + 1,
      lease,
      deleted,
      bytes: recordBytes(key, value ?? EMPTY),
      value: value ?? EMPTY,
    };
    this.#index.append(version);
    this.writes.push(version);
  }
}

interface Run {
  /** The revision of what it writes. */
  readonly revision: number;
  /** How much the group had written before it. */
  readonly first: number;
  readonly succeeded: ReadonlyMap<Transaction, boolean>;
}
