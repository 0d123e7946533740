/** The schema of every kind, and what is derived from it. */
export { definitions } from "./definitions.ts";
export { API_VERSION, APP_LABEL, DEPLOY_ANNOTATION, kinds, SERVICE_LABEL } from "./kinds.ts";
export type {
  App,
  AppSpec,
  AppStatus,
  Config,
  Failure,
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
} from "./kinds.ts";
export { parseDurationMs, parseSizeBytes } from "./quantity.ts";
export { serviceSettings } from "./service-settings.ts";
export type { ProbeQuestion, ProbeSettings, ResourceLimits, ServiceSettings } from "./service-settings.ts";
