import { type Event, type KeyRange, StoreError } from "../mvcc.ts";
import type { Backend } from "./backend.ts";
import { Item } from "./item.ts";
import { persist, type Surroundings } from "./persist.ts";

/** What changed, in order: a removal leaves the key alone. */
export interface Change {
  readonly kind: "put" | "delete";
  readonly item: Item;
  /** What the key held before; undefined when it did not exist or that is compacted. */
  readonly previous: Item | undefined;
}

export type WatchItem =
  /** All changes of one or more revisions, none split; the last of them is `revision`. */
  | { readonly kind: "changes"; readonly changes: readonly Change[]; readonly revision: number }
  /**
   * Some changes are forgotten: this is all there is as of `revision`, and what is not in it is gone. Changes after it
   * follow.
   */
  | { readonly kind: "relist"; readonly items: readonly Item[]; readonly revision: number };

export interface WatchOptions {
  /** First revision of interest. Default: the first one after the call has resolved. */
  readonly fromRevision?: number;
  /** Instead of ending with StoreError `compacted`, give the whole state and go on. Default: false. */
  readonly relist?: boolean;
  /** Ends the watch, which rejects with its reason. */
  readonly signal: AbortSignal;
  /** Hears of every time that the watch had to begin again where it was. */
  readonly onInterrupted?: (error: unknown) => void;
}

/** Resolves once it is in force. */
export async function watchItems(
  backend: Backend,
  surroundings: Surroundings,
  range: KeyRange,
  options: WatchOptions,
): Promise<AsyncIterable<WatchItem>> {
  const { relist = false, fromRevision, signal, onInterrupted } = options;
  const settings = { signal, ...(onInterrupted === undefined ? {} : { onInterrupted }) };
  const first = await backend.watch(range, {
    ...settings,
    ...(fromRevision === undefined ? {} : { fromRevision }),
  });
  return (async function* items() {
    for (let watch = first; ;) {
      try {
        for await (const events of watch) yield changesOf(events);
        return;
      } catch (error) {
        if (!relist || !(error instanceof StoreError && error.code === "compacted")) throw error;
      }
      const { kvs, revision } = await persist(surroundings, signal, () => backend.range(range, { signal }));
      watch = await backend.watch(range, { ...settings, fromRevision: revision + 1 });
      yield { kind: "relist", items: kvs.map((kv) => new Item(kv)), revision };
    }
  })();
}

function changesOf(events: readonly Event[]): WatchItem {
  const changes = events.map(({ kind, kv, previous }) => ({
    kind,
    item: new Item(kv),
    previous: previous === undefined ? undefined : new Item(previous),
  }));
  return { kind: "changes", changes, revision: events.at(-1)!.kv.modRevision };
}
