/** Follows what instances write: one stream for many instances where the API has it, else one for each of a few. */
import { eachLine } from "./lines.ts";
import { ApiFault, open } from "./request.ts";

export interface TailLine {
  readonly instance: string;
  readonly text: string;
}

export interface TailScope {
  readonly app: string;
  readonly service: string | undefined;
  readonly instance: string | undefined;
  /** The instances the scope stands for now. */
  readonly instances: readonly string[];
}

export interface TailReader {
  /** What follows begins with old lines. `separately`: only the instances of the scope are followed, none that come later. */
  opened(separately: boolean, notice?: string): void;
  lines(lines: readonly TailLine[]): void;
}

/** Browsers allow six connections per host; the watch and the polls need theirs. */
const STREAMS_MAX = 3;
const TAIL_LINES = { one: 1000, each: 200 };
const HTTP_NOT_FOUND = 404;

async function followOne(
  instance: string,
  tail: number,
  reader: TailReader,
  signal: AbortSignal,
): Promise<void> {
  const path = `/instances/${encodeURIComponent(instance)}/log?follow=true&tail=${tail}`;
  await eachLine(await open(path, { signal }), (lines) =>
    reader.lines(lines.map((text) => ({ instance, text }))),
  );
}

/** Resolves when the server ends the stream; rejects when it breaks. */
export async function followTail(scope: TailScope, reader: TailReader, signal: AbortSignal): Promise<void> {
  if (scope.instance !== undefined) {
    reader.opened(false);
    await followOne(scope.instance, TAIL_LINES.one, reader, signal);
    return;
  }
  const query = new URLSearchParams({ follow: "true", tail: String(TAIL_LINES.each) });
  if (scope.service !== undefined) query.set("service", scope.service);
  let response: Response;
  try {
    response = await open(`/apps/${encodeURIComponent(scope.app)}/log?${query}`, { signal });
  } catch (thrown) {
    if (!(thrown instanceof ApiFault && thrown.code === HTTP_NOT_FOUND)) throw thrown;
    const few = scope.instances.slice(0, STREAMS_MAX);
    const left = scope.instances.length - few.length;
    const notice = `${left} more instances are not followed: choose a service or an instance.`;
    reader.opened(true, left > 0 ? notice : undefined);
    await Promise.all(few.map((instance) => followOne(instance, TAIL_LINES.each, reader, signal)));
    return;
  }
  reader.opened(false);
  await eachLine(response, (lines) =>
    reader.lines(
      lines
        .filter((line) => line !== "")
        .map((line) => {
          const { instance, line: text } = JSON.parse(line) as { instance: string; line: string };
          return { instance, text };
        }),
    ),
  );
}
