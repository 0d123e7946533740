import type { KeyValue, RangeQuery, RangeResult, SortTarget } from "./mvcc.ts";
import { boundsOf } from "./request-check.ts";
import type { Version, VersionIndex } from "./version-index.ts";

/** Where versions and their values are read. */
export interface Records {
  readonly index: VersionIndex;
  valueOf(version: Version): Uint8Array;
}

const EMPTY = new Uint8Array(0);

export function keyValueOf(records: Records, version: Version, keyOnly = false): KeyValue {
  return {
    key: version.key,
    value: keyOnly || version.deleted ? EMPTY : records.valueOf(version),
    createRevision: version.createRevision,
    modRevision: version.revision,
    version: version.version,
    lease: version.lease,
  };
}

function isWanted(version: Version, query: RangeQuery): boolean {
  return (
    version.revision >= (query.minModRevision || 0) &&
    version.revision <= (query.maxModRevision || Infinity) &&
    version.createRevision >= (query.minCreateRevision || 0) &&
    version.createRevision <= (query.maxCreateRevision || Infinity)
  );
}

/** Sorts in place; equal ones stay in order of their keys, whichever way it goes. */
function sortVersions(
  records: Records,
  versions: Version[],
  { target, descending }: { readonly target: SortTarget; readonly descending: boolean },
): void {
  const sign = descending ? -1 : 1;
  if (target === "key") {
    if (descending) versions.reverse();
  } else if (target === "value") {
    const values = new Map(versions.map((version) => [version, records.valueOf(version)]));
    versions.sort((left, right) => sign * Buffer.compare(values.get(left)!, values.get(right)!));
  } else {
    const field = { version: "version", create: "createRevision", mod: "revision" } as const;
    const name = field[target];
    versions.sort((left, right) => sign * (left[name] - right[name]));
  }
}

/** A range as of a revision, which can be read. Values are read of what is returned only, but for sorting by them. */
export function readRange(records: Records, query: RangeQuery, revision: number): RangeResult {
  const { index } = records;
  const limit = query.limit || Infinity;
  const keyOnly = query.keysOnly === true;
  if (query.end === undefined && query.countOnly !== true) {
    const version = index.at(query.key, revision);
    if (version === undefined) return { kvs: [], more: false, count: 0 };
    const kvs = isWanted(version, query) ? [keyValueOf(records, version, keyOnly)] : [];
    return { kvs, more: false, count: 1 };
  }
  const bounds = boundsOf(query);
  const count = index.count(bounds, revision);
  if (query.countOnly === true) return { kvs: [], more: false, count };
  const enough = query.sort === undefined ? limit + 1 : Infinity;
  const found: Version[] = [];
  index.scan(bounds, revision, (version) => {
    if (isWanted(version, query)) found.push(version);
    return found.length < enough;
  });
  if (query.sort !== undefined) sortVersions(records, found, query.sort);
  const more = found.length > limit;
  if (more) found.length = limit;
  return { kvs: found.map((version) => keyValueOf(records, version, keyOnly)), more, count };
}
