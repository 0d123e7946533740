import { Status } from "@plinth/grpc";
import { Counter, Histogram } from "@plinth/metrics";
import type { Callee } from "./callee.ts";
import type { Share } from "./fair/share.ts";
import { RetryBudget } from "./retry-budget.ts";
import { TcpCounts } from "./tcp-counts.ts";

/** Linkerd's buckets in milliseconds. */
export const LATENCY_BOUNDS_MS: readonly number[] = [1, 10, 100, 1_000, 10_000].flatMap((unit) =>
  [1, 2, 3, 4, 5].map((factor) => unit * factor),
);

/** gRPC statuses that are the server's failure, as Linkerd counts: unknown, deadline, internal, unavailable, data loss. */
export const GRPC_FAILURES: ReadonlySet<number> = new Set([
  Status.unknown,
  Status.deadlineExceeded,
  Status.internal,
  Status.unavailable,
  Status.dataLoss,
]);
/** Numbers beyond those defined (0 to 16) are counted as one. */
const GRPC_STATUS_MAX = 17;

/** Answers of one status and classification. `error` is the proxy's code when it made the answer itself. */
export class Answers {
  readonly total: Counter = new Counter();
  readonly latency: Histogram = new Histogram(LATENCY_BOUNDS_MS);
  readonly status: number;
  readonly success: boolean;
  readonly error: string | undefined;
  readonly grpcStatus: number | undefined;

  constructor(status: number, success: boolean, error?: string, grpcStatus?: number) {
    this.status = status;
    this.success = success;
    this.error = error;
    this.grpcStatus = grpcStatus;
  }
}

/** Requests that were sent again, how many of them succeeded, and how many were not sent again and why. */
export interface RetryCounts {
  requests: number;
  successes: number;
  limitExceeded: number;
  overflow: number;
}

/** What requests are counted under that no route takes. */
const DEFAULT_ROUTE = "default";
const NO_EDGES: readonly Edge[] = [];

/** All that is counted of one (caller, callee, route). Counting allocates only at the first answer of its kind. */
export class Edge {
  readonly app: string;
  readonly caller: string;
  readonly callee: string;
  readonly calleeApp: string;
  readonly service: string;
  /** The callee is what its service has on this port, besides its own. */
  readonly extraPort: number | undefined;
  /** Name of the callee's route, or that of requests which none takes. */
  readonly route: string;
  /** The edge of caller and callee whatever the route: whose the connections are. */
  readonly pair: Edge;
  readonly requests: Counter = new Counter();
  readonly retryBudget: RetryBudget = new RetryBudget();
  readonly retries: RetryCounts = { requests: 0, successes: 0, limitExceeded: 0, overflow: 0 };
  /** Requests of `requests` that came by HTTP/2, and those of them that were gRPC. */
  http2Requests = 0;
  grpcRequests = 0;
  /** Connections open now, of whatever protocol. */
  tcpOpen = 0;
  /** On whose account its calls are; undefined at ingress, where it is the client's. */
  share: Share | undefined = undefined;
  /** On whose account connections are that several clients share. */
  sharedBy: Share | undefined = undefined;
  /** Connections whose bytes pass through unread. */
  readonly opaque: TcpCounts = new TcpCounts();
  /** Times a request or connection went to an instance on another host, and so by mutual TLS. */
  overLinks = 0;
  /** The last time a snapshot named this pair. */
  namedAtMs = 0;
  readonly #byStatus: (Answers | undefined)[] = [];
  readonly #byGrpcStatus: (Answers | undefined)[] = Array.from<undefined>({ length: GRPC_STATUS_MAX + 1 });
  readonly #byError: Map<string, Answers> = new Map();
  /** Of a pair: its edges by route. Made at their first request; most pairs have none. */
  #routes: Map<string, Edge> | undefined = undefined;

  /** Its caller is no service: it comes from outside. */
  readonly fromIngress: boolean;

  constructor(
    app: string,
    caller: string,
    callee: Pick<Callee, "key" | "app" | "service"> & Partial<Pick<Callee, "extraPort">>,
    fromIngress = false,
    of?: { readonly pair: Edge; readonly route: string },
  ) {
    this.fromIngress = fromIngress;
    this.pair = of?.pair ?? this;
    this.route = of?.route ?? DEFAULT_ROUTE;
    this.app = app;
    this.caller = caller;
    this.callee = callee.key;
    this.calleeApp = callee.app;
    this.service = callee.service;
    this.extraPort = callee.extraPort;
  }

  /** The edge of this pair on one of the callee's routes. */
  onRoute(route: string): Edge {
    const known = this.#routes?.get(route);
    return known ?? this.#makeRoute(route);
  }

  #makeRoute(route: string): Edge {
    const { app, caller, fromIngress } = this;
    const { callee: key, calleeApp, service, extraPort } = this;
    const callee = { key, app: calleeApp, service, extraPort };
    const edge = new Edge(app, caller, callee, fromIngress, { pair: this, route });
    edge.share = this.share;
    edge.sharedBy = this.sharedBy;
    edge.namedAtMs = this.namedAtMs;
    (this.#routes ??= new Map()).set(route, edge);
    return edge;
  }

  /** Its edges by route, without itself. */
  get routes(): readonly Edge[] {
    return this.#routes === undefined ? NO_EDGES : [...this.#routes.values()];
  }

  forgetRoute(route: string): void {
    this.#routes?.delete(route);
  }

  /** An answer passed on to its end; `latencyMs` is the time to its head. */
  answered(status: number, latencyMs: number): void {
    let answers = this.#byStatus[status - 100];
    if (answers === undefined) {
      // Filled up to here, so that the array never has holes.
      while (this.#byStatus.length <= status - 100) this.#byStatus.push(undefined);
      answers = new Answers(status, status < 500);
      this.#byStatus[status - 100] = answers;
    }
    answers.total.value++;
    answers.latency.observe(latencyMs);
  }

  /** A gRPC call answered; its own status says whether it succeeded. */
  answeredGrpc(status: number, grpcStatus: number, latencyMs: number): void {
    const known = Math.min(grpcStatus, GRPC_STATUS_MAX);
    let answers = this.#byGrpcStatus[known];
    if (answers === undefined) {
      answers = new Answers(status, !GRPC_FAILURES.has(grpcStatus), undefined, known);
      this.#byGrpcStatus[known] = answers;
    }
    answers.total.value++;
    answers.latency.observe(latencyMs);
  }

  /** An answer made by the proxy, or broken off under way. */
  failed(status: number, error: string, latencyMs: number): void {
    const key = `${status} ${error}`;
    let answers = this.#byError.get(key);
    if (answers === undefined) this.#byError.set(key, (answers = new Answers(status, false, error)));
    answers.total.value++;
    answers.latency.observe(latencyMs);
  }

  answers(): Answers[] {
    const byNumber = [...this.#byStatus, ...this.#byGrpcStatus].filter((entry) => entry !== undefined);
    return [...byNumber, ...this.#byError.values()];
  }
}
