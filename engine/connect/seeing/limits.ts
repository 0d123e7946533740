/** Every limit of what watches requests, with its reason. Times in milliseconds. */

/** People and dashboards that tap at once; each costs a look at every request. */
export const TAPS_MAX = 32;
/** Requests per second that one tap shows unless told otherwise: more than anybody reads; Linkerd's value. */
export const TAP_RPS_USUAL = 100;
export const TAP_RPS_MAX = 100_000;
/** Events that wait for a tap's reader, some 300 bytes each; later ones are dropped and counted. */
export const TAP_QUEUE_MAX = 1_024;
/** Events are written together: soon enough to be live, late enough to save a system call per event. */
export const TAP_FLUSH_MS = 20;
/** What a tap shows of a path or host; clients choose how long they are. */
export const TAP_TEXT_MAX = 1_024;

/** Spans that wait for the collector, some 500 bytes each; OpenTelemetry's usual values here and below. */
export const SPAN_QUEUE_MAX = 2_048;
export const SPAN_BATCH_MAX = 512;
/** OpenTelemetry waits five; people who try it out look sooner. */
export const SPAN_EXPORT_MS = 1_000;
export const SPAN_TIMEOUT_MS = 10_000;
/** A collector that restarts is back within these tries, each twice as long after the one before. */
export const SPAN_RETRIES_MAX = 3;

/** Lines of the access log that wait to be written, some 250 bytes each: two seconds of a busy proxy. */
export const ACCESS_PENDING_MAX = 65_536;
/** Lines are written together: soon enough for `tail -f`, late enough to cost one system call per batch. */
export const ACCESS_FLUSH_MS = 500;
/** A file, and how many of them an app keeps: a quarter of a gigabyte at most. */
export const ACCESS_FILE_BYTES_MAX: number = 64 * 1024 * 1024;
export const ACCESS_FILES_MAX = 4;
/** Longer paths and headers are cut: clients choose them. */
export const ACCESS_TEXT_MAX = 2_048;
