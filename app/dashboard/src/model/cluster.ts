/** The page's copy of the API's resources, and whether it is fresh. */
import type { App, Host, Instance, Release, Service } from "@plinth/resource";
import type { ApiFault } from "../api/request.ts";
import { type Watched, type WatchEvent, type Watcher } from "../api/watch.ts";
import { Observable } from "./observable.ts";

export type Connection = "connecting" | "live" | "reconnecting" | "signed-out";

export interface Cluster {
  readonly connection: Connection;
  /** Since when the copy is not fresh, in epoch milliseconds. */
  readonly troubleSinceMs: number | undefined;
  readonly trouble: string | undefined;
  readonly apps: readonly App[];
  readonly services: readonly Service[];
  readonly instances: readonly Instance[];
  readonly releases: readonly Release[];
  /** None while one machine is all there is. */
  readonly hosts: readonly Host[];
}

const HTTP_UNAUTHORIZED = 401;

const keyOf = ({ kind, metadata }: Watched): string => `${kind}/${metadata.name}`;
const versionOf = ({ metadata }: Watched): bigint => BigInt(metadata.resourceVersion ?? 0);
const byName = (one: Watched, other: Watched): number => (one.metadata.name < other.metadata.name ? -1 : 1);

export class ClusterModel implements Watcher {
  readonly state: Observable<Cluster> = new Observable<Cluster>({
    connection: "connecting",
    troubleSinceMs: undefined,
    trouble: undefined,
    apps: [],
    services: [],
    instances: [],
    releases: [],
    hosts: [],
  });
  #resources = new Map<string, Watched>();

  reset(resources: readonly Watched[]): void {
    this.#resources = new Map(resources.map((resource) => [keyOf(resource), resource]));
    this.#publish();
  }

  change(events: readonly WatchEvent[]): void {
    for (const { type, object } of events) {
      const key = keyOf(object);
      const held = this.#resources.get(key);
      // Replayed from before the list.
      if (held !== undefined && versionOf(object) < versionOf(held)) continue;
      if (type === "DELETED") this.#resources.delete(key);
      else this.#resources.set(key, object);
    }
    this.#publish();
  }

  trouble(fault: ApiFault | undefined): void {
    const before = this.state.get();
    if (fault === undefined) {
      this.state.set({ ...before, connection: "live", troubleSinceMs: undefined, trouble: undefined });
      return;
    }
    this.state.set({
      ...before,
      connection: fault.code === HTTP_UNAUTHORIZED ? "signed-out" : "reconnecting",
      troubleSinceMs: before.troubleSinceMs ?? Date.now(),
      trouble: fault.message,
    });
  }

  #publish(): void {
    const all = [...this.#resources.values()].sort(byName);
    this.state.set({
      ...this.state.get(),
      apps: all.filter((resource) => resource.kind === "App"),
      services: all.filter((resource) => resource.kind === "Service"),
      instances: all.filter((resource) => resource.kind === "Instance"),
      hosts: all.filter((resource) => resource.kind === "Host"),
      releases: all
        .filter((resource) => resource.kind === "Release")
        .sort((one, other) => other.spec.number - one.spec.number),
    });
  }
}
