import { Fault } from "@plinth/fault";
import type { Backend } from "../client/backend.ts";
import { type KeyValue, StoreError } from "../mvcc.ts";
import type { KeyPrefix } from "./key-prefix.ts";

/** Keys and values of a mirror, all in memory: a hundred times what an app with 500 services needs. */
export const MIRROR_BYTES_MAX: number = 512 * 2 ** 20;
/** Keys asked for at a time: with the largest values, 48 MiB, which a client still takes in one message. */
const PAGE_KEYS = 32;
/** A list that is compacted away while it is read begins again; a cluster that compacts so often is at fault. */
const ATTEMPTS_MAX = 5;

/** All keys of a prefix, which is taken off, as of one revision. */
export interface Listing {
  readonly kvs: readonly KeyValue[];
  readonly revision: number;
}

/** Fault "exhausted" where there is more than a mirror holds. */
export async function listKeys(backend: Backend, prefix: KeyPrefix, signal?: AbortSignal): Promise<Listing> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listOnce(backend, prefix, signal);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !(error instanceof StoreError && error.code === "compacted"))
        throw error;
    }
  }
}

async function listOnce(
  backend: Backend,
  prefix: KeyPrefix,
  signal: AbortSignal | undefined,
): Promise<Listing> {
  const options = signal === undefined ? {} : { signal };
  const { end } = prefix.everything;
  const kvs: KeyValue[] = [];
  let { key } = prefix.everything;
  let revision = 0;
  let bytes = 0;
  for (;;) {
    const page = await backend.range({ key, end, limit: PAGE_KEYS, revision }, options);
    // The first page says which revision the others are of.
    if (revision === 0) revision = page.revision;
    for (const kv of page.kvs) {
      bytes += kv.key.length + kv.value.length;
      kvs.push(prefix.strip(kv));
    }
    if (bytes > MIRROR_BYTES_MAX) {
      throw new Fault("exhausted", `Cannot mirror etcd: there are more than ${MIRROR_BYTES_MAX} bytes`);
    }
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return { kvs, revision };
    key = `${last.key}\0`;
  }
}
