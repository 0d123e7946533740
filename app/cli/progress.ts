import type { Context } from "./command.ts";
import type { RolloutView, ServiceProgress } from "./rollout.ts";
import { LiveLines } from "./terminal/live-lines.ts";
import type { Colour } from "./terminal/output.ts";
import { plainLine } from "./terminal/plain-text.ts";

export const phaseColours: Readonly<Record<string, Colour>> = {
  Ready: "green",
  Healthy: "green",
  Active: "green",
  Progressing: "yellow",
  Pending: "yellow",
  Starting: "yellow",
  Draining: "yellow",
  Stopping: "yellow",
  Unready: "yellow",
  Backoff: "red",
  Degraded: "yellow",
  Down: "red",
  Failed: "red",
  Exited: "dim",
  Superseded: "dim",
};

/** Shows how services get ready: redrawn on a terminal, one line per change elsewhere, events with --json. */
export interface Progress extends Disposable {
  update(view: RolloutView): void;
}

export function showProgress(context: Context): Progress {
  const { output, json, clock } = context;
  if (json) return eachChange((row, view) => output.event(eventOf(row, view)));
  if (!output.stderr.isAnimated || context.is("quiet")) return newLines(context);
  const live = new LiveLines(output.stderr, clock);
  return {
    update: ({ services }) => {
      const widest = Math.max(0, ...services.map(({ service }) => service.length));
      live.show(
        services.map((row) => {
          const colour = phaseColours[row.phase];
          const paint =
            colour === undefined ? undefined : (text: string) => output.stderr.paint(colour, text);
          return { text: lineOf(row, widest), ...(paint === undefined ? {} : { paint }) };
        }),
      );
    },
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}

/** A service that crashes again and again says the same again and again: once is enough until it is ready. */
function newLines({ output }: Context): Progress {
  const said = new Set<string>();
  return eachChange((row) => {
    const line = lineOf(row, 0);
    if (said.has(line) && row.phase !== "Ready") return;
    said.add(line);
    output.note(line);
  });
}

/** One line per change from now on, for an `up` that stays in the foreground. */
export function showChanges(context: Context): Progress {
  let known = false;
  const progress = eachChange((row) => {
    if (known && !context.json) context.output.note(lineOf(row, 0));
  });
  return {
    ...progress,
    update: (view) => {
      progress.update(view);
      known = true;
    },
  };
}

function eachChange(show: (row: ServiceProgress, view: RolloutView) => void): Progress {
  const shown = new Map<string, string>();
  return {
    update: (view) => {
      for (const row of view.services) {
        const text = JSON.stringify(row);
        if (shown.get(row.service) === text) continue;
        shown.set(row.service, text);
        show(row, view);
      }
    },
    [Symbol.dispose]: () => {},
  };
}

function eventOf(
  { service, phase, ready, wanted, updated, reason }: ServiceProgress,
  view: RolloutView,
): object {
  const app = view.app?.metadata.name ?? null;
  return {
    type: "service",
    app,
    service,
    phase,
    ready,
    wanted,
    updated,
    reason: reason === "" ? null : reason,
  };
}

function lineOf({ service, phase, ready, wanted, reason }: ServiceProgress, widest: number): string {
  const state = phase === "Ready" ? "ready" : phase.toLowerCase();
  const parts = [service.padEnd(widest), `${ready}/${wanted}`, state];
  return `  ${parts.join("  ")}${reason === "" ? "" : `  ${plainLine(reason)}`}`;
}
