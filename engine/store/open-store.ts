import type { Clock } from "@plinth/clock";
import { HISTORY_BYTES_MAX, HISTORY_REVISIONS_MAX, OPERATIONS_MAX } from "./limits.ts";
import { openMvcc } from "./mvcc-store.ts";
import type { Store } from "./store.ts";
import { toFault } from "./store-fault.ts";
import { TextStore } from "./text-store.ts";

export interface StoreOptions {
  /** Paces the attempts to write to a failing disk. Default: the system's. */
  readonly clock?: Clock;
  /** Default: 10,000 revisions; smaller in tests. */
  readonly historyRevisions?: number;
  /** Bytes of records, history included, from which on writes are refused. Default: 2 GiB, as etcd's. */
  readonly quotaBytes?: number;
  /** Told when writes begin to be refused (the reason) and when they are taken again (undefined). */
  readonly onReadOnly?: (reason: string | undefined) => void;
}

/**
 * Opens the control plane's store in a directory, which is made if need be. Fault "conflict" while another process has
 * it open, "corrupt" for a broken record.
 */
export async function openStore(directory: string, options: StoreOptions = {}): Promise<Store> {
  const { historyRevisions: revisions = HISTORY_REVISIONS_MAX, ...others } = options;
  try {
    const engine = await openMvcc(directory, {
      ...others,
      operationsMax: OPERATIONS_MAX,
      retention: { revisions, historyBytes: HISTORY_BYTES_MAX },
    });
    return new TextStore(engine, { liftAlarm: () => engine.setNoSpace(false) });
  } catch (error) {
    throw toFault(error);
  }
}
