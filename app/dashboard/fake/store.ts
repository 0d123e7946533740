/** Resources with a revision, and everything that ever happened to them. */
import { API_VERSION, type KindName, type KindTypes } from "@plinth/resource";

export interface StoredEvent {
  readonly revision: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KindTypes[KindName];
}

export class FakeStore {
  revision = 100;
  /** Watches from before this revision are told to list again. */
  compactedRevision = 0;
  readonly events: StoredEvent[] = [];
  readonly #resources = new Map<string, KindTypes[KindName]>();
  readonly #listeners = new Set<() => void>();

  list(kind: KindName): readonly KindTypes[KindName][] {
    return [...this.#resources.values()].filter((resource) => resource.kind === kind);
  }

  get<Kind extends KindName>(kind: Kind, name: string): KindTypes[Kind] | undefined {
    return this.#resources.get(`${kind}/${name}`) as KindTypes[Kind] | undefined;
  }

  put<Kind extends KindName>(
    kind: Kind,
    name: string,
    content: Pick<KindTypes[Kind], "spec" | "status">,
    createdAt?: string,
  ): void {
    const key = `${kind}/${name}`;
    const before = this.#resources.get(key);
    const creationTimestamp = before?.metadata.creationTimestamp ?? createdAt ?? new Date().toISOString();
    const metadata = { name, resourceVersion: String(++this.revision), creationTimestamp };
    const object = { apiVersion: API_VERSION, kind, metadata, ...content } as KindTypes[KindName];
    this.#resources.set(key, object);
    this.#record(before === undefined ? "ADDED" : "MODIFIED", object);
  }

  delete(kind: KindName, name: string): void {
    const before = this.#resources.get(`${kind}/${name}`);
    if (before === undefined) return;
    this.#resources.delete(`${kind}/${name}`);
    const metadata = { ...before.metadata, resourceVersion: String(++this.revision) };
    this.#record("DELETED", { ...before, metadata });
  }

  /** Forgets all that happened so far. */
  compact(): void {
    this.events.length = 0;
    this.compactedRevision = this.revision;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #record(type: StoredEvent["type"], object: KindTypes[KindName]): void {
    this.events.push({ revision: this.revision, type, object });
    for (const listener of this.#listeners) listener();
  }
}
