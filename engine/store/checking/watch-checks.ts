/** etcd's promises about watches, each checked on what watchers were sent. */
import type { Event, KeyRange, RangeQuery, RangeResult } from "../mvcc.ts";
import { rangeOf } from "../mvcc-model.ts";
import { boundsOf, isInside } from "../request-check.ts";
import type { Replay } from "./replay.ts";
import { sameEvent, sameKeyValue, sameRange } from "./same.ts";

/** What one watcher was sent between its creation and its end, whichever way it ended. */
export interface WatchRecord {
  readonly name: string;
  readonly range: KeyRange;
  /** The first revision it was to be told of. */
  readonly fromRevision: number;
  readonly responses: readonly WatchRecordResponse[];
}

export interface WatchRecordResponse {
  readonly events: readonly Event[];
  /** Where it says so: all events up to this revision have been sent. */
  readonly progress?: number;
}

export type WatchRule =
  | "filter"
  | "ordered"
  | "unique"
  | "atomic"
  | "reliable"
  | "resumable"
  | "bookmarkable"
  | "previous"
  | "is-create";

export interface WatchViolation {
  readonly rule: WatchRule;
  readonly watch: string;
  readonly text: string;
}

type Found = readonly string[];

export interface WatchCheckOptions {
  /** What was before the newest compaction may be missing in events up to it. Default: 0, no compaction. */
  readonly compactedRevision?: number;
}

/** Breaches of every promise. `replay` is what really happened. */
export function checkWatches(
  records: readonly WatchRecord[],
  replay: Replay,
  { compactedRevision = 0 }: WatchCheckOptions = {},
): readonly WatchViolation[] {
  const checks: Record<WatchRule, (record: WatchRecord) => Found> = {
    filter,
    ordered,
    unique,
    atomic,
    bookmarkable,
    reliable: (record) => reliable(record, replay),
    resumable: (record) => resumable(record, replay),
    previous: (record) => previous(record, replay, compactedRevision),
    "is-create": (record) => isCreate(record, replay),
  };
  return records.flatMap((record) =>
    Object.entries(checks).flatMap(([rule, check]) =>
      check(record).map((text) => ({ rule: rule as WatchRule, watch: record.name, text })),
    ),
  );
}

const eventsOf = ({ responses }: WatchRecord): readonly Event[] => responses.flatMap(({ events }) => events);

const nameOf = ({ kind, kv }: Event): string => `${kind} of ${kv.key} at ${kv.modRevision}`;

function filter({ range, responses }: WatchRecord): Found {
  const bounds = boundsOf(range);
  const strangers = responses.flatMap(({ events }) => events.filter(({ kv }) => !isInside(kv.key, bounds)));
  return strangers.map((event) => `${nameOf(event)} is outside its range`);
}

/** Revisions do not go back. */
function ordered(record: WatchRecord): Found {
  const events = eventsOf(record);
  return events.flatMap((event, index) => {
    const before = events[index - 1];
    if (before === undefined || before.kv.modRevision <= event.kv.modRevision) return [];
    return [`${nameOf(event)} comes after ${nameOf(before)}`];
  });
}

/** Nothing is told twice. A transaction cannot put a key twice, but may delete one that it has put. */
function unique(record: WatchRecord): Found {
  const seen = new Set<string>();
  return eventsOf(record).flatMap((event) => {
    const name = nameOf(event);
    if (seen.has(name)) return [`${name} comes twice`];
    seen.add(name);
    return [];
  });
}

/** A revision is told in one piece. */
function atomic({ responses }: WatchRecord): Found {
  let last = 0;
  return responses.flatMap(({ events }) => {
    const [first] = events;
    if (first === undefined) return [];
    const isSplit = first.kv.modRevision === last;
    last = events.at(-1)!.kv.modRevision;
    return isSplit ? [`revision ${first.kv.modRevision} is divided between two responses`] : [];
  });
}

