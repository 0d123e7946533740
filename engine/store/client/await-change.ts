import { type Event, type KeyRange, StoreError } from "../mvcc.ts";
import type { Backend } from "./backend.ts";

/**
 * Resolves once something in the range has changed in the wanted way (default: in any), or may have: where history is
 * compacted, what is there now is to be seen.
 */
export async function awaitChange(
  backend: Backend,
  range: KeyRange,
  fromRevision: number,
  outer: AbortSignal,
  isWanted: (event: Event) => boolean = () => true,
): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([outer, ended.signal]);
  try {
    for await (const events of await backend.watch(range, { fromRevision, signal })) {
      if (events.some(isWanted)) return;
    }
  } catch (error) {
    if (!(error instanceof StoreError && error.code === "compacted")) throw error;
  } finally {
    ended.abort();
  }
}
