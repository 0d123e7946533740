import type { Compare, Operation, OperationResult } from "../mvcc.ts";
import { Item } from "./item.ts";
import { byteStringOf, bytesOf, keyRangeOf, type KeySpan, type Text } from "./keys.ts";

/** A condition of a transaction of one step; exactly one is to hold per entry. */
export type Condition = { readonly key: Text } & (
  | { readonly exists: boolean }
  | { readonly value: Text }
  /** As `Item` tells it; 0: the key does not exist. */
  | { readonly modRevision: number }
  | { readonly createRevision: number }
  | { readonly version: number }
);

export type Step =
  | { readonly get: KeySpan }
  /** `lease`: its id. Default: none. */
  | { readonly put: Text; readonly value: Text; readonly lease?: bigint }
  | { readonly delete: KeySpan };

export interface StepsResult {
  /** Whether all conditions held, that is, which steps were taken. */
  readonly succeeded: boolean;
  readonly revision: number;
  /** For each step: what a `get` found; for others nothing. */
  readonly items: readonly (readonly Item[])[];
}

export function compareOf(condition: Condition): Compare {
  const key = byteStringOf(condition.key);
  if ("exists" in condition) {
    return { key, target: "create", operator: condition.exists ? "!=" : "=", operand: 0 };
  }
  if ("value" in condition) return { key, target: "value", operator: "=", operand: bytesOf(condition.value) };
  if ("modRevision" in condition) {
    return { key, target: "mod", operator: "=", operand: condition.modRevision };
  }
  if ("createRevision" in condition) {
    return { key, target: "create", operator: "=", operand: condition.createRevision };
  }
  return { key, target: "version", operator: "=", operand: condition.version };
}

export function operationOf(step: Step): Operation {
  if ("get" in step) return { kind: "range", range: keyRangeOf(step.get) };
  if ("delete" in step) return { kind: "delete", delete: keyRangeOf(step.delete) };
  const { put, value, lease = 0n } = step;
  return { kind: "put", put: { key: byteStringOf(put), value: bytesOf(value), lease } };
}

export function itemsOf(result: OperationResult): readonly Item[] {
  return result.kind === "range" ? result.range.kvs.map((kv) => new Item(kv)) : [];
}
