import {
  type Config,
  parseDurationMs,
  parseSizeBytes,
  type ServiceSpec,
  type Store,
  STORE_PASSWORD_VARIABLE,
} from "@plinth/resource";

type Services = Readonly<Record<string, ServiceSpec>>;

const RETENTION_DEFAULT = "1h";

/** Under which its password is kept. */
const secretOf = (app: string, store: string): string => `store.${app}.${store}`;

const prefixOf = (store: string): string => `PLINTH_${store.toUpperCase().replaceAll("-", "_")}`;

/**
 * The services that an app is made of, its stores among them: a store is a service that runs Plinth's own program. Who
 * calls one is given its password, of which the URL is made where the instance runs; a cluster that somebody else runs
 * is no service, its callers are given its URL.
 */
export function withStores({ name, services, stores = {} }: Config): Services {
  const all: Record<string, ServiceSpec> = {};
  for (const [service, spec] of Object.entries(services)) all[service] = callerOf(name, spec, stores);
  for (const [store, settings] of Object.entries(stores)) {
    if (settings.url === undefined) all[store] = storeService(name, store, settings);
  }
  return all;
}

function callerOf(app: string, spec: ServiceSpec, stores: Readonly<Record<string, Store>>): ServiceSpec {
  const called = (spec.calls ?? []).filter((callee) => Object.hasOwn(stores, callee));
  if (called.length === 0) return spec;
  const env: NonNullable<ServiceSpec["env"]> = { ...spec.env };
  for (const store of called) {
    const url = stores[store]?.url;
    if (url === undefined) env[`${prefixOf(store)}_PASSWORD`] = { secret: secretOf(app, store) };
    else env[`${prefixOf(store)}_URL`] = url;
  }
  const calls = (spec.calls ?? []).filter((callee) => stores[callee]?.url === undefined);
  return { ...spec, env, calls };
}

function storeService(app: string, store: string, { quota, retention, host }: Store): ServiceSpec {
  const retentionS = Math.ceil(parseDurationMs(retention ?? RETENTION_DEFAULT) / 1000);
  const flags = ["--auto-compaction-mode=periodic", `--auto-compaction-retention=${retentionS}s`];
  if (quota !== undefined) flags.push(`--quota-backend-bytes=${parseSizeBytes(quota)}`);
  return {
    command: [
      "${PLINTH}",
      "store",
      "serve",
      `--name=${app}.${store}`,
      "--data-dir=${DATA}",
      "--listen-client-urls=http://${HOST}:${PORT}",
      ...flags,
    ],
    env: { [STORE_PASSWORD_VARIABLE]: { secret: secretOf(app, store) } },
    cwd: "/",
    // A write that may have happened must not be sent again.
    policy: { retry: { limit: 0 } },
    ...(host !== undefined && { hosts: [host] }),
    store: true,
  };
}
