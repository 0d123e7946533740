import { type Clock, systemClock, systemRandom } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Credentials } from "../client/channel.ts";
import type { TlsOptions } from "../client/connection.ts";
import { remote } from "../client/remote.ts";
import { HISTORY_BYTES_MAX, HISTORY_REVISIONS_MAX, TRANSACTION_OPERATIONS_MAX } from "../limits.ts";
import type { Store } from "../store.ts";
import { toFault } from "../store-fault.ts";
import { TextStore } from "../text-store.ts";
import { openEtcdMirror } from "./etcd-mirror.ts";
import { KeyPrefix } from "./key-prefix.ts";

/** Keys begin with a slash, so that they stand in etcd as "/plinth/registry/…". */
const PREFIX = "/plinth";
/** A longer one is no address. */
const URL_CHARACTERS_MAX = 4096;

/** A cluster and the place in it. */
export interface EtcdAddress {
  /** "host" or "host:port" of each member; at least one. */
  readonly endpoints: readonly string[];
  /** TLS to every member. */
  readonly tls: boolean;
  readonly prefix: string;
}

/** Reads "etcd://a,b:2379,c" or "etcds://a/prefix" (TLS); Fault "invalid" for anything else. */
export function parseEtcdUrl(url: string): EtcdAddress {
  const refuse = (why: string): Fault =>
    new Fault("invalid", `Cannot use store ${JSON.stringify(url.slice(0, URL_CHARACTERS_MAX))}: ${why}`, {
      hint: "Write it as etcd://host:port,host:port, with a prefix behind if the cluster is shared: etcd://host/prefix",
    });
  if (url.length > URL_CHARACTERS_MAX) throw refuse("it is too long");
  const [, scheme, members = "", path] = /^(etcds?):\/\/([^/]*)(\/.*)?$/.exec(url) ?? [];
  if (scheme === undefined) throw refuse("it does not begin with etcd:// or etcds://");
  const endpoints = members.split(",");
  if (endpoints.includes("")) throw refuse("a member has no name");
  if (members.includes("@")) throw refuse("a password does not belong into an address");
  if (path !== undefined && !/^(\/[A-Za-z0-9._-]+)+$/.test(path)) {
    throw refuse("a prefix has letters, digits, dots and dashes between slashes, and none at its end");
  }
  return { endpoints, tls: scheme === "etcds", prefix: path ?? PREFIX };
}

export interface EtcdStoreOptions extends Omit<EtcdAddress, "tls"> {
  /** Undefined: in the clear. Empty: the members' certificates are checked by the system's roots. */
  readonly tls?: TlsOptions;
  readonly credentials?: Credentials;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Whose the store is; another owner's opening is refused. Default: nobody's, and whoever writes there is seen. */
  readonly owner?: string;
  /** Operations that the cluster takes in one transaction (its `--max-txn-ops`). Default: 128, as etcd's. */
  readonly operationsMax?: number;
  /** Told when writes begin to be refused (the reason) and when they are taken again (undefined). */
  readonly onReadOnly?: (reason: string | undefined) => void;
}

/**
 * Opens the control plane's store in an etcd cluster, mirrored in memory. Fault "unavailable" or "timeout" where the
 * cluster cannot be reached, "conflict" where the store is another owner's, "exhausted" where there is more than a mirror holds.
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { endpoints, tls, credentials, clock = systemClock } = options;
  await using setup = new AsyncDisposableStack();
  const backend = setup.use(
    remote({ endpoints, clock, ...(tls && { tls }), ...(credentials && { credentials }) }),
  );
  try {
    const mirror = await openEtcdMirror({
      backend,
      prefix: new KeyPrefix(options.prefix),
      owner: options.owner,
      clock,
      random: systemRandom,
      retention: { revisions: HISTORY_REVISIONS_MAX, historyBytes: HISTORY_BYTES_MAX },
      operationsMax: options.operationsMax ?? TRANSACTION_OPERATIONS_MAX,
      onReadOnly: options.onReadOnly ?? (() => {}),
    });
    setup.move();
    return new TextStore(mirror);
  } catch (error) {
    throw toFault(error);
  }
}
