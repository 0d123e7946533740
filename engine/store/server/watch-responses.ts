import { EventType, type WireEvent } from "@plinth/etcd";
import type { Event } from "../mvcc.ts";
import type { StreamWatcher } from "./stream-watcher.ts";

/** About what an event costs beside its keys and values. */
const EVENT_OVERHEAD_BYTES = 64;

/** Part of a watch response. */
export interface WatchPart {
  readonly watchId: bigint;
  readonly events: readonly WireEvent[];
  /** More of the same revision follows. */
  readonly fragment: boolean;
  /** Of the last event. */
  readonly revision: number;
}

/**
 * Events a watcher wants, in responses of about `bytesMax`: cut between revisions, and within one only for a watcher
 * that takes fragments, since others count on a revision being whole.
 */
export function responsesOf(events: readonly Event[], watcher: StreamWatcher, bytesMax: number): WatchPart[] {
  const parts: WatchPart[] = [];
  let waiting: WireEvent[] = [];
  let bytes = 0;
  let revision = 0;
  const cut = (fragment: boolean): void => {
    if (waiting.length > 0) parts.push({ watchId: watcher.id, events: waiting, fragment, revision });
    waiting = [];
    bytes = 0;
  };
  for (const event of events) {
    if (!watcher.wants(event)) continue;
    const wire = wireEvent(event, watcher.prevKv);
    const size = bytesOf(wire);
    const sameRevision = event.kv.modRevision === revision;
    if (bytes + size > bytesMax && (!sameRevision || watcher.fragment)) cut(sameRevision);
    waiting.push(wire);
    bytes += size;
    revision = event.kv.modRevision;
  }
  cut(false);
  return parts;
}

function wireEvent({ kind, kv, previous }: Event, withPrevious: boolean): WireEvent {
  return {
    type: kind === "put" ? EventType.put : EventType.delete,
    kv,
    prevKv: withPrevious ? previous : undefined,
  };
}

function bytesOf({ kv, prevKv }: WireEvent): number {
  const own = kv === undefined ? 0 : kv.key.length + kv.value.length;
  const before = prevKv === undefined ? 0 : prevKv.key.length + prevKv.value.length;
  return own + before + EVENT_OVERHEAD_BYTES;
}
