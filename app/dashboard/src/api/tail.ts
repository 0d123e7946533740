/** Follows what one instance writes, or all of a service or an app, those that come later included. */
import { eachLine } from "./lines.ts";
import { open } from "./request.ts";

/** What the API sends of a line. */
export interface TailLine {
  readonly instance: string;
  readonly line: string;
  /** What the service's `logs.remap` made of it. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Why that made nothing of it. */
  readonly error?: string;
}

export interface TailScope {
  readonly app: string;
  readonly service: string | undefined;
  readonly instance: string | undefined;
  /** Lines as services' `logs.remap` reads them, or all as they were written. */
  readonly fields: boolean;
}

export interface TailReader {
  /** What follows begins with old lines. */
  opened(): void;
  lines(lines: readonly TailLine[]): void;
}

const TAIL_LINES = { one: 1000, each: 200 };

/** Resolves when the server ends the stream; rejects when it breaks. */
export async function followTail(scope: TailScope, reader: TailReader, signal: AbortSignal): Promise<void> {
  const { app, service, instance, fields } = scope;
  const tail = instance === undefined ? TAIL_LINES.each : TAIL_LINES.one;
  const query = new URLSearchParams({ follow: "true", tail: String(tail), fields: String(fields) });
  if (instance !== undefined) query.set("instance", instance);
  else if (service !== undefined) query.set("service", service);
  const response = await open(`/apps/${encodeURIComponent(app)}/log?${query}`, { signal });
  reader.opened();
  await eachLine(response, (lines) => reader.lines(lines.map(parseLine)));
}

/** Where a browser does not give numbers' own text, large ones are rounded. */
const parseLine = (text: string): TailLine =>
  JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? (context?.source ?? value)
      : value,
  ) as TailLine;
