import { type Clock, isoTime, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { KindName, KindTypes, Metadata } from "@plinth/resource";
import type { Compare, Entry, Operation, Store } from "@plinth/store";
import { decode, encode, hasLabels, keyOf, prefixOf, sameAsStored } from "./codec.ts";
import { watchResources } from "./watch.ts";

/** A resource as its writer knows it: the rest of its metadata is the registry's. */
export type Draft<K extends KindName> = Pick<KindTypes[K], "spec"> & {
  readonly metadata: Metadata;
  readonly status?: KindTypes[K]["status"];
};

export interface ResourceEvent<K extends KindName> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KindTypes[K];
}

/** Rejects with the signal's reason once it is aborted; Fault "gone" when what it needs has been compacted. */
export interface ResourceWatch<K extends KindName> extends AsyncIterable<ResourceEvent<K>> {
  /** Everything up to here has been handed out: where a reader that comes back may go on. */
  readonly resourceVersion: string;
}

export interface ResourceWatchOptions {
  /** Go on behind this version. Default: ADDED for all that is, then changes. */
  readonly resourceVersion?: string;
  /** Only resources with these labels; one that loses them is DELETED. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Resources by kind and name, with optimistic concurrency. Given-out objects are the caller's own copies. */
export interface Registry {
  /** The version that a list made now carries. */
  readonly resourceVersion: string;
  get<K extends KindName>(kind: K, name: string): KindTypes[K] | undefined;
  /** In order of name. */
  list<K extends KindName>(kind: K, labels?: Readonly<Record<string, string>>): readonly KindTypes[K][];
  /** Fault "conflict" when it exists. */
  create<K extends KindName>(kind: K, draft: Draft<K>): Promise<KindTypes[K]>;
  /**
   * Replaces spec, labels and annotations and keeps the status. With a resourceVersion or a uid, only that very state
   * is replaced (Fault "conflict"); without, whatever is there. The spec of what is being deleted cannot change.
   */
  update<K extends KindName>(kind: K, resource: Draft<K>): Promise<KindTypes[K]>;
  /** Replaces the status; undefined when the resource is gone. Writes nothing when it is the same. */
  updateStatus<K extends KindName>(
    kind: K,
    name: string,
    status: NonNullable<KindTypes[K]["status"]>,
  ): Promise<KindTypes[K] | undefined>;
  /** An App or Instance is marked as to be deleted, for its controller to do; anything else is removed. Fault "not-found". */
  delete(kind: KindName, name: string): Promise<void>;
  /** Removes at once; nothing happens when it is gone. */
  purge(kind: KindName, name: string): Promise<void>;
  watch<K extends KindName>(kind: K | undefined, options: ResourceWatchOptions): ResourceWatch<K>;
}

export interface RegistryOptions {
  readonly store: Store;
  readonly clock?: Clock;
}

/** Rounds of reading and writing again when others write the same resource; each round lost is one they won. */
const ATTEMPTS_MAX = 100;

export function createRegistry(options: RegistryOptions): Registry {
  return new StoreRegistry(options.store, options.clock ?? systemClock);
}

class StoreRegistry implements Registry {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get resourceVersion(): string {
    return String(this.#store.revision);
  }

  get<K extends KindName>(kind: K, name: string): KindTypes[K] | undefined {
    const entry = this.#store.get(keyOf(kind, name));
    return entry && decode<K>(entry);
  }

  list<K extends KindName>(kind: K, labels?: Readonly<Record<string, string>>): readonly KindTypes[K][] {
    return this.#store
      .range(prefixOf(kind))
      .map((entry) => decode<K>(entry))
      .filter((resource) => hasLabels(resource, labels));
  }

