import { once } from "node:events";
import { watch } from "node:fs";
import type { Clock } from "@plinth/clock";

const POLL_MS = 5;

/** Resolves on the next change in a directory, or soon where that cannot be watched or came too early to be seen. */
export async function nextChange(directory: string, clock: Clock): Promise<void> {
  const over = new AbortController();
  try {
    const watcher = watch(directory, { signal: over.signal });
    await Promise.race([once(watcher, "change", { signal: over.signal }), clock.sleep(POLL_MS, over.signal)]);
  } catch {
    await clock.sleep(POLL_MS);
  } finally {
    over.abort();
  }
}
