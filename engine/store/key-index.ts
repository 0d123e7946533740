import { compareKeys } from "./key-order.ts";

/** One write or removal of one key; the value stays on disk under (revision, ordinal). */
export interface Version {
  readonly key: string;
  readonly revision: number;
  /** Place within the revision. */
  readonly ordinal: number;
  readonly createRevision: number;
  readonly version: number;
  readonly deleted: boolean;
  /** Length of the record on disk. */
  readonly bytes: number;
}

/**
 * Which versions each key has, and which keys each revision touched. Versions newer than what is on disk may stand in
 * it while a commit is under way: readers ask for a revision, so they do not see them.
 */
export class KeyIndex {
  /** Every key that has a version, in order. */
  #keys: string[] = [];
  readonly #versions: Map<string, Version[]> = new Map();
  /** Every version after the compacted revision, in order of (revision, ordinal). */
  #log: Version[] = [];
  /** Bytes of versions that a newer one has replaced, and of removals. */
  historyBytes = 0;
  /** Bytes of the newest versions. */
  liveBytes = 0;

  /** The newest version, whether on disk yet or not; undefined when the key does not exist. */
  newest(key: string): Version | undefined {
    const last = this.#versions.get(key)?.at(-1);
    return last === undefined || last.deleted ? undefined : last;
  }

  /** The version in force at a revision; undefined when the key did not exist. */
  at(key: string, revision: number): Version | undefined {
    const versions = this.#versions.get(key);
    if (versions === undefined) return undefined;
    for (let index = versions.length - 1; index >= 0; index--) {
      const version = versions[index]!;
      if (version.revision <= revision) return version.deleted ? undefined : version;
    }
    return undefined;
  }

  /** Calls back for each key with the prefix that comes behind `after`, in order, until told to stop by `false`. */
  scan(prefix: string, after: string | undefined, visit: (key: string) => boolean): void {
    const start = after !== undefined && compareKeys(after, prefix) >= 0 ? after : prefix;
    for (let index = this.#position(start); index < this.#keys.length; index++) {
      const key = this.#keys[index]!;
      if (!key.startsWith(prefix)) return;
      if (key !== after && !visit(key)) return;
    }
  }

  append(version: Version): void {
    const versions = this.#versions.get(version.key);
    if (versions === undefined) {
      this.#versions.set(version.key, [version]);
      this.#keys.splice(this.#position(version.key), 0, version.key);
    } else {
      const replaced = versions.at(-1)!;
      if (!replaced.deleted) {
        this.liveBytes -= replaced.bytes;
        this.historyBytes += replaced.bytes;
      }
      versions.push(version);
    }
    if (version.deleted) this.historyBytes += version.bytes;
    else this.liveBytes += version.bytes;
    this.#log.push(version);
  }

  /** Takes back every version after `revision`: their commit failed. */
  revert(revision: number): void {
    while (this.#log.length > 0 && this.#log.at(-1)!.revision > revision) {
      const { key, deleted, bytes } = this.#log.pop()!;
      const versions = this.#versions.get(key)!;
      versions.pop();
      if (deleted) this.historyBytes -= bytes;
      else this.liveBytes -= bytes;
      const restored = versions.at(-1);
      if (restored === undefined) {
        this.#versions.delete(key);
        this.#keys.splice(this.#position(key), 1);
      } else if (!restored.deleted) {
        this.liveBytes += restored.bytes;
        this.historyBytes -= restored.bytes;
      }
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

  /** Forgets versions that nobody at or after `revision` can see; returns them so that their records can be removed. */
  compact(revision: number): Version[] {
    const forgotten: Version[] = [];
    let keysGone = false;
    for (const [key, versions] of this.#versions) {
      let kept = 0;
      while (kept + 1 < versions.length && versions[kept + 1]!.revision <= revision) kept++;
      const first = versions[kept]!;
      if (first.deleted && first.revision <= revision) kept++;
      if (kept === 0) continue;
      for (const version of versions.splice(0, kept)) {
        forgotten.push(version);
        this.historyBytes -= version.bytes;
      }
      if (versions.length === 0) {
        this.#versions.delete(key);
        keysGone = true;
      }
    }
    if (keysGone) this.#keys = this.#keys.filter((key) => this.#versions.has(key));
    this.#log = this.#log.slice(this.logPosition(revision + 1));
    return forgotten;
  }

  /** Where a key stands or would stand. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
