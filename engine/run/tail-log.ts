import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { type Clock, systemClock } from "@plinth/clock";
import { droppedBytes, logFile, logNumbers } from "./log-files.ts";

export interface TailOptions {
  /** An instance's log directory. */
  readonly directory: string;
  /** How many of the last lines to begin with, over all starts; undefined: all that is kept. */
  readonly lines: number | undefined;
  /** Whether to go on with what is written from now on, also by later starts. */
  readonly follow: boolean;
  /** Aborted when nothing more will be written: what is there is read, then following ends. */
  readonly ended?: AbortSignal;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** Read and handed on at once; what a slow reader makes us hold. */
const CHUNK_BYTES = 64 * 1024;
/** For what no event tells: a directory that is not there yet, a machine out of inotify watches. */
const SAFETY_POLL_MS = 1000;
/** Longer lines are cut in `lastLines`, whose result is kept in the store. */
const LINE_CHARACTERS_MAX = 2000;
const NEWLINE = 10;

/** Says in the reader's own stream that a part is missing. */
function dropNotice(bytes: number): Buffer {
  return Buffer.from(`[plinth: ${bytes} bytes dropped, over the log's cap]\n`);
}

/** A place in an instance's output. */
interface Position {
  readonly number: number;
  readonly offset: number;
}

/**
 * An instance's output as chunks of bytes; lines are whole at the beginning, and what was dropped is said in a line
 * of its own. Ends at the end of the output, or with `follow` by one of the signals, which end it without an error. Nothing
 * is read before the last chunk has been taken.
 */
export async function* tailLog(options: TailOptions): AsyncGenerator<Uint8Array> {
  const { directory, follow, ended, signal } = options;
  const change = ended === undefined ? signal : AbortSignal.any([signal, ended]);
  // Watching begins before the first look: what is written in between is seen.
  using changes = new Changes(directory, options.clock ?? systemClock);
  let { position, end } = await startingPosition(directory, options.lines);
  // Without following, what is written while somebody reads is not what was asked for.
  if (follow) end = undefined;
  let endedLine = true;
  let file: FileHandle | undefined;
  try {
    while (!signal.aborted) {
      const isLastLook = !follow || ended?.aborted === true;
      const later = (await logNumbers(directory)).find((number) => number > (position?.number ?? 0));
      if (position !== undefined) {
        file ??= await openIfThere(logFile(directory, position.number));
        for (;;) {
          const { chunk, notice, next } = await readAt(directory, file, position, end);
          position = next;
          if (notice !== undefined) {
            if (!endedLine) yield Buffer.from("\n");
            yield notice;
            endedLine = true;
          }
          if (signal.aborted) return;
          if (chunk !== undefined) {
            yield chunk;
            endedLine = chunk.at(-1) === NEWLINE;
          } else if (notice === undefined) break;
        }
      }
      // A later file exists only once all that wrote to this one had ended, and it was looked for before the reading.
      if (later !== undefined && later <= (end?.number ?? later)) {
        if (!endedLine) yield Buffer.from("\n");
        endedLine = true;
        await file?.close();
        file = undefined;
        position = { number: later, offset: 0 };
      } else if (isLastLook) return;
      else await changes.next(change);
    }
  } finally {
    await file?.close();
  }
}

/** The last `count` lines an instance wrote, each cut to a length fit for showing. */
export async function lastLines(directory: string, count: number): Promise<string[]> {
  const signal = new AbortController().signal;
  const lines: string[] = [];
  const decoder = new StringDecoder("utf8");
  let line = "";
  for await (const chunk of tailLog({ directory, lines: count, follow: false, signal })) {
    const parts = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)).split("\n");
    parts.forEach((part, index) => {
      if (index > 0) {
        lines.push(line);
        line = "";
      }
      if (line.length < LINE_CHARACTERS_MAX) line = (line + part).slice(0, LINE_CHARACTERS_MAX);
    });
  }
  if (line !== "") lines.push(line);
  return lines.slice(-count);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, "r").catch(() => undefined);
}

interface Step {
  readonly chunk: Buffer | undefined;
  readonly notice: Buffer | undefined;
  readonly next: Position;
}

/** One chunk from `position` on, none at `end` or the end of the file. Never a byte of what was freed meanwhile. */
async function readAt(
  directory: string,
  file: FileHandle | undefined,
  { number, offset }: Position,
  end: Position | undefined,
): Promise<Step> {
  const left = number === end?.number ? end.offset - offset : Number.POSITIVE_INFINITY;
  if (file === undefined || left <= 0)
    return { chunk: undefined, notice: undefined, next: { number, offset } };
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, left), offset);
  // Asked after reading: bytes are counted as dropped before they are freed.
  const first = await droppedBytes(directory, number);
  if (first > offset)
    return { chunk: undefined, notice: dropNotice(first - offset), next: { number, offset: first } };
  return {
    chunk: bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead),
    notice: undefined,
    next: { number, offset: offset + bytesRead },
  };
}

/** Where the last `lines` lines begin, and where they end; undefined when nothing has been written yet. */
async function startingPosition(
  directory: string,
  lines: number | undefined,
): Promise<{ position: Position | undefined; end: Position | undefined }> {
  const numbers = await logNumbers(directory);
  let position: Position | undefined;
  let end: Position | undefined;
  let missing = lines ?? Number.POSITIVE_INFINITY;
  for (const number of numbers.reverse()) {
    const file = await openIfThere(logFile(directory, number));
    if (file === undefined) continue;
    try {
      const first = await droppedBytes(directory, number);
      const { size } = await file.stat();
      end ??= { number, offset: size };
      const found = await lastLineStart(file, first, size, missing);
      missing -= found.lines;
      // From a file's very beginning on, so that the reader is told of what was dropped there.
      position = { number, offset: found.offset <= first && missing > 0 ? 0 : found.offset };
      if (missing <= 0) break;
    } finally {
      await file.close();
    }
  }
  return { position, end };
}

/** Goes back from `size` to where the last `lines` lines begin, at most to `first`. */
async function lastLineStart(
  file: FileHandle,
  first: number,
  size: number,
  lines: number,
): Promise<{ offset: number; lines: number }> {
  if (lines <= 0) return { offset: size, lines: 0 };
  if (lines === Number.POSITIVE_INFINITY || size <= first) return { offset: first, lines: 0 };
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let found = 0;
  // The last byte ends the last line, be it a newline or not; it separates nothing.
  let end = size - 1;
  while (end > first) {
    const start = Math.max(first, end - CHUNK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index -= 1) {
      if (buffer[index] !== NEWLINE) continue;
      found += 1;
      if (found === lines) return { offset: start + index + 1, lines };
    }
    end = start;
  }
  return { offset: first, lines: found + 1 };
}

/** Tells when something in a directory may have changed since the last time it was asked. */
class Changes implements Disposable {
  readonly #directory: string;
  readonly #clock: Clock;
  #watcher: FSWatcher | undefined;
  #isDirty = false;
  #wake: (() => void) | undefined;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
    this.#watch();
  }

  /** Resolves on a change since the last call, soon after without one, or when `signal` is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.#watcher === undefined) this.#watch();
    if (!this.#isDirty && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          cancel();
          signal.removeEventListener("abort", wake);
          this.#wake = undefined;
          resolve();
        };
        const cancel = this.#clock.schedule(SAFETY_POLL_MS, wake);
        this.#wake = wake;
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    this.#isDirty = false;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#directory, () => {
        this.#isDirty = true;
        this.#wake?.();
      });
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch {
      // Not there yet, or no watches left: the poll sees it.
    }
  }
}
