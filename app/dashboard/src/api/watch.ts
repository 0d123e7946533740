/** Keeps a copy of the API's resources: list, watch from there, resume, and list again when that is no longer possible. */
import type { App, Host, Instance, Release, Service } from "@plinth/resource";
import { eachLine } from "./lines.ts";
import { ApiFault, open, request } from "./request.ts";
import { delay } from "./wait.ts";

export type Watched = App | Service | Instance | Release | Host;

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Watched;
}

export interface Watcher {
  /** Everything there is, after a list. */
  reset(resources: readonly Watched[]): void;
  change(events: readonly WatchEvent[]): void;
  /** Undefined: the copy is fresh again. */
  trouble(fault: ApiFault | undefined): void;
}

type Line =
  | WatchEvent
  | {
      readonly type: "BOOKMARK";
      readonly object: { readonly metadata: { readonly resourceVersion: string } };
    }
  | { readonly type: "ERROR"; readonly object: { readonly code: number; readonly message: string } };

interface List {
  readonly kind: string;
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Omit<Watched, "kind">[];
}

const plurals = ["apps", "services", "instances", "releases", "hosts"];
/** There may be more on the stream than is shown here. */
const kinds: ReadonlySet<string> = new Set<Watched["kind"]>([
  "App",
  "Service",
  "Instance",
  "Release",
  "Host",
]);
const HTTP_GONE = 410;
const RETRY_MS = { first: 200, longest: 1000 };

async function listAll(signal: AbortSignal): Promise<{ resources: Watched[]; version: string }> {
  const lists = await Promise.all(plurals.map((plural) => request<List>(`/${plural}`, { signal })));
  const resources = lists.flatMap(({ kind, items }) =>
    items.map((item) => ({ ...item, kind: kind.replace(/List$/, "") }) as Watched),
  );
  // Watched from the oldest of the lists: what a newer one already held is then seen twice, and nothing is missed.
  const versions = lists.map(({ metadata }) => BigInt(metadata.resourceVersion));
  const oldest = versions.reduce((least, version) => (version < least ? version : least));
  return { resources, version: String(oldest) };
}

/** Follows changes until the server ends the stream; answers the version to go on from. */
async function watchFrom(version: string, watcher: Watcher, signal: AbortSignal): Promise<string> {
  let newest = BigInt(version);
  const response = await open(`/watch?watch=true&resourceVersion=${version}`, { signal });
  watcher.trouble(undefined);
  await eachLine(response, (lines) => {
    const events: WatchEvent[] = [];
    for (const line of lines) {
      const event = JSON.parse(line) as Line;
      if (event.type === "ERROR") throw new ApiFault(event.object.code, event.object.message);
      const seen = BigInt(event.object.metadata.resourceVersion ?? 0);
      if (seen > newest) newest = seen;
      if (event.type !== "BOOKMARK" && kinds.has(event.object.kind)) events.push(event);
    }
    if (events.length > 0) watcher.change(events);
  });
  return String(newest);
}

/** Runs until aborted. */
export async function watchResources(watcher: Watcher, signal: AbortSignal): Promise<void> {
  let version: string | undefined;
  let retryMs = RETRY_MS.first;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = await listAll(signal);
        watcher.reset(list.resources);
        watcher.trouble(undefined);
        version = list.version;
      }
      retryMs = RETRY_MS.first;
      version = await watchFrom(version, watcher, signal);
      // A server that ends every stream at once must not be asked without a pause.
      await delay(RETRY_MS.first, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      const fault =
        thrown instanceof ApiFault ? thrown : new ApiFault(0, "The connection to the daemon broke");
      // Whatever broke, a fresh list is right; a history that was compacted away is no trouble at all.
      version = undefined;
      if (fault.code !== HTTP_GONE) watcher.trouble(fault);
      await delay(retryMs, signal);
      retryMs = Math.min(retryMs * 2, RETRY_MS.longest);
    }
  }
}
