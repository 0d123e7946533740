import { Fault } from "@plinth/fault";
import type { ByteString, Event, KeyValue } from "../mvcc.ts";
import { recordBytes } from "../mvcc-record.ts";
import type { Version, VersionIndex } from "../version-index.ts";

const EMPTY = new Uint8Array(0);
const EVERYTHING = { key: "", end: "" };

/** A key as it was written; its value is a copy, since what was received is a view of a whole message. */
export function putOf(kv: KeyValue): Version {
  const { key, createRevision, version, lease } = kv;
  const value = Buffer.from(kv.value);
  return {
    key,
    revision: kv.modRevision,
    ordinal: 0,
    createRevision,
    version,
    lease,
    deleted: false,
    bytes: recordBytes(key, value),
    value,
  };
}

function removalOf(key: ByteString, revision: number): Version {
  const bytes = recordBytes(key, EMPTY);
  const deleted = true;
  return {
    key,
    revision,
    ordinal: 0,
    createRevision: 0,
    version: 0,
    lease: 0n,
    deleted,
    bytes,
    value: EMPTY,
  };
}

/** Gives those of one revision, which stand together, their places in it. */
function placed(versions: readonly Version[]): Version[] {
  let first = 0;
  return versions.map((version, index) => {
    if (version.revision !== versions[first]!.revision) first = index;
    return { ...version, ordinal: index - first };
  });
}

/** What events say, in their order. */
export function changesOf(events: readonly Event[]): Version[] {
  return placed(
    events.map(({ kind, kv }) => (kind === "put" ? putOf(kv) : removalOf(kv.key, kv.modRevision))),
  );
}

/**
 * What has become of the keys known at the index' revision, by a list of all of them as of `revision`: the last write of
 * each, and removals. When a key was removed is only known to be before it was made anew, or before the list. Fault
 * "corrupt" where the list is not of a later state of the same store.
 */
export function difference(index: VersionIndex, listed: readonly KeyValue[], revision: number): Version[] {
  const known = index.published;
  const changes: Version[] = [];
  const present = new Set<ByteString>();
  for (const kv of listed) {
    present.add(kv.key);
    const before = index.at(kv.key, known);
    if (before?.revision === kv.modRevision && before.version === kv.version) continue;
    if (kv.modRevision <= known) throw otherHistory(known, kv.modRevision);
    if (before !== undefined && before.createRevision !== kv.createRevision) {
      changes.push(removalOf(kv.key, kv.createRevision - 1));
    }
    changes.push(putOf(kv));
  }
  index.scan(EVERYTHING, known, ({ key }) => {
    if (!present.has(key)) changes.push(removalOf(key, revision));
    return true;
  });
  if (revision < known || (revision === known && changes.length > 0)) throw otherHistory(known, revision);
  return placed(changes.sort((left, right) => left.revision - right.revision));
}

/** A cluster that was made anew, or restored from an old backup. */
export function otherHistory(known: number, told: number): Fault {
  return new Fault(
    "corrupt",
    `etcd tells another history: it is at revision ${told}, and was at ${known} already`,
    { hint: "Restart Plinth once the cluster is the right one." },
  );
}
