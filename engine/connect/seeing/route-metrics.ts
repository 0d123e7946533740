import { type Exposition, Histogram, type Labels } from "@plinth/metrics";
import type { Answers, Edge } from "../edge.ts";

/** Linkerd's buckets for routes, in seconds; each is a bound of our own in milliseconds, so that none is guessed. */
const ROUTE_BOUNDS_SECONDS: readonly number[] = [0.05, 0.5, 1, 10];

/** Apart from the service's own port, which needs no name. */
export function portLabel({ extraPort }: { readonly extraPort: number | undefined }): Labels {
  return extraPort === undefined ? {} : { dst_port: String(extraPort) };
}

/** A pair seen from the caller, in Linkerd's words: a call within the host is measured once and told twice. */
export function outboundLabels(edge: Edge): Record<string, string> {
  return {
    direction: "outbound",
    app: edge.app,
    src_service: edge.caller,
    dst_app: edge.calleeApp,
    dst_service: edge.service,
    ...portLabel(edge),
    route: edge.route,
  };
}

/** The same pair seen from the callee. */
export function inboundLabels(edge: Edge): Record<string, string> {
  return {
    direction: "inbound",
    app: edge.calleeApp,
    src_app: edge.app,
    src_service: edge.caller,
    dst_service: edge.service,
    ...portLabel(edge),
    route: edge.route,
  };
}

const routeKind = (edge: Edge): string => (edge.pair === edge ? "default" : "HTTPRoute");

/** Linkerd tells caller, callee and route of policy metrics by these labels. */
function routeLabels(edge: Edge): Labels {
  return {
    app: edge.app,
    src_service: edge.caller,
    parent_group: "core",
    parent_kind: "Service",
    parent_namespace: edge.calleeApp,
    parent_name: edge.service,
    ...portLabel(edge),
    route_kind: routeKind(edge),
    route_name: edge.route,
  };
}

function serverLabels(edge: Edge): Labels {
  return {
    app: edge.calleeApp,
    src_app: edge.app,
    src_service: edge.caller,
    srv_kind: "default",
    srv_name: edge.service,
    ...portLabel(edge),
    route_kind: routeKind(edge),
    route_name: edge.route,
  };
}

interface Side {
  readonly prefix: "inbound" | "outbound";
  readonly statuses: (protocol: Protocol) => string;
  readonly durations: (protocol: Protocol) => string;
  readonly labels: (edge: Edge) => Labels;
}

type Protocol = "http" | "grpc";

const sides: readonly Side[] = [
  {
    prefix: "outbound",
    statuses: (protocol) => `outbound_${protocol}_route_request_statuses_total`,
    durations: (protocol) => `outbound_${protocol}_route_request_duration_seconds`,
    labels: routeLabels,
  },
  {
    prefix: "inbound",
    statuses: (protocol) => `inbound_${protocol}_statuses_total`,
    durations: (protocol) => `inbound_${protocol}_response_duration_seconds`,
    labels: serverLabels,
  },
];

/** Linkerd's families by route: of both sides, and of HTTP and gRPC apart. */
export function routeMetrics(text: Exposition, edges: readonly Edge[]): void {
  const answered = edges.map((edge) => ({ edge, answers: edge.answers() }));
  for (const protocol of ["http", "grpc"] as const) {
    const isOurs = ({ grpcStatus }: Answers): boolean => (grpcStatus !== undefined) === (protocol === "grpc");
    for (const { statuses, durations, labels } of sides) {
      text.family(statuses(protocol), "counter", "Requests by what came of them.");
      for (const { edge, answers } of answered) {
        for (const one of answers)
          if (isOurs(one)) text.sample(statusLabels(labels(edge), one), one.total.value);
      }
      text.family(durations(protocol), "histogram", "Time from a request's head to its response's head.");
      for (const { edge, answers } of answered) {
        const ours = answers.filter(isOurs);
        if (ours.length > 0) text.histogram(labels(edge), coarse(ours));
      }
    }
    text.family(`inbound_${protocol}_requests_total`, "counter", "Requests seen.");
    for (const edge of edges) {
      const count = protocol === "grpc" ? edge.grpcRequests : edge.requests.value - edge.grpcRequests;
      if (count > 0) text.sample(serverLabels(edge), count);
    }
  }
}

function statusLabels(labels: Labels, { status, grpcStatus, error }: Answers): Labels {
  return {
    ...labels,
    ...(grpcStatus === undefined ? { http_status: status } : { grpc_status: grpcStatus }),
    ...(error === undefined ? {} : { error }),
  };
}

/** All answers' times in the few buckets of routes. */
function coarse(answers: readonly Answers[]): Histogram {
  const all = new Histogram(ROUTE_BOUNDS_SECONDS);
  for (const { latency } of answers) {
    let bucket = 0;
    for (const [index, count] of latency.counts.entries()) {
      const boundMs = latency.bounds[index] ?? Infinity;
      while (bucket < ROUTE_BOUNDS_SECONDS.length && boundMs > ROUTE_BOUNDS_SECONDS[bucket]! * 1_000)
        bucket++;
      all.counts[bucket]! += count;
    }
    all.sum += latency.sum / 1_000;
    all.count += latency.count;
  }
  return all;
}
