/** A JSON body: an app with 500 services fits; the store takes 1.5 MiB for one value. */
export const JSON_BYTES_MAX: number = 2 * 2 ** 20;
/** A secret's value, by the contract. */
export const SECRET_BYTES_MAX: number = 2 ** 20;
/** A line of a session: 64 KiB of input in base64, or a command of many words. */
export const SESSION_LINE_BYTES_MAX: number = 2 * 2 ** 20;
/** Nesting of a JSON body: the schemas go to 8; recursion over what is deeper could exhaust the stack. */
export const JSON_DEPTH_MAX: number = 64;
/** All header lines of a request; Node's own default, stated so that it is one of ours. */
export const HEADER_BYTES_MAX: number = 16 * 2 ** 10;
/** Header lines of a request. */
export const HEADERS_MAX: number = 100;
/** Path and query of a request. */
export const URL_CHARACTERS_MAX: number = 8 * 2 ** 10;
/** Connections per listener: a dashboard uses 6, a CLI 1 or 2. */
export const CONNECTIONS_MAX: number = 1000;
/** Answers that stay open (watches, logs, commands) at a time. */
export const STREAMS_MAX: number = 500;
/** A client must have sent its headers by then. */
export const HEADERS_TIMEOUT_MS: number = 10_000;
/** A client must have sent its whole request by then. */
export const REQUEST_TIMEOUT_MS: number = 30_000;
/** An idle connection is kept this long for its next request. */
export const KEEP_ALIVE_MS: number = 5000;
/** A connection on which nothing moves is closed, unless it carries a stream. */
export const SOCKET_IDLE_MS: number = 60_000;
/** A watch says where it stands this often, so that neither side takes silence for life. */
export const HEARTBEAT_MS: number = 15_000;
/** After a refusal that left a body unread: time for the client to read the answer before the connection is cut. */
export const LINGER_MS: number = 1000;
/** When closing: time for requests under way. */
export const CLOSE_GRACE_MS: number = 2000;
/** A one-time dashboard URL is good for this long, by the contract. */
export const LOGIN_MS: number = 60_000;
/** One-time URLs not used yet. */
export const LOGINS_MAX: number = 100;
/** A dashboard session; a working day and a night. */
export const SESSION_MS: number = 24 * 3_600_000;
/** A bearer token shorter than 32 random bytes in base64url could be guessed. */
export const TOKEN_CHARACTERS_MIN: number = 43;
/** sun_path holds 108 bytes with its end. */
export const SOCKET_PATH_BYTES_MAX: number = 107;
/** Rounds of a merge patch when others write the same resource. */
export const PATCH_ATTEMPTS_MAX: number = 20;
