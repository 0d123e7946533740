import { KEY_SHOWN_CHARACTERS, NOTE_BYTES_MAX } from "./limits.ts";
import {
  type ByteString,
  type KeyRange,
  type Operation,
  type Put,
  StoreError,
  type Transaction,
} from "./mvcc.ts";

/** How ranges are passed on to the index: the empty string as `end` stands for all keys from `key` on. */
export interface Bounds {
  readonly key: ByteString;
  readonly end: ByteString;
}

/** A single key is the range from it to the least key behind it. */
export function boundsOf(range: KeyRange): Bounds {
  return { key: range.key, end: range.end ?? `${range.key}\0` };
}

export function isInside(key: ByteString, bounds: Bounds): boolean {
  return key >= bounds.key && (bounds.end === "" || key < bounds.end);
}

/** Refuses the empty key. */
export function checkRange(range: KeyRange): void {
  if (range.key === "") throw new StoreError("empty-key", "Cannot use a key: it is empty");
}

export function checkNote({ length }: Uint8Array): void {
  if (length > NOTE_BYTES_MAX) {
    throw new StoreError(
      "request-too-large",
      `Cannot keep a note of ${length} bytes: at most ${NOTE_BYTES_MAX}`,
    );
  }
}

/** Refuses puts that no state of the store could make right. */
export function checkPut(put: Put): void {
  checkRange(put);
  if (put.ignoreValue === true && put.value.length > 0) {
    throw new StoreError("value-provided", "Cannot put: a value is given, and is to be kept");
  }
  if (put.ignoreLease === true && put.lease !== 0n) {
    throw new StoreError("lease-provided", "Cannot put: a lease is given, and is to be kept");
  }
}

/** Refuses transactions that no state of the store could make right. */
export function checkTransaction(transaction: Transaction, operationsMax: number): void {
  checkOperations(transaction, operationsMax);
  checkOverlaps(transaction.success);
  checkOverlaps(transaction.failure);
}

/** A nested transaction has what the one around it leaves of the budget. */
function checkOperations({ compares, success, failure }: Transaction, budget: number): void {
  const used = Math.max(compares.length, success.length, failure.length);
  if (used > budget) {
    throw new StoreError(
      "too-many-operations",
      `Cannot run transaction: ${used} operations, ${budget} are left`,
    );
  }
  for (const compare of compares) checkRange(compare);
  for (const operation of [...success, ...failure]) {
    if (operation.kind === "range") checkRange(operation.range);
    else if (operation.kind === "put") checkPut(operation.put);
    else if (operation.kind === "delete") checkRange(operation.delete);
    else checkOperations(operation.transaction, budget - used);
  }
}

/** Keys that a list of operations may delete: single ones by name, so that long lists are checked fast. */
interface Deletions {
  readonly keys: Set<ByteString>;
  readonly ranges: Bounds[];
}

interface Touched {
  readonly puts: Set<ByteString>;
  readonly deletions: Deletions;
}

const isDeleted = (key: ByteString, { keys, ranges }: Deletions): boolean =>
  keys.has(key) || ranges.some((bounds) => isInside(key, bounds));

/**
 * Refuses a key that is put twice, or put and deleted, on one way through the transaction. As in etcd, nested
 * transactions come first, in order: what one deletes, those before it may have put.
 */
function checkOverlaps(operations: readonly Operation[]): Touched {
  const puts = new Set<ByteString>();
  const deletions: Deletions = { keys: new Set(), ranges: [] };
  for (const operation of operations) {
    if (operation.kind !== "delete") continue;
    if (operation.delete.end === undefined) deletions.keys.add(operation.delete.key);
    else deletions.ranges.push(boundsOf(operation.delete));
  }
  const addPut = (key: ByteString, fromOtherBranch?: ReadonlySet<ByteString>): void => {
    if ((puts.has(key) && fromOtherBranch?.has(key) !== true) || isDeleted(key, deletions)) {
      throw new StoreError(
        "duplicate-key",
        `Cannot run transaction: key ${JSON.stringify(key.slice(0, KEY_SHOWN_CHARACTERS))} is written twice`,
      );
    }
    puts.add(key);
  };
  for (const operation of operations) {
    if (operation.kind !== "transaction") continue;
    const success = checkOverlaps(operation.transaction.success);
    const failure = checkOverlaps(operation.transaction.failure);
    for (const key of success.puts) addPut(key);
    for (const key of failure.puts) addPut(key, success.puts);
    for (const nested of [success.deletions, failure.deletions]) {
      for (const key of nested.keys) deletions.keys.add(key);
      deletions.ranges.push(...nested.ranges);
    }
  }
  for (const operation of operations) if (operation.kind === "put") addPut(operation.put.key);
  return { puts, deletions };
}
