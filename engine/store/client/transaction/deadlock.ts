import type { KeyValue } from "../../mvcc.ts";
import type { Place } from "../turn.ts";

/** What a place says: who (its lease) stands in which queue, and since when. */
interface Standing {
  readonly who: string;
  readonly queue: string;
  readonly since: number;
}

function standingOf({ key, createRevision }: Pick<KeyValue, "key" | "createRevision">): Standing {
  const slash = key.lastIndexOf("/");
  return { queue: key.slice(0, slash), who: key.slice(slash + 1), since: createRevision };
}

/**
 * Whether the newest of these places closes a circle of waiting. Each waits for all who stand before it in a queue. Only
 * places up to its own are looked at: the last to close a circle sees all of it, and is the only one that gives up.
 */
export function closesCircle(places: readonly KeyValue[], own: Place): boolean {
  const standings = places
    .filter(({ createRevision }) => createRevision <= own.createRevision)
    .map(standingOf);
  const queues = Map.groupBy(standings, ({ queue }) => queue);
  const standingsOf = Map.groupBy(standings, ({ who }) => who);
  const { who: self, queue, since } = standingOf(own);
  const isBefore = (limit: number) => (standing: Standing) => standing.since < limit;
  const seen = new Set<string>();
  const open = (queues.get(queue) ?? []).filter(isBefore(since)).map(({ who }) => who);
  for (let who = open.pop(); who !== undefined; who = open.pop()) {
    if (who === self) return true;
    if (seen.has(who)) continue;
    seen.add(who);
    for (const standing of standingsOf.get(who) ?? []) {
      const before = (queues.get(standing.queue) ?? []).filter(isBefore(standing.since));
      open.push(...before.map((each) => each.who));
    }
  }
  return false;
}
