/**
 * The schema of every kind, and what is derived from it. What checks values is `@plinth/resource/validate`: its compiler
 * is most of what a short command would load.
 */
export { definitions } from "./definitions.ts";
export { describe } from "./describe.ts";
export type { Described, DescribedKey } from "./describe.ts";
export { jsonSchema, openApi } from "./derive.ts";
export {
  API_VERSION,
  APP_LABEL,
  DEPLOY_ANNOTATION,
  kinds,
  SERVICE_LABEL,
  STOP_ANNOTATION,
  STORE_PASSWORD_VARIABLE,
} from "./kinds.ts";
export type {
  App,
  AppSpec,
  AppStatus,
  Config,
  Failure,
  Host,
  HostSpec,
  HostStatus,
  Instance,
  InstanceSpec,
  InstanceStatus,
  Kind,
  KindName,
  KindTypes,
  Metadata,
  Probe,
  Release,
  ReleaseSpec,
  ReleaseStatus,
  Resource,
  Secret,
  SecretSpec,
  SecretStatus,
  Service,
  ServiceResourceSpec,
  ServiceSpec,
  ServiceStatus,
  SessionLine,
  SessionRequest,
  Store,
  TerminalSize,
} from "./kinds.ts";
export { pathText, quoted } from "./problem.ts";
export type { Problem } from "./problem.ts";
export { API_PATH, GROUP, routes, SESSION_PROTOCOL } from "./routes.ts";
export type { Route, RouteName } from "./routes.ts";
export type { DefinitionName } from "./schema.ts";
export { nearestName } from "./suggest.ts";
export { externalAddresses, portOf, replicasOf } from "./external.ts";
export type { ExternalAddress } from "./external.ts";
export { portsMeet, publishedPorts } from "./published-port.ts";
export type { PublishedPort } from "./published-port.ts";
export { parseDurationMs, parseSizeBytes } from "./quantity.ts";
export { policySettings } from "./policy-settings.ts";
export type { PolicySettings } from "./policy-settings.ts";
export { isPath, sandboxSettings, volumesOf } from "./sandbox-settings.ts";
export type { SandboxSettings, VolumeSettings } from "./sandbox-settings.ts";
export { serviceSettings } from "./service-settings.ts";
export type { ProbeQuestion, ProbeSettings, ResourceLimits, ServiceSettings } from "./service-settings.ts";
export type {
  ByteRates,
  CallerReport,
  DiagnosticsReport,
  EdgeProtocol,
  EdgeStat,
  EgressStat,
  EndpointRow,
  FieldChange,
  ExpiryReport,
  IdentityReport,
  IngressChange,
  JoinTokenReport,
  Plan,
  ProcessStatus,
  PsRow,
  RouteStat,
  SecretChange,
  ServiceChange,
  ServiceStat,
  StatReport,
  StatusReport,
  StoreAccessReport,
  Traffic,
} from "./reports.ts";
export { egressLists } from "./egress.ts";
export type { EgressLists } from "./egress.ts";
export type { TapEvent, TapFilter } from "./tap.ts";
