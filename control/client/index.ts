/** A typed client of Plinth's API over its Unix socket. */
export { createClient } from "./client.ts";
export type {
  CallOptions,
  Client,
  ClientOptions,
  Draft,
  ExecEvent,
  ListOptions,
  LogOptions,
  ResourceList,
  WatchOptions,
} from "./client.ts";
export type { SessionInput } from "./session.ts";
export { StatusFault } from "./status.ts";
export type { Cause } from "./status.ts";
export type { WatchEvent } from "./watch.ts";
