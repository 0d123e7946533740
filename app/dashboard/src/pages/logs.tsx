/** Logs: a live tail of an app, a service or an instance. */
import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { followTail, type TailLine, type TailScope } from "../api/tail.ts";
import { delay, whileVisible } from "../api/wait.ts";
import { clockTime, count, shortInstance } from "../format.ts";
import { LOG_LINES_MAX, LogBuffer, type LogLine, searchLines } from "../model/log-buffer.ts";
import { linkTo, replace, useRoute } from "../route.ts";
import { type PageProps, useCluster } from "../session.tsx";

/** Elements on the page; the buffer holds more, which the filter searches. */
const SHOWN_MAX = 1000;
/** What comes this soon after a stream opened is its past. */
const PAST_MS = 400;
const REDRAW_MS = 150;
const RETRY_MS = 1000;
const HUES = 6;

interface Tail {
  readonly buffer: LogBuffer;
  /** Grows with every redraw. */
  readonly revision: number;
  readonly following: boolean;
}

const emptyTail = (): Tail => ({ buffer: new LogBuffer(), revision: 0, following: false });

function useTail(scope: TailScope): Tail {
  const [tail, setTail] = useState(emptyTail);
  const { app, service, instance, fields } = scope;

  useEffect(() => {
    let redraw: ReturnType<typeof setTimeout> | undefined;
    const run = async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        let openedMs = 0;
        // A stream begins with the newest lines, so each starts with an empty page: no gap and nothing twice.
        const buffer = new LogBuffer();
        const reader = {
          opened(): void {
            openedMs = performance.now();
            setTail({ buffer, revision: 0, following: true });
          },
          lines(lines: readonly TailLine[]): void {
            buffer.append(lines, performance.now() - openedMs < PAST_MS ? undefined : Date.now());
            redraw ??= setTimeout(() => {
              redraw = undefined;
              setTail((before) =>
                before.buffer === buffer ? { ...before, revision: buffer.count } : before,
              );
            }, REDRAW_MS);
          },
        };
        try {
          await followTail({ app, service, instance, fields }, reader, signal);
        } catch {
          // Said below as "not following"; tried again after a while.
        }
        if (signal.aborted) return;
        setTail((before) => ({ ...before, following: false }));
        await delay(RETRY_MS, signal);
      }
    };
    const stop = whileVisible((signal) => void run(signal));
    return () => {
      stop();
      clearTimeout(redraw);
    };
  }, [app, service, instance, fields]);
  return tail;
}

function hueOf(instance: string): number {
  let sum = 0;
  for (const character of instance) sum = (sum * 31 + character.charCodeAt(0)) % 997;
  return sum % HUES;
}

function highlighted(text: string, wanted: string): ReactNode {
  if (wanted === "") return text;
  const pieces: ReactNode[] = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    pieces.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return [...pieces, text.slice(from)];
}

/** Fields that say how bad it is, where a program names one. */
const LEVELS: ReadonlySet<string> = new Set(["level", "severity"]);

interface LineProps {
  readonly line: LogLine;
  readonly wanted: string;
}

const Line = memo(function Line({ line, wanted }: LineProps): ReactNode {
  const said = line.fields.find(({ name }) => LEVELS.has(name))?.value ?? line.text;
  const alarming = /\b(error|failed|fatal|panic|cannot|50[0-4])\b/i.test(said);
  return (
    <div className={alarming ? "log-line alarming" : "log-line"}>
      <time>{line.atMs === undefined ? "" : clockTime(line.atMs)}</time>
      <span className={`tag hue-${hueOf(line.instance)}`}>{shortInstance(line.instance)}</span>
      <span className="text">
        {highlighted(line.text, wanted)}
        {line.fields.map(({ name, value }) => (
          <span key={name} className="field">
            <span className="soft">{name}=</span>
            {highlighted(value, wanted.startsWith(`${name}=`) ? wanted.slice(name.length + 1) : wanted)}
          </span>
        ))}
        {line.error !== undefined && (
          <span className="field text-bad" title={line.error}>
            not read: {line.error.split("\n", 1)[0]}
          </span>
        )}
      </span>
    </div>
  );
});

/** Keeps the newest line in view until the reader scrolls away from it. */
function useStick(revision: unknown): {
  ref: React.RefObject<HTMLDivElement | null>;
  away: boolean;
  onScroll: () => void;
  toEnd: () => void;
} {
  const ref = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const toEnd = (): void => {
    if (ref.current) ref.current.scrollTop = ref.current.scrollHeight;
    setAway(false);
  };
  useLayoutEffect(() => {
    if (!away && ref.current) ref.current.scrollTop = ref.current.scrollHeight;
  }, [away, revision]);
  const onScroll = (): void => {
    if (!ref.current) return;
    const { scrollTop, scrollHeight, clientHeight } = ref.current;
    setAway(scrollHeight - scrollTop - clientHeight > 40);
  };
  return { ref, away, onScroll, toEnd };
}

