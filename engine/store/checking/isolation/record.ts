/** A transaction as its client saw it. Every element and value is written once at most in a whole history. */
export interface TransactionRecord<Operation> {
  readonly client: number;
  /** "unknown": the answer to its commit was lost. "aborted": it surely did not happen. */
  readonly outcome: "committed" | "aborted" | "unknown";
  readonly operations: readonly Operation[];
  /** Milliseconds on one monotonic clock. */
  readonly startMs: number;
  readonly endMs: number;
}

export type ListOperation =
  | { readonly kind: "append"; readonly key: string; readonly element: string }
  | { readonly kind: "read"; readonly key: string; readonly elements: readonly string[] };

export type RegisterOperation =
  | { readonly kind: "write"; readonly key: string; readonly value: string }
  /** Undefined: nothing has been written yet. */
  | { readonly kind: "read"; readonly key: string; readonly value: string | undefined };

/** What can be wrong; the names are Adya's, as Elle uses them. */
export type AnomalyName =
  /** Circles of writes over writes; of those and reads of writes; with one read that missed a write; with several. */
  | "G0"
  | "G1c"
  | "G-single"
  | "G2-item"
  /** The same, with one transaction that ended before another began. */
  | "G0-realtime"
  | "G1c-realtime"
  | "G-single-realtime"
  | "G2-item-realtime"
  /** A read of what an aborted transaction wrote, and of what a transaction wrote over itself. */
  | "G1a"
  | "G1b"
  /** Two that read the same version both wrote over it. */
  | "lost-update"
  /** A read that does not agree with what its own transaction read or wrote before. */
  | "internal"
  /** Two reads of a list of which neither is the beginning of the other. */
  | "incompatible-order"
  /** A list with an element twice. */
  | "duplicate"
  /** A read of what nobody wrote. */
  | "garbage";

export interface Anomaly {
  readonly name: AnomalyName;
  readonly text: string;
}
