/** What TLS says in the clear: the server name a client asks for. */
export { readServerName } from "./server-name.ts";
export type { ServerName } from "./server-name.ts";
