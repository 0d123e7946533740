import type { Static } from "typebox";
import { definitions } from "./definitions.ts";

type Definitions = typeof definitions;
/** The TypeScript type of one definition. */
type Defined<Name extends keyof Definitions> = Static<{ $defs: Definitions; $ref: `#/$defs/${Name}` }>;

export type Config = Defined<"Config">;
export type Policy = Defined<"Policy">;
export type Probe = Defined<"Probe">;
export type ServiceSpec = Defined<"ServiceSpec">;
export type Store = Defined<"Store">;
export type AppSpec = Defined<"AppSpec">;
export type AppStatus = Defined<"AppStatus">;
export type Failure = Defined<"Failure">;
export type ServiceResourceSpec = Defined<"ServiceResourceSpec">;
export type ServiceStatus = Defined<"ServiceStatus">;
export type InstanceSpec = Defined<"InstanceSpec">;
export type InstanceStatus = Defined<"InstanceStatus">;
export type ReleaseSpec = Defined<"ReleaseSpec">;
export type ReleaseStatus = Defined<"ReleaseStatus">;
export type HostSpec = Defined<"HostSpec">;
export type HostStatus = Defined<"HostStatus">;
export type SecretSpec = Defined<"SecretSpec">;
export type SecretStatus = Defined<"SecretStatus">;
export type Metadata = Defined<"Metadata">;
export type SessionRequest = Defined<"SessionRequest">;
export type TerminalSize = Defined<"TerminalSize">;

/** What comes back in a session: output, and at last how it ended. */
export type SessionLine =
  /** `data` in base64. */
  | { readonly stream: "stdout" | "stderr"; readonly data: string }
  | { readonly exitCode: number }
  | { readonly fault: { readonly code: string; readonly message: string; readonly hint?: string } };

export const API_VERSION = "plinth.dev/v1";
/** Label on all that belongs to an app. */
export const APP_LABEL = "plinth.dev/app";
export const SERVICE_LABEL = "plinth.dev/service";
/** Set anew by each `plinth up`, so that asking again for what failed is a new try. */
/** Where a store's service has root's password: written by the config, read by the store and by who asks for its URL. */
export const STORE_PASSWORD_VARIABLE = "PLINTH_STORE_PASSWORD";
export const DEPLOY_ANNOTATION = "plinth.dev/deploy";
/** On an instance of a joined host that nobody sends requests to any more: it may stop. */
export const STOP_ANNOTATION = "plinth.dev/stop";

/** A typed resource by the Kubernetes API conventions: `spec` is what was asked for, `status` what is. */
export interface Resource<Name extends string = string, Spec = unknown, Status = unknown> {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: Name;
  readonly metadata: Metadata;
  readonly spec: Spec;
  readonly status?: Status;
}

export type App = Resource<"App", AppSpec, AppStatus>;
export type Service = Resource<"Service", ServiceResourceSpec, ServiceStatus>;
export type Instance = Resource<"Instance", InstanceSpec, InstanceStatus>;
export type Release = Resource<"Release", ReleaseSpec, ReleaseStatus>;
export type Host = Resource<"Host", HostSpec, HostStatus>;
export type Secret = Resource<"Secret", SecretSpec, SecretStatus>;

export interface KindTypes {
  App: App;
  Service: Service;
  Instance: Instance;
  Release: Release;
  Secret: Secret;
  Host: Host;
}
export type KindName = keyof KindTypes;

export interface Kind {
  readonly kind: KindName;
  /** Lower-case plural: the path segment and the first column of `plinth get`. */
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly spec: keyof Definitions;
  readonly status: keyof Definitions;
  readonly description: string;
  /** Whether users may create, change and delete it; the others are written by controllers alone. */
  readonly writable: boolean;
}

export const kinds: Readonly<Record<KindName, Kind>> = {
  App: {
    kind: "App",
    plural: "apps",
    shortNames: ["app"],
    spec: "AppSpec",
    status: "AppStatus",
    description: "Services deployed together from one config file.",
    writable: true,
  },
  Service: {
    kind: "Service",
    plural: "services",
    shortNames: ["service", "svc"],
    spec: "ServiceResourceSpec",
    status: "ServiceStatus",
    description: "One service of an app: a name that instances answer for.",
    writable: false,
  },
  Instance: {
    kind: "Instance",
    plural: "instances",
    shortNames: ["instance", "inst"],
    spec: "InstanceSpec",
    status: "InstanceStatus",
    description: "One running copy of a service.",
    writable: false,
  },
  Release: {
    kind: "Release",
    plural: "releases",
    shortNames: ["release", "rel"],
    spec: "ReleaseSpec",
    status: "ReleaseStatus",
    description: "An immutable state of an app that can be returned to.",
    writable: false,
  },
  Secret: {
    kind: "Secret",
    plural: "secrets",
    shortNames: ["secret"],
    spec: "SecretSpec",
    status: "SecretStatus",
    description: "A value kept encrypted and handed to instances by name.",
    writable: false,
  },
  Host: {
    kind: "Host",
    plural: "hosts",
    shortNames: ["host"],
    spec: "HostSpec",
    status: "HostStatus",
    description: "A machine that instances run on.",
    writable: false,
  },
};
