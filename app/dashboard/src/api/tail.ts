/** Follows what one instance writes, or all of a service or an app, those that come later included. */
import { eachLine } from "./lines.ts";
import { open } from "./request.ts";

export interface TailLine {
  readonly instance: string;
  readonly text: string;
}

export interface TailScope {
  readonly app: string;
  readonly service: string | undefined;
  readonly instance: string | undefined;
}

export interface TailReader {
  /** What follows begins with old lines. */
  opened(): void;
  lines(lines: readonly TailLine[]): void;
}

const TAIL_LINES = { one: 1000, each: 200 };

/** Resolves when the server ends the stream; rejects when it breaks. */
export async function followTail(scope: TailScope, reader: TailReader, signal: AbortSignal): Promise<void> {
  const { app, service, instance } = scope;
  if (instance !== undefined) {
    const path = `/instances/${encodeURIComponent(instance)}/log?follow=true&tail=${TAIL_LINES.one}`;
    const response = await open(path, { signal });
    reader.opened();
    await eachLine(response, (lines) => reader.lines(lines.map((text) => ({ instance, text }))));
    return;
  }
  const query = new URLSearchParams({ follow: "true", tail: String(TAIL_LINES.each) });
  if (service !== undefined) query.set("service", service);
  const response = await open(`/apps/${encodeURIComponent(app)}/log?${query}`, { signal });
  reader.opened();
  await eachLine(response, (lines) =>
    reader.lines(
      lines.map((line) => {
        const { instance: from, line: text } = JSON.parse(line) as { instance: string; line: string };
        return { instance: from, text };
      }),
    ),
  );
}