  async create<K extends KindName>(kind: K, draft: Draft<K>): Promise<KindTypes[K]> {
    const { name, labels, annotations } = draft.metadata;
    const key = keyOf(kind, name);
    const metadata: Metadata = {
      name,
      uid: crypto.randomUUID(),
      generation: 1,
      creationTimestamp: isoTime(this.#clock.now()),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    };
    const value = encode<K>(kind, { ...draft, metadata } as KindTypes[K]);
    const { succeeded, revision } = await this.#store.transact(
      [{ key, target: "version", operator: "=", value: 0 }],
      [{ put: key, value }],
    );
    if (!succeeded) {
      throw new Fault("conflict", `Cannot create ${kind} "${name}": it exists already`, {
        hint: "Update it, or delete it first.",
      });
    }
    return decode<K>({ key, value, createRevision: revision, modRevision: revision, version: 1 });
  }

  async update<K extends KindName>(kind: K, resource: Draft<K>): Promise<KindTypes[K]> {
    const { name, labels, annotations, resourceVersion, uid } = resource.metadata;
    const changed = await this.#change(kind, name, (current) => {
      refuseOther(kind, name, "resourceVersion", resourceVersion, current.metadata.resourceVersion);
      refuseOther(kind, name, "uid", uid, current.metadata.uid);
      const specChanged = !sameAsStored(current.spec, resource.spec);
      if (specChanged && current.metadata.deletionTimestamp !== undefined) {
        throw new Fault("conflict", `Cannot update ${kind} "${name}": it is being deleted`, {
          hint: "Wait until it is gone, then apply it again.",
        });
      }
      const { labels: labelsBefore, annotations: annotationsBefore, ...own } = current.metadata;
      if (
        !specChanged &&
        sameAsStored(labelsBefore, labels) &&
        sameAsStored(annotationsBefore, annotations)
      ) {
        return current;
      }
      const metadata: Metadata = {
        ...own,
        generation: (own.generation ?? 0) + (specChanged ? 1 : 0),
        ...(labels && { labels }),
        ...(annotations && { annotations }),
      };
      return { ...current, metadata, spec: resource.spec };
    });
    if (changed === undefined) throw notFound("update", kind, name);
    return changed;
  }

  async updateStatus<K extends KindName>(
    kind: K,
    name: string,
    status: NonNullable<KindTypes[K]["status"]>,
  ): Promise<KindTypes[K] | undefined> {
    return this.#change(kind, name, (current) =>
      sameAsStored(current.status, status) ? current : { ...current, status },
    );
  }

  async delete(kind: KindName, name: string): Promise<void> {
    if (kind !== "App" && kind !== "Instance") {
      if (!(await this.#remove(kind, name))) throw notFound("delete", kind, name);
      return;
    }
    const marked = await this.#change(kind, name, (current) => {
      if (current.metadata.deletionTimestamp !== undefined) return current;
      const metadata: Metadata = {
        ...current.metadata,
        generation: (current.metadata.generation ?? 0) + 1,
        deletionTimestamp: isoTime(this.#clock.now()),
      };
      return { ...current, metadata };
    });
    if (marked === undefined) throw notFound("delete", kind, name);
  }

  async purge(kind: KindName, name: string): Promise<void> {
    await this.#remove(kind, name);
  }

  watch<K extends KindName>(kind: K | undefined, options: ResourceWatchOptions): ResourceWatch<K> {
    return watchResources<K>(this.#store, kind, options);
  }

  async #remove(kind: KindName, name: string): Promise<boolean> {
    const key = keyOf(kind, name);
    const exists: Compare = { key, target: "version", operator: ">", value: 0 };
    return (await this.#store.transact([exists], [{ delete: key }])).succeeded;
  }

  /** Reads, changes and writes back until nobody came in between. Returning `current` itself writes nothing. */
  async #change<K extends KindName>(
    kind: K,
    name: string,
    change: (current: KindTypes[K]) => KindTypes[K],
  ): Promise<KindTypes[K] | undefined> {
    const key = keyOf(kind, name);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const entry: Entry | undefined = this.#store.get(key);
      if (entry === undefined) return undefined;
      const current = decode<K>(entry);
      const changed = change(current);
      if (changed === current) return current;
      const value = encode<K>(kind, changed);
      const unchanged: Compare = { key, target: "modRevision", operator: "=", value: entry.modRevision };
      const put: Operation = { put: key, value };
      const { succeeded, revision } = await this.#store.transact([unchanged], [put]);
      if (succeeded) return decode<K>({ ...entry, value, modRevision: revision });
    }
    throw new Fault(
      "conflict",
      `Cannot write ${kind} "${name}": others wrote it ${ATTEMPTS_MAX} times meanwhile`,
    );
  }
}

function refuseOther(
  kind: KindName,
  name: string,
  field: "resourceVersion" | "uid",
  given: string | undefined,
  current: string | undefined,
): void {
  if (given === undefined || given === current) return;
  throw new Fault(
    "conflict",
    `Cannot update ${kind} "${name}": ${field} is "${current}" by now, not "${given}"`,
    {
      hint: "Read it again, make the change there, and send that.",
    },
  );
}

function notFound(deed: string, kind: KindName, name: string): Fault {
  return new Fault("not-found", `Cannot ${deed} ${kind} "${name}": there is none`);
}
