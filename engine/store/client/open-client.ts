import { Fault } from "@plinth/fault";
import type { Mvcc } from "../mvcc.ts";
import type { Backend } from "./backend.ts";
import { type ClientOptions, StoreClient } from "./client.ts";
import { inProcess } from "./in-process.ts";
import { remote, type RemoteOptions } from "./remote.ts";

export interface OpenOptions extends ClientOptions, Omit<RemoteOptions, "endpoints"> {}

/**
 * A client of a store in this process, which stays its opener's to close, or of any etcd by URL:
 * `etcd://[user:password@]host[:port][,host[:port]…]`, or `etcds://` for TLS. The port is 2379 unless it is given.
 *
 *     await using local = openClient(await openMvcc("/var/lib/app"));
 *     await using cluster = openClient("etcds://etcd-1,etcd-2,etcd-3", { tls: { ca } });
 */
export function openClient(where: string | Mvcc, options: OpenOptions = {}): StoreClient {
  return new StoreClient(backendOf(where, options), options);
}

function backendOf(where: string | Mvcc, options: OpenOptions): Backend {
  if (typeof where !== "string") return inProcess(where, options);
  const match = /^(etcds?):\/\/(?:([^@/]*)@)?([^@/?#]+)\/?$/.exec(where);
  // The password is not told.
  if (match === null) {
    throw new Fault("invalid", "Cannot open the store: its URL is not etcd://host[:port][,host…]");
  }
  const [, scheme, userInfo, hosts] = match;
  const credentials = userInfo === undefined ? options.credentials : credentialsOf(userInfo);
  const tls = scheme === "etcds" ? (options.tls ?? {}) : options.tls;
  return remote({
    ...options,
    endpoints: hosts!.split(","),
    ...(credentials === undefined ? {} : { credentials }),
    ...(tls === undefined ? {} : { tls }),
  });
}

function credentialsOf(userInfo: string): { readonly user: string; readonly password: string } {
  const [user, password, more] = userInfo.split(":");
  if (!user || password === undefined || more !== undefined) {
    throw new Fault("invalid", "Cannot open the store: its URL's credentials are not user:password");
  }
  return { user: decodeURIComponent(user), password: decodeURIComponent(password) };
}
