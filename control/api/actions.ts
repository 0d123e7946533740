import type { App, AppSpec, Release, Secret } from "@plinth/resource";

export interface FieldChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface ServiceChange {
  readonly service: string;
  readonly action: "create" | "update" | "replace" | "scale" | "remove" | "unchanged";
  readonly fields: readonly FieldChange[];
  readonly notes: readonly string[];
}

/** What applying a spec would do. */
export interface Plan {
  readonly changes: readonly ServiceChange[];
  readonly ingress: readonly FieldChange[];
  readonly secrets: readonly {
    readonly name: string;
    readonly change: "changed" | "unchanged" | "missing";
  }[];
  readonly notes: readonly string[];
  readonly unchanged: boolean;
}

/** Rates and latencies are null without traffic in the window. */
export interface Traffic {
  readonly successRate: number | null;
  readonly rps: number | null;
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
  /** `ingress` for what comes from outside. */
  readonly caller: string;
  readonly callee: string;
  readonly requestsTotal: number;
  readonly failuresTotal: number;
}

export interface Stat {
  readonly windowSeconds: number;
  readonly services: readonly ServiceStat[];
  readonly edges: readonly EdgeStat[];
}

export interface InstanceRow {
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
  readonly reason: string | null;
  readonly exposed: string | null;
  readonly notices: readonly string[];
}

export interface PlinthStatus {
  readonly version: string;
  readonly home: string;
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly runtime: string;
    readonly memoryBytes: number;
    readonly cpuSeconds: number;
  }[];
  readonly listening: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  readonly store: { readonly revision: number; readonly readOnly: string | null };
  readonly notices: readonly string[];
}

export type ExecEvent =
  | { readonly stream: "stdout" | "stderr"; readonly data: Uint8Array }
  | { readonly exitCode: number };

export interface LogRequest {
  readonly follow: boolean;
  /** Lines before the end to begin with; undefined for everything. */
  readonly tail: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * What the API does besides reading and writing resources; given in by the daemon, which joins the engines. Faults
 * thrown become Status answers, and for streams only those thrown before the iterable is returned.
 */
export interface ApiActions {
  /** Why the daemon cannot do its work yet; undefined once it can. */
  notReadyReason(): string | undefined;
  plan(app: string, spec: AppSpec, signal: AbortSignal): Promise<Plan>;
  /** `to`: a release's number; undefined for the one active before. */
  rollback(app: string, to: Release["spec"]["number"] | undefined): Promise<App>;
  setSecretValue(name: string, value: Uint8Array): Promise<Secret>;
  /** Removes the resource and its value. */
  deleteSecret(name: string): Promise<void>;
  logs(instance: string, request: LogRequest): Promise<AsyncIterable<Uint8Array>>;
  exec(instance: string, command: readonly string[], signal: AbortSignal): Promise<AsyncIterable<ExecEvent>>;
  signalInstance(instance: string, signal: NodeJS.Signals): Promise<void>;
  signalProcess(process: "daemon" | "proxy", signal: NodeJS.Signals): Promise<void>;
  /** Of one app or of all. */
  stat(app: string | undefined): Promise<Stat>;
  ps(app: string | undefined): Promise<readonly InstanceRow[]>;
  status(): Promise<PlinthStatus>;
  /** Resolves after the hand-over. `runtime` undefined: the one it has. */
  upgrade(process: "proxy", runtime: "node" | "bun" | undefined): Promise<{ readonly pid: number }>;
  /** Resolves once stopping has begun, so that the caller can be answered. */
  shutdown(request: { readonly instances: boolean; readonly graceMs: number | undefined }): Promise<void>;
}
