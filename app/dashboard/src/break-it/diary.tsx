/** What was done to the shop and how it went on, newest first; kept while other pages show. */
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { clockTime } from "../format.ts";
import type { Cluster } from "../model/cluster.ts";
import { Observable } from "../model/observable.ts";
import { useCluster } from "../session.tsx";

const ENTRIES_MAX = 10;
/** More at a time than anybody follows. */
const AWAITED_MAX = 20;
/** What is not well again by then has been overtaken by something else; a machine is brought back by hand. */
const PATIENCE_MS = 600_000;

interface Entry {
  readonly number: number;
  readonly text: string;
}

/** Something that is awaited, to say how long it took. */
interface Awaited {
  readonly sinceMs: number;
  /** What to note, once it is so. */
  readonly isSo: (cluster: Cluster) => string | undefined;
}

const diary = new Observable<readonly Entry[]>([]);
let awaited: readonly Awaited[] = [];

export function note(text: string): void {
  const before = diary.get();
  const entry = { number: (before[0]?.number ?? 0) + 1, text: `${clockTime(Date.now())} ${text}` };
  diary.set([entry, ...before].slice(0, ENTRIES_MAX));
}

export const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/** Notes what `isSo` says, and after how long, once it says something of the page's copy of the resources. */
export function noteOnce(isSo: Awaited["isSo"]): void {
  awaited = [...awaited, { sinceMs: Date.now(), isSo }].slice(-AWAITED_MAX);
}

function settle(cluster: Cluster): void {
  awaited = awaited.filter(({ sinceMs, isSo }) => {
    const text = isSo(cluster);
    if (text !== undefined) note(`${text} after ${seconds(sinceMs)}`);
    return text === undefined && Date.now() - sinceMs < PATIENCE_MS;
  });
}

/** Notes how long the daemon was away. */
function useDaemonAway({ connection, troubleSinceMs }: Cluster): void {
  const since = useRef<number>(undefined);
  useEffect(() => {
    if (connection === "reconnecting") since.current = troubleSinceMs;
    else if (connection === "live" && since.current !== undefined) {
      note(`the daemon is back after ${seconds(since.current)}`);
      since.current = undefined;
    }
  }, [connection, troubleSinceMs]);
}

export function Diary(): ReactNode {
  const cluster = useCluster();
  const entries = useSyncExternalStore(diary.subscribe, diary.get);
  useDaemonAway(cluster);
  useEffect(() => settle(cluster), [cluster]);
  return (
    <ol className="plain small diary" aria-label="What was done" aria-live="polite">
      {entries.map(({ number, text }) => (
        <li key={number}>{text}</li>
      ))}
    </ol>
  );
}
