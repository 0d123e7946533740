/** A report of a thousand instances is some hundred KiB. */
export const REPORT_BYTES_MAX: number = 4 * 2 ** 20;
/** A certificate request and a name. */
export const REQUEST_BYTES_MAX: number = 16 * 2 ** 10;
/** A world of thousands of instances is some megabytes. */
export const WORLD_BYTES_MAX: number = 64 * 2 ** 20;
/** Small teams have a handful of machines; each takes two or three connections. */
export const CONNECTIONS_MAX = 300;
/** A handshake takes milliseconds; who dawdles is no host of ours. */
export const HANDSHAKE_MS = 5000;
/** A joined host tells that it is there this often. */
export const REPORT_MS = 2000;
/** A stream says that it is alive this often, so that neither side takes silence for life. */
export const HEARTBEAT_MS = 3000;
/** A stream on which nothing came for this long is given up. */
export const SILENCE_MS = 10_000;
/** One call and its answer. */
export const CALL_MS = 10_000;
/** A copy of a project's files, over a slow line. */
export const SOURCE_MS = 600_000;
export const RETRY_MS = 500;
export const RETRY_MAX_MS = 10_000;
