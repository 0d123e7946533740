import { appendFileSync, writeSync } from "node:fs";
import { type Clock, isoTime } from "@plinth/clock";

export type Level = "debug" | "warning" | "error";

export interface LogOptions {
  /** Default: standard error. */
  readonly file: string | undefined;
  readonly format: "text" | "json";
  readonly isDebug: boolean;
  readonly clock: Clock;
}

const STANDARD_ERROR = 2;

/** Lines as runc writes them, which podman and containerd read. */
export class Log {
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Whether a person, too, has to be told what is in the log. */
  get isFile(): boolean {
    return this.#options.file !== undefined;
  }

  write(level: Level, message: string): void {
    const { file, format, isDebug, clock } = this.#options;
    if (level === "debug" && !isDebug) return;
    // Whole seconds, as there.
    const time = isoTime(clock.now()).replace(/\.\d+Z$/, "Z");
    const line =
      format === "json"
        ? JSON.stringify({ level, msg: message, time })
        : `time=${quoted(time)} level=${level} msg=${quoted(message)}`;
    if (file === undefined) writeAll(`${line}\n`);
    else appendFileSync(file, `${line}\n`, { mode: 0o644 });
  }
}

const quoted = (text: string): string => (/^[\w\-.]+$/.test(text) ? text : JSON.stringify(text));

/** To standard error, which may be a pipe whose reader is gone. */
export function writeAll(text: string): void {
  try {
    writeSync(STANDARD_ERROR, text);
  } catch {
    // Nobody is there to be told.
  }
}
