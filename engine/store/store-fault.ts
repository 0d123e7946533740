import { Fault, type FaultCode } from "@plinth/fault";
import { DISK_FULL } from "./disk.ts";
import { StoreError, type StoreErrorCode } from "./mvcc.ts";

const faults: Record<StoreErrorCode, FaultCode> = {
  "empty-key": "invalid",
  "key-not-found": "invalid",
  "value-provided": "invalid",
  "lease-provided": "invalid",
  "duplicate-key": "invalid",
  "too-many-operations": "invalid",
  "invalid-sort": "invalid",
  "future-revision": "invalid",
  "lease-not-found": "invalid",
  "lease-exists": "invalid",
  "lease-ttl-too-large": "invalid",
  compacted: "gone",
  "request-too-large": "too-large",
  "no-space": "exhausted",
  "too-many-requests": "exhausted",
  "read-only": "unavailable",
  stopped: "unavailable",
  corrupt: "corrupt",
};

const hints: Partial<Record<StoreErrorCode, string>> = {
  compacted: "List again and watch from the list's revision.",
  "read-only": "Reads go on. Writing is tried again every few seconds.",
};

/** The engine's refusals in the words of those who use a Store; anything else stays what it is. */
export function toFault(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const { code, message } = error;
  const isFull = code === "read-only" && message.includes(DISK_FULL);
  const hint = hints[code];
  return new Fault(isFull ? "exhausted" : faults[code], message, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}
