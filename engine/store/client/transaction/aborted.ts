import { Fault, type FaultCode } from "@plinth/fault";

/** Why a transaction cannot be committed. */
export type AbortReason =
  /** Others have changed what it read or is to write. */
  | "conflict"
  /** The history that it reads is forgotten. */
  | "compacted"
  /** It and others wait for each other's locks, and it came last. */
  | "deadlock"
  /** A lock was not given in time. */
  | "lock-wait"
  /** Its lease ended, and its locks with it. */
  | "locks-lost";

const codes: Record<AbortReason, FaultCode> = {
  conflict: "conflict",
  compacted: "gone",
  deadlock: "conflict",
  "lock-wait": "timeout",
  "locks-lost": "conflict",
};

/** Nothing of the transaction was written. */
export class TransactionAborted extends Fault {
  readonly reason: AbortReason;

  constructor(reason: AbortReason, message: string, options?: ErrorOptions) {
    super(codes[reason], message, options);
    this.reason = reason;
  }

  /** The same transaction from its beginning may well succeed. */
  get worthAnotherAttempt(): boolean {
    return this.reason !== "lock-wait";
  }
}
