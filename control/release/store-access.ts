import { Fault } from "@plinth/fault";
import type { Registry } from "@plinth/registry";
import {
  type Instance,
  type ServiceSpec,
  STORE_PASSWORD_VARIABLE,
  type StoreAccessReport,
} from "@plinth/resource";
import { STORE_USER } from "./environment.ts";

export interface StoreAccessSources {
  readonly registry: Pick<Registry, "get">;
  /** Of the app, on every host. */
  readonly instances: readonly Instance[];
  /** What an instance was made from. */
  readonly specOf: (instance: Instance) => ServiceSpec | undefined;
  /** This host, as instances name it: undefined for the first. */
  readonly host: string | undefined;
  readonly reveal: (secret: string) => string;
}

/**
 * How a process of this host reaches a store: the store's own address, past the proxy, which knows instances as callers
 * and nobody else. Fault "not-found" for what is no store, "unavailable" for one that is not ready, "unsupported" for one on another host.
 */
export function storeAccess(app: string, store: string, sources: StoreAccessSources): StoreAccessReport {
  const cannot = `Cannot reach store "${store}" of app "${app}"`;
  const services = sources.registry.get("App", app)?.spec.services;
  if (services === undefined) throw new Fault("not-found", `${cannot}: there is no such app`);
  if (services[store]?.store !== true) {
    const stores = Object.keys(services).filter((name) => services[name]?.store === true);
    const hint =
      stores.length === 0
        ? "It has none of its own; a store elsewhere is reached by its URL, with --url."
        : `Its stores: ${stores.join(", ")}.`;
    throw new Fault("not-found", `${cannot}: it has no such store`, { hint });
  }
  const own = sources.instances.filter(({ spec }) => spec.app === app && spec.service === store);
  const instance = own.find(({ status }) => status?.state === "Ready");
  if (instance?.status?.address === undefined) {
    const states = own.map(({ status }) => (status?.state ?? "Pending").toLowerCase());
    throw new Fault("unavailable", `${cannot}: it is not ready (${states.join(", ") || "no instance"})`, {
      hint: `\`plinth ps\` and \`plinth logs ${store}\` say why.`,
    });
  }
  if (instance.spec.host !== sources.host) {
    const elsewhere = instance.spec.host === undefined ? "the first host" : `host "${instance.spec.host}"`;
    throw new Fault("unsupported", `${cannot}: it runs on ${elsewhere}`, { hint: "Run this command there." });
  }
  const password = sources.specOf(instance)?.env?.[STORE_PASSWORD_VARIABLE];
  const user =
    password === undefined
      ? ""
      : `${STORE_USER}:${encodeURIComponent(typeof password === "string" ? password : sources.reveal(password.secret))}@`;
  return { url: `etcd://${user}${instance.status.address}` };
}
