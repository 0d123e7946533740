import { type Countable, CountedTree } from "./counted-tree.ts";
import type { ByteString } from "./mvcc.ts";
import type { Bounds } from "./request-check.ts";

/** One write or removal of one key; its value is on disk under (revision, ordinal). */
export interface Version {
  readonly key: ByteString;
  readonly revision: number;
  /** Place within the revision. */
  readonly ordinal: number;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
  readonly deleted: boolean;
  /** Length of the record on disk. */
  readonly bytes: number;
  /** Until it is on disk. */
  value: Uint8Array | undefined;
}

/** `counted`: the key exists in what is published. */
interface KeyHistory extends Countable {
  readonly key: ByteString;
  counted: boolean;
  /** In order; never empty. */
  readonly versions: Version[];
  /** The lease of its published version; 0n: none. */
  lease: bigint;
}

/** The newest version at or before a revision, removal or not. */
function newestUpTo(versions: readonly Version[], revision: number): Version | undefined {
  const last = versions.at(-1)!;
  if (last.revision <= revision) return last;
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]!.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
}

/**
 * Which versions each key has, and which keys each revision wrote. What is newer than `published` belongs to a commit
 * under way: readers ask for a revision, so they do not see it.
 */
export class VersionIndex {
  readonly #tree: CountedTree<KeyHistory> = new CountedTree();
  /** Every version from the compacted revision on, in order of (revision, ordinal). */
  #log: Version[] = [];
  /** Keys with versions newer than `published`. */
  readonly #touched: Set<KeyHistory> = new Set();
  published = 0;
  /** Bytes of all records. */
  bytes = 0;
  /** Bytes of those that a newer version has replaced, and of removals. */
  historyBytes = 0;

  /** The version in force at a revision; undefined when the key did not exist. */
  at(key: ByteString, revision: number): Version | undefined {
    const history = this.#tree.get(key);
    const version = history && newestUpTo(history.versions, revision);
    return version?.deleted === true ? undefined : version;
  }

  /** Calls back for each key of a range that exists at a revision, in order, until told to stop by `false`. */
  scan(bounds: Bounds, revision: number, visit: (version: Version) => boolean): void {
    this.#tree.scan(bounds.key, bounds.end, revision === this.published, (history) => {
      const version = newestUpTo(history.versions, revision);
      return version === undefined || version.deleted || visit(version);
    });
  }

  /** How many keys of a range exist at a revision: O(log n) at the published one and later, else a scan. */
  count(bounds: Bounds, revision: number): number {
    let count = 0;
    if (revision < this.published) {
      this.scan(bounds, revision, () => ++count > 0);
      return count;
    }
    count = this.#tree.count(bounds.key, bounds.end);
    if (revision === this.published) return count;
    for (const { key, counted, versions } of this.#touched) {
      if (key < bounds.key || (bounds.end !== "" && key >= bounds.end)) continue;
      const exists = newestUpTo(versions, revision)?.deleted === false;
      count += Number(exists) - Number(counted);
    }
    return count;
  }

  append(version: Version): void {
    this.#touched.add(this.#append(version, false));
  }

  /**
   * Appends a version that is as old as what will be published first: of a million of them only those that have a lease
   * are looked at again by `publish`.
   */
  load(version: Version): void {
    const history = this.#append(version, !version.deleted);
    this.#tree.setCounted(history, !version.deleted);
    if (version.lease !== 0n) this.#touched.add(history);
  }

  #append(version: Version, counted: boolean): KeyHistory {
    let history = this.#tree.get(version.key);
    if (history === undefined) {
      history = { key: version.key, counted, versions: [version], lease: 0n };
      this.#tree.insert(history);
    } else {
      const replaced = history.versions.at(-1)!;
      if (!replaced.deleted) this.historyBytes += replaced.bytes;
      history.versions.push(version);
    }
    this.bytes += version.bytes;
    if (version.deleted) this.historyBytes += version.bytes;
    this.#log.push(version);
    return history;
  }

  /** Shows readers all that there is, as of `revision`; calls back for keys that have gone from one lease to another. */
  publish(revision: number, onLease: (key: ByteString, from: bigint, to: bigint) => void): void {
    this.published = revision;
    for (const history of this.#touched) {
      const newest = history.versions.at(-1)!;
      this.#tree.setCounted(history, !newest.deleted);
      if (history.lease !== newest.lease) onLease(history.key, history.lease, newest.lease);
      history.lease = newest.lease;
    }
    this.#touched.clear();
  }

  /** Takes back every version after `revision`: their commit failed, or their transaction. */
  revert(revision: number): void {
    for (
      let last = this.#log.at(-1);
      last !== undefined && last.revision > revision;
      last = this.#log.at(-1)
    ) {
      this.#log.pop();
      const history = this.#tree.get(last.key)!;
      history.versions.pop();
      this.bytes -= last.bytes;
      if (last.deleted) this.historyBytes -= last.bytes;
      const restored = history.versions.at(-1);
      if (restored === undefined) this.#tree.delete(last.key);
      else if (!restored.deleted) this.historyBytes -= restored.bytes;
      if (restored === undefined || restored.revision <= this.published) this.#touched.delete(history);
    }
  }

  /** Index in the log of the first version at or after a revision; for `logged`. */
  logPosition(revision: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log[middle]!.revision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  logged(position: number): Version | undefined {
    return this.#log[position];
  }

  /**
   * Forgets versions that neither a reader at or after `revision` nor a watcher from it on can see; returns them so
   * that their records can be removed. Costs as much as the log is long up to there: only what a logged version has
   * replaced can go.
   */
  compact(revision: number): Version[] {
    const forgotten: Version[] = [];
    const end = this.logPosition(revision + 1);
    for (let position = 0; position < end; position++) {
      const history = this.#tree.get(this.#log[position]!.key);
      if (history === undefined) continue;
      const { key, versions } = history;
      let gone = 0;
      while (versions[gone]!.revision < revision && gone + 1 < versions.length) {
        if (versions[gone + 1]!.revision > revision) break;
        gone += 1;
      }
      if (versions[gone]!.deleted && versions[gone]!.revision < revision) gone += 1;
      for (const version of versions.splice(0, gone)) {
        forgotten.push(version);
        this.bytes -= version.bytes;
        this.historyBytes -= version.bytes;
      }
      if (versions.length === 0) this.#tree.delete(key);
    }
    this.#log = this.#log.slice(this.logPosition(revision));
    return forgotten;
  }
}
