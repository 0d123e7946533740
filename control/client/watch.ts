import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { KindName, KindTypes } from "@plinth/resource";
import { StatusFault, faultFromStatus } from "./status.ts";

/** SYNCED says that everything which exists has been told; it comes once per complete listing. */
export type WatchEvent<K extends KindName> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KindTypes[K] }
  | { readonly type: "SYNCED" };

interface RawEvent<K extends KindName> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KindTypes[K];
}

/** What a watch needs of the API. */
export interface WatchSource<K extends KindName> {
  readonly clock: Clock;
  /** Longest time without a daemon before the watch gives up. */
  readonly unavailableMs: number;
  readonly signal: AbortSignal | undefined;
  list(): Promise<{ readonly resourceVersion: string; readonly items: readonly KindTypes[K][] }>;
  stream(resourceVersion: string): Promise<AsyncIterable<unknown>>;
}

const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 2000;

/**
 * Tells what is, then every change. A broken connection is resumed from the last version seen; where that is
 * compacted away, everything is listed again and the difference told, so that callers see one unbroken history.
 */
export async function* watchResources<K extends KindName>(
  source: WatchSource<K>,
): AsyncGenerator<WatchEvent<K>> {
  const known = new Map<string, KindTypes[K]>();
  let resourceVersion: string | undefined;
  let retryMs = RETRY_FIRST_MS;
  let unavailableSince: number | undefined;

  for (;;) {
    try {
      if (resourceVersion === undefined) {
        const listed = await source.list();
        yield* difference(known, listed.items);
        yield { type: "SYNCED" };
        resourceVersion = listed.resourceVersion;
      }
      const stream = await source.stream(resourceVersion);
      retryMs = RETRY_FIRST_MS;
      unavailableSince = undefined;
      for await (const value of stream) {
        const event = value as RawEvent<K>;
        if (event.type === "ERROR") throw faultFromStatus(500, JSON.stringify(event.object));
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        if (event.type === "BOOKMARK") continue;
        if (event.type === "DELETED") known.delete(event.object.metadata.name);
        else known.set(event.object.metadata.name, event.object);
        yield { type: event.type, object: event.object };
      }
    } catch (error) {
      source.signal?.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      if (error.code === "gone") {
        resourceVersion = undefined;
        continue;
      }
      // A slow reader is cut off by the server with "exhausted" and may resume.
      const mayResume =
        error.code === "unavailable" || error.code === "timeout" || error.code === "exhausted";
      if (!mayResume || (error instanceof StatusFault && error.httpStatus === 401)) throw error;
      unavailableSince ??= source.clock.monotonic();
      if (source.clock.monotonic() - unavailableSince >= source.unavailableMs) throw error;
    }
    await source.clock.sleep(retryMs, source.signal);
    retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS);
  }
}

function* difference<K extends KindName>(
  known: Map<string, KindTypes[K]>,
  items: readonly KindTypes[K][],
): Generator<WatchEvent<K>> {
  const vanished = new Map(known);
  for (const object of items) {
    const { name, resourceVersion } = object.metadata;
    const before = known.get(name);
    vanished.delete(name);
    known.set(name, object);
    if (before === undefined) yield { type: "ADDED", object };
    else if (before.metadata.resourceVersion !== resourceVersion) yield { type: "MODIFIED", object };
  }
  for (const [name, object] of vanished) {
    known.delete(name);
    yield { type: "DELETED", object };
  }
}
