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

/** What passed through connections within the window. */
export interface ByteRates {
  /** What the called side read, and what it wrote. */
  readonly readBytesPerSecond: number;
  readonly writeBytesPerSecond: number;
}

export interface ServiceStat extends Traffic, ByteRates {
  readonly app: string;
  readonly service: string;
  /** "2/2": instances that take requests, of those that exist. */
  readonly meshed: string;
  readonly tcpConnections: number;
}

export type EdgeProtocol = "HTTP/1.1" | "HTTP/2" | "gRPC" | "TCP";

/** Bytes of an edge are those of connections that pass through unread. */
export interface EdgeStat extends Traffic, ByteRates {
  /** The caller's. */
  readonly app: string;
  /** "ingress" for what comes from outside. */
  readonly caller: string;
  readonly calleeApp: string;
  readonly callee: string;
  /** What has been spoken since the proxy's start. */
  readonly protocols: readonly EdgeProtocol[];
  /** `mtls`: all requests went to other hosts, over mutual TLS. `same-host`: none left the host. */
  readonly secured: "mtls" | "same-host" | "mixed";
  /** SPIFFE IDs; null for what has none, such as clients from outside. */
  readonly clientId: string | null;
  readonly serverId: string | null;
  readonly tcpConnections: number;
  readonly requestsTotal: number;
  readonly failuresTotal: number;
  /** Connections passed through unread, since the daemon's start. */
  readonly opaqueTotal: number;
}

/** The caller's view of one route: a request sent again is one request to the caller, and two to the callee. */
export interface RouteStat extends Traffic {
  readonly app: string;
  readonly caller: string;
  readonly calleeApp: string;
  readonly callee: string;
  readonly route: string;
  /** With every attempt counted; a request that is sent again has failed before. */
  readonly actualSuccessRate: number | null;
  readonly actualRps: number;
}

/** What services exchanged with one destination beyond the mesh, in transparent mode. */
export interface EgressStat {
  readonly app: string;
  readonly service: string;
  /** As the service asked for it; null for an address that was not asked for by name. */
  readonly host: string | null;
  readonly address: string;
  /** 0 for protocols without ports. */
  readonly port: number;
  readonly protocol: string;
  /** Both directions, with headers. */
  readonly bytes: number;
  readonly packets: number;
  readonly connections: number;
}

export interface StatReport {
  readonly windowSeconds: number;
  readonly services: readonly ServiceStat[];
  readonly edges: readonly EdgeStat[];
  readonly routes: readonly RouteStat[];
}

/** An endpoint as a proxy's balancer sees it. */
export interface EndpointRow {
  /** The host of that proxy; absent: the one that was asked. */
  readonly seenBy?: string;
  readonly app: string;
  readonly service: string;
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  /** `ejected`: left out after failures. `leaving`: taken out, with requests under way. */
  readonly state: "ready" | "ejected" | "leaving";
  readonly inFlight: number;
  /** Expected time to answer one request more. */
  readonly loadMs: number;
}

/** What the proxy has in force, for finding out why it does what it does. */
export interface DiagnosticsReport {
  readonly endpoints: readonly EndpointRow[];
  readonly snapshot: unknown;
  /** As the metrics port answers. */
  readonly metrics: string;
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

/** How this host reaches an app's store. */
/** Where a caller that is none of the app's services finds one of them. */
export interface CallerReport {
  /** Of this machine. */
  readonly address: string;
  readonly port: number;
}

export interface StoreAccessReport {
  /** `etcd://USER:PASSWORD@ADDRESS:PORT`: a secret. */
  readonly url: string;
}

/** The authority behind workloads' certificates. */
export interface IdentityReport {
  readonly trustDomain: string;
  /** The signing one first. */
  readonly roots: readonly {
    readonly state: "signing" | "prepared" | "retiring";
    /** SHA-256, lower-case hexadecimal. */
    readonly fingerprint: string;
    readonly notBefore: string;
    readonly notAfter: string;
  }[];
}

/** What has become of the certificates that were taken for expired. */
export interface ExpiryReport {
  /** By host; the first one is the one that answers. */
  readonly hosts: readonly {
    readonly name: string;
    /** How many were replaced: workloads', and the host's own. */
    readonly certificates: number;
  }[];
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
  /** Who starts the daemon again when it dies: a unit of systemd's, a supervisor, or `plinth up` in a terminal. */
  readonly watcher: {
    readonly kind: "systemd" | "supervisor" | "terminal";
    readonly unit: string | null;
  } | null;
  readonly listening: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  /** This machine among others; null while it is alone. */
  readonly host: {
    readonly name: string;
    /** The host it has joined; null on the first. */
    readonly of: string | null;
    readonly others: readonly {
      readonly name: string;
      readonly state: string;
      readonly reason: string | null;
    }[];
  } | null;
  /** How instances meet, and why so. */
  readonly mesh: { readonly mode: "transparent" | "cooperative"; readonly reason: string };
  readonly store: {
    readonly revision: number;
    readonly readOnly: string | null;
    /** URL of the etcd cluster that holds the state; null where the home does. */
    readonly etcd: string | null;
  };
  /** Where spans go, and the share of requests that is sampled; null where trace headers only pass through. */
  readonly telemetry: {
    readonly otlp: string | null;
    readonly traceRatio: number | null;
    /** Null where none is written. */
    readonly accessLog: "combined" | "json" | null;
  };
  readonly notices: readonly string[];
}
