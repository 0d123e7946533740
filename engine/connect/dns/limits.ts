/** Every limit of the name server, with its reason. */

/** A resolver that has not answered by then is passed over; stub resolvers ask again after 5 s themselves. */
export const UPSTREAM_TIMEOUT_MS = 1_500;
/** Upstreams tried for one question: together they stay below a client's 5 s. */
export const UPSTREAMS_TRIED_MAX = 3;
/** Each costs a socket; more than a burst of start-ups needs, far fewer than there are descriptors. */
export const OUTSTANDING_MAX = 512;
/** One caller's share, so that none can take all. */
export const OUTSTANDING_PER_CALLER_MAX = 64;
/** Questions are hundreds of bytes at most: a name of 255 and some EDNS options. */
export const QUERY_BYTES_MAX = 4_096;
/** RFC 1035 section 4.2.2: the length before a message by TCP has two bytes. */
export const MESSAGE_BYTES_MAX = 65_535;
export const TCP_CONNECTIONS_MAX = 256;
export const TCP_CONNECTIONS_PER_CALLER_MAX = 16;
/** Stub resolvers close after their answer; RFC 7766 section 6.2.3 wants seconds. */
export const TCP_IDLE_MS = 10_000;
/** Names counted by themselves for each denied caller; the rest is counted together. */
export const DENIED_NAMES_MAX = 100;
/** Addresses remembered by name for each service, to show egress by host name. */
export const REMEMBERED_PER_SERVICE_MAX = 1_000;
/** Programs connect some time after they asked, whatever the record's own time to live. */
export const RESOLVED_TTL_MIN_S = 60;
export const RESOLVED_TTL_MAX_S = 86_400;