/** After progress to a revision nothing up to it comes, and progress does not go back. */
function bookmarkable({ responses, fromRevision }: WatchRecord): Found {
  let bookmark = 0;
  let last = 0;
  return responses.flatMap(({ events, progress }) => {
    const found: string[] = [];
    for (const event of events) {
      if (event.kv.modRevision <= bookmark)
        found.push(`${nameOf(event)} comes after progress to ${bookmark}`);
      last = event.kv.modRevision;
    }
    if (progress === undefined) return found;
    if (progress < bookmark) found.push(`progress goes back from ${bookmark} to ${progress}`);
    if (progress < last) found.push(`progress to ${progress} comes after an event of ${last}`);
    // One of a later revision could be taken for a place to go on from, and would send the watcher back.
    if (progress < fromRevision - 1) found.push(`progress to ${progress} of a watch from ${fromRevision}`);
    bookmark = progress;
    return found;
  });
}

/** All that happened in the range from where it began to the last it was told of. */
function expected(record: WatchRecord, replay: Replay): readonly Event[] {
  const last = record.responses.reduce(
    (most, { events, progress }) => Math.max(most, progress ?? 0, events.at(-1)?.kv.modRevision ?? 0),
    0,
  );
  const bounds = boundsOf(record.range);
  const all: Event[] = [];
  for (let revision = Math.max(1, record.fromRevision); revision <= last; revision++) {
    all.push(...replay.eventsAt(revision).filter(({ kv }) => isInside(kv.key, bounds)));
  }
  return all;
}

/** Nothing between two events is left out, and nothing is told that did not happen. */
function reliable(record: WatchRecord, replay: Replay): Found {
  const wanted = expected(record, replay);
  const got = eventsOf(record);
  const told = Map.groupBy(got, ({ kv }) => kv.modRevision);
  const missing = wanted.filter(
    (event) => told.get(event.kv.modRevision)?.some((other) => sameEvent(event, other)) !== true,
  );
  const invented = got.filter(
    (event) => !replay.eventsAt(event.kv.modRevision).some((other) => sameEvent(event, other)),
  );
  return [
    ...missing.map((event) => `${nameOf(event)} is missing`),
    ...invented.map((event) => `${nameOf(event)} did not happen like that`),
  ];
}

/** The first event is the first that happened from where the watch was to begin. */
function resumable(record: WatchRecord, replay: Replay): Found {
  const [first] = eventsOf(record);
  if (first === undefined) return [];
  const [wanted] = expected(record, replay);
  if (sameEvent(first, wanted)) return [];
  const instead = wanted === undefined ? "nothing" : nameOf(wanted);
  return [`begins at ${record.fromRevision} with ${nameOf(first)} instead of ${instead}`];
}

function previous(record: WatchRecord, replay: Replay, compactedRevision: number): Found {
  return eventsOf(record).flatMap((event) => {
    const before = stateBefore(event, replay)?.get(event.kv.key);
    if (sameKeyValue(event.previous, before)) return [];
    if (event.previous === undefined && event.kv.modRevision <= compactedRevision) return [];
    const [said, was] = [event.previous, before].map((kv) =>
      kv === undefined ? "nothing" : `revision ${kv.modRevision}`,
    );
    return [`${nameOf(event)} has ${said} as what was before, which was ${was}`];
  });
}

/** A key's first version is one exactly if the key was not there before. */
function isCreate(record: WatchRecord, replay: Replay): Found {
  return eventsOf(record).flatMap((event) => {
    if (event.kind === "delete") return [];
    const wasThere = stateBefore(event, replay)?.has(event.kv.key) ?? false;
    const saysCreated = event.kv.createRevision === event.kv.modRevision;
    if (wasThere !== saysCreated && (event.kv.version === 1) === saysCreated) return [];
    return [
      `${nameOf(event)} says version ${event.kv.version} of a key that was ${wasThere ? "" : "not "}there`,
    ];
  });
}

const stateBefore = ({ kv }: Event, replay: Replay): ReturnType<Replay["stateAt"]> | undefined =>
  kv.modRevision - 1 <= replay.revision ? replay.stateAt(Math.max(0, kv.modRevision - 1)) : undefined;

/** A read of an older revision, or of whichever one a member had. */
export interface PastRead {
  readonly query: RangeQuery;
  /** The revision it is of: the one asked for, else the one that the answer told. */
  readonly revision: number;
  readonly result: RangeResult;
}

/** Reads of the past that do not tell what was. */
export function checkPast(reads: readonly PastRead[], replay: Replay): readonly string[] {
  return reads.flatMap(({ query, revision, result }) => {
    const was = rangeOf(replay.stateAt(revision), query);
    return sameRange(was, result)
      ? []
      : [`a read of ${query.key} at revision ${revision} tells another state`];
  });
}
