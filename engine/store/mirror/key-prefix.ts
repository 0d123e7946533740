import { Fault } from "@plinth/fault";
import {
  type ByteString,
  type Compare,
  type KeyRange,
  type KeyValue,
  type Operation,
  StoreError,
} from "../mvcc.ts";
import { keyOf } from "../text-key.ts";

/** What every key begins with: without it the keys of "/team" would be among those of "/tea". */
const FIRST = "/";
/** The byte behind it. */
const BEHIND = "0";

/** Where a store's keys are among a cluster's: each begins with a slash, and stands behind one prefix. */
export class KeyPrefix {
  /** All keys behind it. */
  readonly everything: KeyRange & { readonly end: ByteString };
  /** The prefix itself, which is none of the store's keys: whose the store is. */
  readonly claim: ByteString;
  readonly #prefix: ByteString;

  /** Fault "invalid" where the prefix is empty, too long or not well-formed. */
  constructor(prefix: string) {
    this.#prefix = keyOf(prefix);
    this.claim = this.#prefix;
    this.everything = { key: this.#prefix + FIRST, end: this.#prefix + BEHIND };
  }

  /** Of a range, what of it begins with a slash. Fault "invalid" for a key that does not. */
  range({ key, end }: KeyRange): KeyRange {
    if (end === undefined) return { key: this.#key(key) };
    return {
      key: key < FIRST ? this.everything.key : this.#prefix + key,
      end: end === "" || end > BEHIND ? this.everything.end : this.#prefix + end,
    };
  }

  compare(compare: Compare): Compare {
    return { ...compare, ...this.range(compare) };
  }

  operation(operation: Operation): Operation {
    switch (operation.kind) {
      case "put":
        return { kind: "put", put: { ...operation.put, key: this.#key(operation.put.key) } };
      case "delete":
        return { kind: "delete", delete: { ...operation.delete, ...this.range(operation.delete) } };
      case "range":
        return { kind: "range", range: { ...operation.range, ...this.range(operation.range) } };
      case "transaction":
        throw new StoreError("too-many-operations", "Cannot run transaction: it holds another");
    }
  }

  #key(key: ByteString): ByteString {
    if (key.startsWith(FIRST)) return this.#prefix + key;
    throw new Fault(
      "invalid",
      `Cannot use key ${JSON.stringify(key)} in etcd: it does not begin with a slash`,
    );
  }

  strip(kv: KeyValue): KeyValue {
    return { ...kv, key: kv.key.slice(this.#prefix.length) };
  }
}
