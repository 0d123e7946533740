import {
  type App,
  DEPLOY_ANNOTATION,
  type Failure,
  type Instance,
  type KindName,
  type KindTypes,
  type Service,
  replicasOf,
} from "@plinth/resource";
import type { Client } from "@plinth/client";

/** One service's line of progress. */
export interface ServiceProgress {
  readonly service: string;
  readonly phase: string;
  readonly ready: number;
  readonly wanted: number;
  readonly updated: number;
  readonly reason: string;
}

/** What is known about an app while it changes. */
export interface RolloutView {
  readonly app: App | undefined;
  readonly services: readonly ServiceProgress[];
}

export interface RolloutOptions {
  readonly client: Client;
  readonly app: string;
  /** The spec's generation whose outcome is waited for; undefined: only watch, until the signal. */
  readonly generation: number | undefined;
  /** The deploy annotation whose outcome is waited for. Default: any. */
  readonly deploy?: string | undefined;
  readonly signal: AbortSignal;
  readonly onChange: (view: RolloutView) => void;
}

export type Outcome =
  | { readonly kind: "healthy"; readonly app: App }
  | { readonly kind: "failed"; readonly app: App; readonly failure: Failure | undefined }
  /** Somebody asked for something else meanwhile; what was asked for here will never be seen to the end. */
  | { readonly kind: "overtaken"; readonly app: App }
  | { readonly kind: "gone" };

/** Watches an app until its new generation is healthy or halted; rejects with the signal's reason. */
export async function followRollout(options: RolloutOptions): Promise<Outcome> {
  const { client, app: name, generation, deploy, onChange } = options;
  const finished = Promise.withResolvers<Outcome>();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const labels = { "plinth.dev/app": name };
  let app: App | undefined;
  let synced = 0;
  const services = new Map<string, Service>();
  const instances = new Map<string, Instance>();

  const changed = (): void => {
    if (synced < WATCHED) return; // half a picture would show services as missing
    onChange({ app, services: progressOf(app, services, instances) });
    const outcome = generation === undefined ? undefined : outcomeOf(app, generation, deploy);
    if (outcome !== undefined) finished.resolve(outcome);
  };
  const watch = async <K extends KindName>(
    kind: K,
    of: Readonly<Record<string, string>> | undefined,
    set: (resource: KindTypes[K], deleted: boolean) => void,
  ): Promise<void> => {
    for await (const event of client.watch(kind, { signal, ...(of === undefined ? {} : { labels: of }) })) {
      if (event.type === "SYNCED") synced++;
      else set(event.object, event.type === "DELETED");
      changed();
    }
  };
  const watches = [
    watch("App", undefined, (resource, deleted) => {
      if (resource.metadata.name === name) app = deleted ? undefined : resource;
    }),
    watch("Service", labels, (resource, deleted) => keep(services, resource, deleted)),
    watch("Instance", labels, (resource, deleted) => keep(instances, resource, deleted)),
  ];
  const WATCHED = watches.length;
  for (const watching of watches) watching.catch((error: unknown) => finished.reject(error));
  try {
    return await finished.promise;
  } finally {
    stop.abort();
    await Promise.allSettled(watches);
  }
}

function keep<R extends Service | Instance>(into: Map<string, R>, resource: R, deleted: boolean): void {
  if (deleted) into.delete(resource.metadata.name);
  else into.set(resource.metadata.name, resource);
}

function outcomeOf(
  app: App | undefined,
  generation: number,
  deploy: string | undefined,
): Outcome | undefined {
  if (app === undefined) return { kind: "gone" };
  const { status, metadata } = app;
  if (status === undefined || (status.observedGeneration ?? 0) < generation) return undefined;
  if (deploy !== undefined) {
    const newest = metadata.annotations?.[DEPLOY_ANNOTATION];
    // Two who ask for the same share its outcome.
    if (newest !== deploy && (metadata.generation ?? 0) > generation) return { kind: "overtaken", app };
    if (status.observedDeploy !== newest) return undefined;
  }
  if (status.phase === "Healthy") return { kind: "healthy", app };
  if (status.phase === "Failed") return { kind: "failed", app, failure: status.failure };
  return undefined;
}

function progressOf(
  app: App | undefined,
  services: ReadonlyMap<string, Service>,
  instances: ReadonlyMap<string, Instance>,
): ServiceProgress[] {
  const wanted = Object.entries(app?.spec.services ?? {}).map(([service, spec]) => ({
    service,
    replicas: replicasOf(spec),
  }));
  const leaving = [...services.values()]
    .filter(({ spec }) => app?.spec.services[spec.service] === undefined)
    .map(({ spec }) => ({ service: spec.service, replicas: 0 }));
  const absent = app?.metadata.deletionTimestamp === undefined ? "Pending" : "Stopped";
  return [...wanted, ...leaving].map(({ service, replicas }) => {
    const resource = [...services.values()].find(({ spec }) => spec.service === service);
    const own = [...instances.values()].filter(({ spec }) => spec.service === service);
    return {
      service,
      phase: resource?.status?.phase ?? absent,
      ready: resource?.status?.ready ?? 0,
      wanted: replicas,
      updated: resource?.status?.updated ?? 0,
      reason: reasonOf(resource, own),
    };
  });
}

/** Why a service is not ready: what its newest troubled instance says, else what the service says. */
function reasonOf(service: Service | undefined, instances: readonly Instance[]): string {
  if (service?.status?.phase === "Ready") return "";
  const newest = instances
    .filter(({ status }) => status?.state !== "Ready" && status?.reason !== undefined)
    .sort((one, other) => other.spec.release - one.spec.release)[0];
  const { state, reason, probe } = newest?.status ?? {};
  if (reason === undefined) return service?.status?.message ?? "";
  // An end for want of readiness tells the last answer itself.
  const answer = probe !== undefined && reason.includes(probe) ? undefined : probe;
  return [state, reason, answer].filter((part) => part !== undefined && part !== "").join(": ");
}