export function LogsPage({ app }: PageProps): ReactNode {
  const { query } = useRoute();
  const cluster = useCluster();
  const { name } = app.metadata;
  const mine = cluster.instances.filter(({ spec }) => spec.app === name);
  const instance = query.get("instance") ?? undefined;
  const service =
    query.get("service") ?? mine.find(({ metadata }) => metadata.name === instance)?.spec.service;
  const candidates = mine.filter(({ spec }) => service === undefined || spec.service === service);
  const isRead = Object.entries(app.spec.services).some(
    ([each, { logs }]) => logs?.remap !== undefined && (service === undefined || service === each),
  );
  const [asWritten, setAsWritten] = useState(false);
  const tail = useTail({ app: name, service, instance, fields: isRead && !asWritten });

  const [text, setText] = useState("");
  const [paused, setPaused] = useState<readonly LogLine[]>();
  const { found, matched } = searchLines(paused ?? tail.buffer.lines, text, SHOWN_MAX);
  const { ref, away, onScroll, toEnd } = useStick(`${tail.revision} ${text} ${paused === undefined}`);
  const waiting = paused === undefined ? 0 : tail.buffer.count - ((paused.at(-1)?.sequence ?? -1) + 1);

  const choose = (scope: { service?: string; instance?: string }): void => {
    setPaused(undefined);
    const chosen = Object.fromEntries(Object.entries(scope).filter(([, value]) => value !== ""));
    replace(linkTo(name, "logs", chosen));
  };

  return (
    <section className="card logs">
      <h1 className="sr">Logs</h1>
      <form className="row filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          Service{" "}
          <select value={service ?? ""} onChange={(event) => choose({ service: event.target.value })}>
            <option value="">all</option>
            {Object.keys(app.spec.services).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          Instance{" "}
          <select
            value={instance ?? ""}
            onChange={(event) => choose({ service: service ?? "", instance: event.target.value })}
          >
            <option value="">all</option>
            {candidates.map(({ metadata }) => (
              <option key={metadata.name} value={metadata.name}>
                {shortInstance(metadata.name)}
              </option>
            ))}
            {instance !== undefined && !candidates.some(({ metadata }) => metadata.name === instance) && (
              <option value={instance}>{shortInstance(instance)} (gone)</option>
            )}
          </select>
        </label>
        <label className="grow">
          <span className="sr">Text to look for</span>
          <input
            type="search"
            placeholder={isRead ? "Filter by text or field=value" : "Filter by text"}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {isRead && (
          <button
            type="button"
            className="button"
            aria-pressed={asWritten}
            title="All lines as they were written, those included that logs.remap drops"
            onClick={() => {
              setPaused(undefined);
              setAsWritten(!asWritten);
            }}
          >
            As written
          </button>
        )}
        <button
          type="button"
          className="button"
          aria-pressed={paused !== undefined}
          onClick={() => setPaused(paused === undefined ? [...tail.buffer.lines] : undefined)}
        >
          {paused === undefined ? "Pause" : "Go on"}
        </button>
      </form>
      <div className="log-box">
        <div
          className="log"
          role="log"
          aria-live="off"
          aria-label="Log lines"
          tabIndex={0}
          ref={ref}
          onScroll={onScroll}
        >
          {found.map((line) => (
            <Line key={line.sequence} line={line} wanted={text.toLowerCase()} />
          ))}
          {found.length === 0 && (
            <p className="soft pad">
              {text !== ""
                ? `No line contains “${text}”.`
                : tail.following
                  ? "Nothing written yet."
                  : "Opening the log…"}
            </p>
          )}
        </div>
        {away && (
          <button type="button" className="button primary newest" onClick={toEnd}>
            ↓ Newest
          </button>
        )}
      </div>
      <p className="soft small log-status" role="status">
        {paused === undefined
          ? tail.following
            ? "Following."
            : "Not following; trying again…"
          : `Paused, ${count(waiting)} new.`}{" "}
        {text !== "" && `${count(matched)} match. `}
        {matched > SHOWN_MAX && `The newest ${count(SHOWN_MAX)} are shown. `}
        {tail.buffer.dropped > 0 &&
          `The newest ${count(LOG_LINES_MAX)} lines are kept; ${count(tail.buffer.dropped)} older ones were dropped. `}
      </p>
    </section>
  );
}
