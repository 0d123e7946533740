import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { type AccessFormat, combinedLine, jsonLine } from "./access-line.ts";
import { ACCESS_FILE_BYTES_MAX, ACCESS_FILES_MAX, ACCESS_FLUSH_MS, ACCESS_PENDING_MAX } from "./limits.ts";
import type { Sighting, Watcher } from "./sighting.ts";

interface AccessFile {
  readonly path: string;
  lines: string[];
  /** Of the file and what waits for it; undefined until it was looked at. */
  bytes: number | undefined;
}

/**
 * One line per request, in a file per app called: `APP.log`, and the older `APP.log.1` … Invariants: lines are written
 * whole and in batches, so that a proxy that drains may write beside its successor; a disk that is full or slow costs
 * lines, which are counted, never requests.
 */
export class AccessLog implements Watcher {
  dropped = 0;
  readonly #directory: string;
  readonly #format: AccessFormat;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: Map<string, AccessFile> = new Map();
  #pending = 0;
  #cancel: (() => void) | undefined = undefined;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(directory: string, format: AccessFormat, clock: Clock, log: Log) {
    this.#directory = directory;
    this.#format = format;
    this.#clock = clock;
    this.#log = log;
  }

  began(): void {}

  headed(): void {}

  ended(sighting: Sighting): void {
    if (this.#pending >= ACCESS_PENDING_MAX) {
      this.dropped++;
      return;
    }
    const { calleeApp } = sighting.edge;
    let file = this.#files.get(calleeApp);
    if (file === undefined) {
      file = { path: join(this.#directory, `${calleeApp}.log`), lines: [], bytes: undefined };
      this.#files.set(calleeApp, file);
    }
    const format = this.#format === "json" ? jsonLine : combinedLine;
    file.lines.push(format(sighting, this.#clock.now()));
    this.#pending++;
    this.#cancel ??= this.#clock.schedule(ACCESS_FLUSH_MS, () => this.#flush());
  }

  #flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    for (const [app, file] of this.#files) {
      const { lines } = file;
      if (lines.length === 0) {
        this.#files.delete(app); // quiet for a while: whoever comes back is looked up anew
        continue;
      }
      file.lines = [];
      try {
        await this.#write(file, lines.join(""));
        this.#isFailing = false;
      } catch (error) {
        this.dropped += lines.length;
        file.bytes = undefined;
        if (!this.#isFailing)
          this.#log.warn("cannot write the access log", { path: file.path, error: messageOf(error) });
        this.#isFailing = true;
      }
      this.#pending -= lines.length;
    }
  }

  async #write(file: AccessFile, text: string): Promise<void> {
    if (file.bytes === undefined) {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      file.bytes = await sizeOf(file.path);
    }
    if (file.bytes >= ACCESS_FILE_BYTES_MAX) {
      await rotate(file.path);
      file.bytes = 0;
    }
    const bytes = Buffer.from(text);
    await appendFile(file.path, bytes, { mode: 0o600 });
    file.bytes += bytes.length;
  }

  /** Writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    await this.#writing;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

/** Moves each file to the next number; the last one is overwritten. */
async function rotate(path: string): Promise<void> {
  for (let number = ACCESS_FILES_MAX - 1; number >= 1; number--) {
    const from = number === 1 ? path : `${path}.${number - 1}`;
    await rename(from, `${path}.${number}`).catch(() => undefined); // there are fewer yet
  }
}
