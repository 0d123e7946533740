/** What the API's actions answer with, beside resources. */

export interface FieldChange {
  /** Where in the service's spec, such as "env.LOG_LEVEL". */
  readonly path: string;
  /** Null where there was, or will be, nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface ServiceChange {
  readonly service: string;
  /** `replace` starts new instances; `update` changes settings only; `scale` changes only how many there are. */
  readonly action: "create" | "replace" | "update" | "scale" | "remove" | "unchanged";
  readonly fields: readonly FieldChange[];
  readonly notes: readonly string[];
}

export interface IngressChange {
  readonly host: string;
  /** The service that answered, and the one that will. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface SecretChange {
  readonly name: string;
  /** Values are never shown; a secret that is not set keeps the release from starting. */
  readonly change: "changed" | "unchanged" | "missing";
}

/** What applying a spec would do. */
export interface Plan {
  readonly changes: readonly ServiceChange[];
  readonly ingress: readonly IngressChange[];
  readonly secrets: readonly SecretChange[];
  readonly notes: readonly string[];
  readonly unchanged: boolean;
}

/** What happened within the window. */
export interface Traffic {
  /** 0 to 1; null without traffic, as are the latencies. */
  readonly successRate: number | null;
  readonly rps: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyP99Ms: number | null;
}

export interface ServiceStat extends Traffic {
  readonly app: string;
  readonly service: string;
  /** "2/2": instances that take requests, of those that exist. */
  readonly meshed: string;
  readonly tcpConnections: number;
}

export interface EdgeStat extends Traffic {
  readonly app: string;
  /** "ingress" for what comes from outside. */
  readonly caller: string;
  readonly callee: string;
  readonly requestsTotal: number;
  readonly failuresTotal: number;
}

export interface StatReport {
  readonly windowSeconds: number;
  readonly services: readonly ServiceStat[];
  readonly edges: readonly EdgeStat[];
}

/** A row of `plinth ps`. */
export interface PsRow {
  readonly app: string;
  readonly service: string;
  readonly instance: string;
  readonly driver: string;
  /** Null on the first host. */
  readonly host: string | null;
  readonly state: string;
  readonly ready: boolean;
  readonly pid: number | null;
  readonly restarts: number;
  /** HOST:PORT the instance serves on. */
  readonly address: string;
  readonly cpuSeconds: number | null;
  readonly memoryBytes: number | null;
  readonly startedAt: string | null;
  readonly release: number;
  readonly reason: string | null;
  /** An address beyond loopback the instance was found listening on. */
  readonly exposed: string | null;
  readonly notices: readonly string[];
}

/** A token with which another machine can join; it is shown once. */
export interface JoinTokenReport {
  readonly token: string;
  /** Where the joining machine will call: HOST:PORT. */
  readonly address: string;
  readonly expiresAt: string;
}

export interface ProcessStatus {
  readonly name: string;
  readonly pid: number;
  readonly runtime: string;
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

export interface StatusReport {
  readonly version: string;
  readonly home: string;
  readonly processes: readonly ProcessStatus[];
  readonly listening: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  /** How instances meet, and why so. */
  readonly mesh: { readonly mode: "transparent" | "cooperative"; readonly reason: string };
  readonly store: { readonly revision: number; readonly readOnly: string | null };
  readonly notices: readonly string[];
}
