/** Requests as they come, of a service or between two; can be held still to be read. */
import { type ReactNode, useEffect, useState } from "react";
import { followTap } from "../api/tap.ts";
import { delay, whileVisible } from "../api/wait.ts";
import { clockTime, count, milliseconds } from "../format.ts";
import { TapBuffer, type TapRow } from "../model/tap-buffer.ts";

/** More than anybody can follow. */
const MAX_RPS = 20;
const REDRAW_MS = 250;
const RETRY_MS = 1000;

interface LiveTapProps {
  readonly app: string;
  readonly from?: string;
  readonly to: string;
}

interface Shown {
  readonly rows: readonly TapRow[];
  readonly missed: number;
  readonly following: boolean;
}

const nothing: Shown = { rows: [], missed: 0, following: false };

function useTap({ app, from, to }: LiveTapProps, paused: boolean): Shown {
  const [shown, setShown] = useState(nothing);

  useEffect(() => setShown(nothing), [app, from, to]);
  useEffect(() => {
    if (paused) return undefined;
    let redraw: ReturnType<typeof setTimeout> | undefined;
    const run = async (signal: AbortSignal): Promise<void> => {
      const buffer = new TapBuffer();
      const draw = (): void => {
        redraw = undefined;
        setShown({ rows: buffer.rows, missed: buffer.missed, following: true });
      };
      while (!signal.aborted) {
        try {
          const filter = { app, to, maxRps: MAX_RPS, ...(from === undefined ? {} : { from }) };
          await followTap(
            filter,
            (events) => {
              buffer.append(events);
              redraw ??= setTimeout(draw, REDRAW_MS);
            },
            signal,
          );
        } catch {
          // Said below as "not following"; tried again after a while.
        }
        if (signal.aborted) return;
        setShown((before) => ({ ...before, following: false }));
        await delay(RETRY_MS, signal);
      }
    };
    const stop = whileVisible((signal) => void run(signal));
    return () => {
      stop();
      clearTimeout(redraw);
    };
  }, [app, from, to, paused]);
  return shown;
}

function Row({ row, withCaller }: { readonly row: TapRow; readonly withCaller: boolean }): ReactNode {
  const { at, caller, what, status, failed, durationMs, error } = row;
  return (
    <li className="tap-row">
      <time>{clockTime(Date.parse(at))}</time>
      <span className="what" title={what}>
        {withCaller && <span className="soft">{caller} </span>}
        {what}
      </span>
      <span className={failed ? "text-bad" : "text-good"} title={error}>
        {status ?? (durationMs === undefined ? "…" : (error ?? "–"))}
      </span>
      <span className="soft number">{milliseconds(durationMs)}</span>
    </li>
  );
}

export function LiveTap(props: LiveTapProps): ReactNode {
  const [paused, setPaused] = useState(false);
  const { rows, missed, following } = useTap(props, paused);
  const state = paused ? "Held still." : following ? "Live." : "Waiting for requests…";
  return (
    <section aria-label="Live requests">
      <div className="row">
        <h3>Live requests</h3>
        <button
          type="button"
          className="button quiet"
          aria-pressed={paused}
          onClick={() => setPaused(!paused)}
        >
          {paused ? "Go on" : "Pause"}
        </button>
      </div>
      <p className="soft small">
        {state}
        {missed > 0 && ` ${count(missed)} more were not shown.`}
      </p>
      <ul className="plain tap" aria-label="Requests, newest first">
        {rows.map((row) => (
          <Row key={row.id} row={row} withCaller={props.from === undefined} />
        ))}
      </ul>
    </section>
  );
}
