import { readdirSync } from "node:fs";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { openEtcdStore, openStore, parseEtcdUrl, type Store } from "@plinth/store";
import { readEtcdCredentials } from "./etcd-credentials.ts";

/**
 * Where a home keeps its state: the URL of an etcd cluster, or undefined for the home itself. Another cluster may be
 * named later, since its members change; a home that has state of its own keeps it.
 */
export function chooseStore(
  stored: string | undefined,
  wish: string | undefined,
  stateDirectory: string,
): string | undefined {
  const url = wish ?? stored;
  if (url === undefined) return undefined;
  parseEtcdUrl(url);
  if (readdirSync(stateDirectory).length > 0) {
    throw new Fault("conflict", `Cannot keep state in "${url}": this home has state of its own`, {
      hint: "Choose another home with --home; what is in this one stays there.",
    });
  }
  return url;
}

export interface HomeStoreOptions {
  readonly stateDirectory: string;
  /** As chosen. */
  readonly url: string | undefined;
  /** Where what the cluster is shown lies, if anything. */
  readonly credentialsDirectory: string;
  /** Who shares an etcd cluster's place with nobody, for people. */
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openHomeStore(options: HomeStoreOptions): Promise<Store> {
  const { stateDirectory, url, credentialsDirectory, owner, clock, log } = options;
  if (url === undefined) return openStore(stateDirectory);
  const { endpoints, prefix } = parseEtcdUrl(url);
  const credentials = await readEtcdCredentials(credentialsDirectory, url);
  try {
    return await openEtcdStore({
      endpoints,
      prefix,
      ...credentials,
      clock,
      owner,
      onReadOnly: (reason) => {
        if (reason === undefined) log.info("the store takes writes again");
        else log.warn("the store takes no writes", { reason });
      },
    });
  } catch (error) {
    if (!(error instanceof Fault) || error.hint !== undefined) throw error;
    throw new Fault(error.code, `Cannot keep state in "${url}": ${error.message}`, {
      hint: `Is it there? Its authority's certificate, one for its clients, or a password belong into ${credentialsDirectory}/ as ca.crt, client.crt with client.key, and password (user:password).`,
      cause: error,
    });
  }
}
