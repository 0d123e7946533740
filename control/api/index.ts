/** The HTTP API and the dashboard's files. */
export type {
  ApiActions,
  AppLogRequest,
  ExecEvent,
  InstanceLine,
  JoinTokenRequest,
  LogRequest,
  SessionInput,
} from "./actions.ts";
export { createApi } from "./api.ts";
export type { Api, ApiOptions } from "./api.ts";
export type { Cause, Status } from "./status.ts";
