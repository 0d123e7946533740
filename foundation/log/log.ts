import { type Clock, isoTime, systemClock } from "@plinth/clock";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values that may stand in a log line; never pass a secret or a user's payload. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one line per event for people and machines alike. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line also carries `fields`. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  /** Least severe level written. Default: "info". */
  readonly level?: LogLevel;
  readonly clock?: Clock;
  /** Where lines go. Default: standard error, so that results keep standard output to themselves. */
  readonly write?: (line: string) => void;
  readonly fields?: LogFields;
}

const severity: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

// Control bytes in a quoted value would let a workload's name or message drive the reader's terminal.
const quoted = (value: string): string => (/^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value));

let isHeard = false;

/** A line that cannot be written is lost, as on a full disk: nobody dies of it. */
function writeToStandardError(line: string): void {
  if (!isHeard) process.stderr.on("error", () => {});
  isHeard = true;
  process.stderr.write(line);
}

/** A logger writing `time level message key=value…` (logfmt) lines. */
export function createLog(options: LogOptions = {}): Log {
  const least = severity[options.level ?? "info"];
  const clock = options.clock ?? systemClock;
  const write = options.write ?? writeToStandardError;
  const inherited = options.fields ?? {};

  const emit = (level: LogLevel, message: string, fields: LogFields): void => {
    if (severity[level] < least) return;
    let line = `${isoTime(clock.now())} ${level} ${JSON.stringify(message)}`;
    for (const [key, value] of Object.entries({ ...inherited, ...fields })) {
      if (value !== undefined) line += ` ${key}=${quoted(String(value))}`;
    }
    write(`${line}\n`);
  };

  return {
    debug: (message, fields = {}) => emit("debug", message, fields),
    info: (message, fields = {}) => emit("info", message, fields),
    warn: (message, fields = {}) => emit("warn", message, fields),
    error: (message, fields = {}) => emit("error", message, fields),
    with: (fields) => createLog({ ...options, fields: { ...inherited, ...fields } }),
  };
}
