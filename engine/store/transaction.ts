import { Fault } from "@plinth/fault";
import type { KeyIndex, Version } from "./key-index.ts";
import { GROUP_BYTES_MAX, KEY_BYTES_MAX, OPERATIONS_MAX, VALUE_BYTES_MAX } from "./limits.ts";
import { recordBytes } from "./record.ts";
import type { Compare, Operation } from "./store.ts";

const EMPTY = new Uint8Array(0);
/** A key in a message is cut to this; keys of the API are shorter. */
const KEY_SHOWN_CHARACTERS = 100;

/** A version with the value that goes to disk with it. */
export interface Write {
  readonly version: Version;
  readonly value: Uint8Array;
}

function refuse(key: string, why: string): never {
  throw new Fault("invalid", `Cannot use key ${JSON.stringify(key.slice(0, KEY_SHOWN_CHARACTERS))}: ${why}`);
}

/** Refuses keys that would not come back from disk as they went. */
export function checkKey(key: string): void {
  if (key.length === 0) refuse(key, "it is empty");
  checkPrefix(key);
}

export function checkPrefix(prefix: string): void {
  if (prefix.length > KEY_BYTES_MAX || Buffer.byteLength(prefix) > KEY_BYTES_MAX) {
    refuse(prefix, `it is longer than ${KEY_BYTES_MAX} bytes`);
  }
  // A lone surrogate has no UTF-8 form: two such keys would be one on disk.
  if (!prefix.isWellFormed()) refuse(prefix, "it is not well-formed Unicode");
}

/** Refuses what no state of the store could make right; returns the bytes of the larger branch's values. */
export function checkTransaction(
  compares: readonly Compare[],
  success: readonly Operation[],
  failure: readonly Operation[],
): number {
  if (Math.max(compares.length, success.length, failure.length) > OPERATIONS_MAX) {
    throw new Fault("invalid", `Cannot run transaction: more than ${OPERATIONS_MAX} operations`);
  }
  for (const compare of compares) checkKey(compare.key);
  const valueBytes = Math.max(checkOperations(success), checkOperations(failure));
  if (valueBytes > GROUP_BYTES_MAX) {
    throw new Fault("too-large", `Cannot run transaction: ${valueBytes} bytes; at most ${GROUP_BYTES_MAX}`);
  }
  return valueBytes;
}

function checkOperations(operations: readonly Operation[]): number {
  const keys = new Set<string>();
  const prefixes: string[] = [];
  let valueBytes = 0;
  for (const operation of operations) {
    if ("deletePrefix" in operation) {
      checkPrefix(operation.deletePrefix);
      prefixes.push(operation.deletePrefix);
      continue;
    }
    const key = "put" in operation ? operation.put : operation.delete;
    checkKey(key);
    if (keys.has(key)) refuse(key, "the transaction names it twice");
    keys.add(key);
    if (!("put" in operation)) continue;
    if (operation.value.length > VALUE_BYTES_MAX) {
      throw new Fault(
        "too-large",
        `Cannot put ${JSON.stringify(key)}: ${operation.value.length} bytes; at most ${VALUE_BYTES_MAX} are kept`,
      );
    }
    valueBytes += operation.value.length;
  }
  // The order of operations within a transaction must not matter, so nothing may be touched twice.
  prefixes.forEach((prefix, index) => {
    for (const key of keys) if (key.startsWith(prefix)) refuse(key, "the transaction names it twice");
    for (const other of prefixes.slice(index + 1)) {
      if (prefix.startsWith(other) || other.startsWith(prefix))
        refuse(other, "the transaction names it twice");
    }
  });
  return valueBytes;
}

function holds(index: KeyIndex, compare: Compare): boolean {
  const version = index.newest(compare.key);
  const actual =
    version === undefined ? 0 : compare.target === "modRevision" ? version.revision : version[compare.target];
  if (compare.operator === "=") return actual === compare.value;
  if (compare.operator === "!=") return actual !== compare.value;
  return compare.operator === ">" ? actual > compare.value : actual < compare.value;
}

/**
 * Decides a transaction against the newest versions and enters what it writes into the index under `revision`.
 * No writes: the revision was not used.
 */
export function runTransaction(
  index: KeyIndex,
  revision: number,
  compares: readonly Compare[],
  success: readonly Operation[],
  failure: readonly Operation[],
): { succeeded: boolean; writes: Write[] } {
  const succeeded = compares.every((compare) => holds(index, compare));
  const writes: Write[] = [];
  const write = (key: string, value: Uint8Array, deleted: boolean): void => {
    const before = index.newest(key);
    const version: Version = {
      key,
      revision,
      ordinal: writes.length,
      createRevision: before?.createRevision ?? revision,
      version: deleted ? 0 : (before?.version ?? 0) + 1,
      deleted,
      bytes: recordBytes(key, value),
    };
    index.append(version);
    writes.push({ version, value });
  };
  for (const operation of succeeded ? success : failure) {
    if ("put" in operation) {
      write(operation.put, operation.value, false);
    } else if ("delete" in operation) {
      if (index.newest(operation.delete) !== undefined) write(operation.delete, EMPTY, true);
    } else {
      const keys: string[] = [];
      index.scan(operation.deletePrefix, undefined, (key) => {
        if (index.newest(key) !== undefined) keys.push(key);
        return true;
      });
      for (const key of keys) write(key, EMPTY, true);
    }
  }
  return { succeeded, writes };
}
