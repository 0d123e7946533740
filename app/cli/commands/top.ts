import { parseDurationMs } from "@plinth/resource";
import type { Context } from "../command.ts";
import { successColour } from "../figures.ts";
import { type RequestRow, RequestTable } from "../request-table.ts";
import { tapFilter } from "../tap-filter.ts";
import { type Column, columns } from "../terminal/columns.ts";
import { FullScreen } from "../terminal/full-screen.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { durationText, percentText } from "../terminal/quantities.ts";

/** Where there is no terminal to redraw, one table after this. */
const FOR_USUAL = "5s";
/** Slow enough to be read. */
const REDRAW_MS = 500;

export async function run(context: Context): Promise<void> {
  const { output, json, clock, signal } = context;
  const table = new RequestTable();
  const live = !json && output.stdout.isAnimated && context.text("for") === undefined;
  if (live) {
    using _screen = new FullScreen(output.stdout, clock, REDRAW_MS, () => page(context, table));
    await watch(context, table, signal);
    return;
  }
  const end = new AbortController();
  const cancel = clock.schedule(parseDurationMs(context.text("for") ?? FOR_USUAL), () => end.abort());
  try {
    await watch(context, table, AbortSignal.any([signal, end.signal]));
  } catch (error) {
    if (!end.signal.aborted || signal.aborted) throw error;
  } finally {
    cancel();
  }
  if (json) return output.json({ missed: table.missed, requests: table.rows() });
  for (const line of tableLines(context, table.rows())) output.result(line);
  note(context, table);
}

async function watch(context: Context, table: RequestTable, signal: AbortSignal): Promise<void> {
  const filter = await tapFilter(context);
  for await (const event of context.client.tap(filter, { signal })) table.add(event);
}

function note({ output }: Context, { missed }: RequestTable): void {
  if (missed > 0) output.note(`${missed} more were not counted; --max-rps raises the rate`);
}

function page(context: Context, table: RequestTable): string[] {
  const lines = tableLines(context, table.rows());
  const missed =
    table.missed === 0 ? "" : ` ${table.missed} more were not counted; --max-rps raises the rate.`;
  return [`Requests since this began; Ctrl-C ends.${missed}`, "", ...lines];
}

const requestColumns: readonly Column<RequestRow>[] = [
  { title: "Source", text: ({ source }) => source },
  { title: "Destination", text: ({ destination }) => destination },
  { title: "Method", text: ({ method }) => plainLine(method), minor: 1 },
  { title: "Path", text: ({ path }) => shortPath(path) },
  { title: "Count", text: ({ count }) => String(count), right: true },
  { title: "Best", text: ({ bestUs }) => durationText(bestUs), right: true, minor: 3 },
  { title: "Worst", text: ({ worstUs }) => durationText(worstUs), right: true, minor: 2 },
  { title: "Last", text: ({ lastUs }) => durationText(lastUs), right: true, minor: 4 },
  {
    title: "Success Rate",
    text: ({ successRate }) => percentText(successRate),
    colour: ({ successRate }) => successColour(successRate),
    right: true,
  },
];

function tableLines({ output }: Context, rows: readonly RequestRow[]): string[] {
  return columns(rows, requestColumns, output.stdout);
}

/** One long path must not push everything else off the screen. */
const PATH_SHOWN_MAX = 48;

function shortPath(path: string): string {
  const plain = plainLine(path);
  return plain.length > PATH_SHOWN_MAX ? `${plain.slice(0, PATH_SHOWN_MAX - 1)}…` : plain;
}
