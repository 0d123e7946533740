/** The HTTP API and the dashboard's files. */
export type {
  ApiActions,
  EdgeStat,
  ExecEvent,
  FieldChange,
  InstanceRow,
  LogRequest,
  Plan,
  PlinthStatus,
  ServiceChange,
  ServiceStat,
  Stat,
  Traffic,
} from "./actions.ts";
export { createApi } from "./api.ts";
export type { Api, ApiOptions } from "./api.ts";
export type { Cause, Status } from "./status.ts";
