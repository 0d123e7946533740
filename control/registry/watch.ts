import { Fault } from "@plinth/fault";
import type { KindName } from "@plinth/resource";
import type { Entry, Store, Watch, WatchEvent } from "@plinth/store";
import { decode, hasLabels, kindOfKey, prefixOf } from "./codec.ts";
import type { ResourceEvent, ResourceWatch, ResourceWatchOptions } from "./registry.ts";

/** Begins at once: what changes between this call and the first reading is not missed. */
export function watchResources<K extends KindName>(
  store: Store,
  kind: K | undefined,
  options: ResourceWatchOptions,
): ResourceWatch<K> {
  const { labels, signal } = options;
  const prefix = prefixOf(kind);
  const since = options.resourceVersion === undefined ? undefined : parseVersion(options.resourceVersion);
  const revision = since ?? store.revision;
  const existing =
    since === undefined ? store.range(prefix).filter(({ key }) => kindOfKey(key) !== undefined) : [];
  if (revision < store.compactedRevision || revision > store.revision) {
    throw new Fault("gone", `Cannot watch from resourceVersion "${revision}": that history is not kept`, {
      hint: "List again and watch from the list's resourceVersion.",
    });
  }
  const changes = store.watch(prefix, { fromRevision: revision + 1, signal });
  return new StoreResourceWatch<K>(existing, revision, changes, labels);
}

function parseVersion(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new Fault(
    "invalid",
    `Cannot watch from resourceVersion ${JSON.stringify(text.slice(0, 40))}: not a version`,
  );
}

class StoreResourceWatch<K extends KindName> implements ResourceWatch<K> {
  readonly #existing: readonly Entry[];
  readonly #revision: number;
  readonly #changes: Watch;
  readonly #labels: Readonly<Record<string, string>> | undefined;
  /** Revision up to which events have been handed out, while there are some at hand; else the store's watch knows. */
  #handedOut: number | undefined = 0;

  constructor(
    existing: readonly Entry[],
    revision: number,
    changes: Watch,
    labels: Readonly<Record<string, string>> | undefined,
  ) {
    this.#existing = existing;
    this.#revision = revision;
    this.#changes = changes;
    this.#labels = labels;
  }

  get resourceVersion(): string {
    return String(this.#handedOut ?? this.#changes.progress);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ResourceEvent<K>> {
    const changes = this.#changes[Symbol.asyncIterator]();
    try {
      for (const [index, entry] of this.#existing.entries()) {
        if (index === this.#existing.length - 1) this.#handedOut = this.#revision;
        const object = decode<K>(entry);
        if (hasLabels(object, this.#labels)) yield { type: "ADDED", object };
      }
      for (;;) {
        this.#handedOut = undefined;
        const { done, value: batch } = await changes.next();
        if (done === true) return;
        this.#handedOut = batch[0]!.entry.modRevision - 1;
        for (const [index, event] of batch.entries()) {
          // A revision counts as handed out with its last event.
          const revision = event.entry.modRevision;
          if (batch[index + 1]?.entry.modRevision !== revision) this.#handedOut = revision;
          const mapped = resourceEvent<K>(event, this.#labels);
          if (mapped !== undefined) yield mapped;
        }
      }
    } finally {
      await changes.return?.();
    }
  }
}

/** What a change of the store is to somebody who sees only resources with these labels. */
function resourceEvent<K extends KindName>(
  { type, entry, previous }: WatchEvent,
  labels: Readonly<Record<string, string>> | undefined,
): ResourceEvent<K> | undefined {
  if (kindOfKey(entry.key) === undefined) return undefined;
  const before = previous && decode<K>(previous, entry.modRevision);
  const seenBefore = before !== undefined && hasLabels(before, labels);
  if (type === "put") {
    const object = decode<K>(entry);
    if (hasLabels(object, labels)) return { type: seenBefore ? "MODIFIED" : "ADDED", object };
  }
  return seenBefore ? { type: "DELETED", object: before } : undefined;
}
