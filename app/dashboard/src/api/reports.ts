/** What `/stat`, `/ps` and `/status` answer. */

/** Rates and latencies are null when nothing happened within the window. */
interface Traffic {
  readonly successRate: number | null;
  readonly rps: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly latencyP99Ms: number | null;
}

export interface ServiceTraffic extends Traffic {
  readonly app: string;
  readonly service: string;
  /** "2/2": instances behind the mesh of instances that exist. */
  readonly meshed: string;
  readonly tcpConnections: number | null;
}

export interface EdgeTraffic extends Traffic {
  readonly app: string;
  readonly caller: string;
  readonly callee: string;
  readonly requestsTotal: number;
  readonly failuresTotal: number;
}

export interface StatReport {
  readonly windowSeconds: number;
  readonly services: readonly ServiceTraffic[];
  readonly edges: readonly EdgeTraffic[];
}

/** One row of `plinth ps --json`. */
export interface InstanceUsage {
  readonly app: string;
  readonly service: string;
  readonly instance: string;
  readonly cpuSeconds: number | null;
  readonly memoryBytes: number | null;
}

export interface StatusReport {
  readonly version: string;
  readonly home: string;
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number;
    readonly runtime: string;
    readonly memoryBytes: number | null;
    readonly cpuSeconds: number | null;
  }[];
  readonly listening: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  readonly store: { readonly revision: number; readonly readOnly: string | null };
  readonly notices: readonly string[];
}
