/** What the API's actions answer with, beside resources. */

export interface FieldChange {
  /** Where in the service's spec, such as "env.LOG_LEVEL". */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface ServiceChange {
  readonly service: string;
  readonly action: "create" | "update" | "replace" | "scale" | "remove" | "unchanged";
  readonly fields: readonly FieldChange[];
  readonly notes: readonly string[];
}

export interface IngressChange {
  readonly host: string;
  readonly before?: string | null;
  readonly after?: string | null;
}

export interface SecretChange {
  readonly name: string;
  readonly change: "changed" | "unchanged" | "missing";
}

/** What an `up` with a spec would do. */
export interface Plan {
  readonly changes: readonly ServiceChange[];
  readonly ingress: readonly IngressChange[];
  readonly secrets: readonly SecretChange[];
  readonly notes: readonly string[];
  readonly unchanged: boolean;
}

export interface ServiceStat {
  readonly app: string;
  readonly service: string;
  /** Ready of wanted instances, such as "2/2". */
  readonly meshed: string;
  /** 0 to 1; null without traffic in the window. */
  readonly successRate: number | null;
  readonly rps: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly tcpConnections: number | null;
}

export interface EdgeStat {
  readonly app: string;
  /** "ingress" for what comes from outside. */
  readonly caller: string;
  readonly callee: string;
  readonly successRate: number | null;
  readonly rps: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly requestsTotal: number;
  readonly failuresTotal: number;
}

export interface StatReport {
  readonly windowSeconds: number;
  readonly services: readonly ServiceStat[];
  readonly edges: readonly EdgeStat[];
}

export interface PsRow {
  readonly app: string;
  readonly service: string;
  readonly instance: string;
  readonly driver: string;
  readonly state: string;
  readonly ready: boolean;
  readonly pid: number | null;
  readonly restarts: number;
  readonly address: string | null;
  readonly cpuSeconds: number | null;
  readonly memoryBytes: number | null;
  readonly startedAt: string | null;
  readonly release: number;
  readonly reason?: string | null;
  /** An address beyond loopback the instance was found listening on. */
  readonly exposed?: string | null;
  readonly notices?: readonly string[] | null;
}

export interface ProcessStatus {
  readonly name: string;
  readonly pid: number | null;
  readonly runtime: string;
  readonly memoryBytes: number | null;
  readonly cpuSeconds: number | null;
}

export interface StatusReport {
  readonly version: string;
  readonly home: string;
  readonly processes: readonly ProcessStatus[];
  readonly listening: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  readonly store: { readonly revision: number; readonly readOnly: string | null };
  readonly notices: readonly string[];
}
