import { Exposition } from "@plinth/metrics";
import type { NameCounts } from "./dns/name-counts.ts";
import type { RetryCounts } from "./edge.ts";
import type { ListenerTarget } from "./listener-target.ts";
import { type Build, processMetrics } from "./seeing/process-metrics.ts";
import type { Callee } from "./callee.ts";
import { inboundLabels, outboundLabels, portLabel, routeMetrics } from "./seeing/route-metrics.ts";
import type { SeeingCounts } from "./seeing/seeing.ts";
import type { TcpCounts } from "./tcp-counts.ts";
import { type PeerFigures, peerMetrics, peerTcp } from "./link/peer-metrics.ts";
import type { World } from "./world.ts";

function calleeLabels(callee: Callee): Record<string, string> {
  return { dst_app: callee.app, dst_service: callee.service, ...portLabel(callee) };
}

function tcp(text: Exposition, samples: readonly (readonly [Record<string, string>, TcpCounts])[]): void {
  const families = [
    ["tcp_open_total", "counter", "Connections opened.", (counts: TcpCounts) => counts.openTotal],
    ["tcp_close_total", "counter", "Connections closed.", (counts: TcpCounts) => counts.closeTotal],
    ["tcp_open_connections", "gauge", "Connections open now.", (counts: TcpCounts) => counts.open],
    ["tcp_read_bytes_total", "counter", "Bytes read.", (counts: TcpCounts) => counts.readBytes],
    ["tcp_write_bytes_total", "counter", "Bytes written.", (counts: TcpCounts) => counts.writeBytes],
  ] as const;
  for (const [name, type, help, value] of families) {
    text.family(name, type, help);
    for (const [labels, counts] of samples) text.sample(labels, value(counts));
  }
}

const retryFamilies: readonly (readonly [string, string, (counts: RetryCounts) => number])[] = [
  ["requests", "Times a request was sent again.", (counts) => counts.requests],
  ["successes", "Requests that succeeded after they were sent again.", (counts) => counts.successes],
  [
    "limit_exceeded",
    "Requests not sent again: it had been done too often.",
    (counts) => counts.limitExceeded,
  ],
  ["overflow", "Requests not sent again: the budget was spent.", (counts) => counts.overflow],
];

/** Linkerd's metric names for all pairs, services and listeners. */
export function metricsText(
  world: Pick<World, "edges" | "callees">,
  targets: readonly ListenerTarget[],
  names: NameCounts,
  peering: PeerFigures,
  build: Build,
  seen: SeeingCounts,
): string {
  const text = new Exposition();
  const { edges } = world;
  const sides = edges.flatMap((edge) => [
    { edge, labels: outboundLabels(edge) },
    { edge, labels: inboundLabels(edge) },
  ]);
  text.family("request_total", "counter", "Requests seen.");
  for (const { edge, labels } of sides) text.sample(labels, edge.requests.value);
  const answered = sides.flatMap(({ edge, labels }) =>
    edge.answers().map((answers) => {
      const status: Record<string, string> = { ...labels, status_code: String(answers.status) };
      if (answers.grpcStatus !== undefined) status["grpc_status"] = String(answers.grpcStatus);
      const error: Record<string, string> = answers.error === undefined ? {} : { error: answers.error };
      return { answers, labels: status, error };
    }),
  );
  text.family("response_total", "counter", "Responses passed on to their end, or made by the proxy.");
  for (const { answers, labels, error } of answered) {
    const classification = answers.success ? "success" : "failure";
    text.sample({ ...labels, classification, ...error }, answers.total.value);
  }
  text.family("response_latency_ms", "histogram", "Time from a request's head to its response's head.");
  for (const { answers, labels, error } of answered) text.histogram({ ...labels, ...error }, answers.latency);
  routeMetrics(text, edges);
  for (const [name, help, value] of retryFamilies) {
    text.family(`outbound_http_route_retry_${name}_total`, "counter", help);
    for (const edge of edges) text.sample(outboundLabels(edge), value(edge.retries));
  }
  tcp(text, [
    ...targets.map((target) => {
      const route = target.ingress ? undefined : target.fixed;
      const labels: Record<string, string> =
        route === undefined
          ? { direction: target.ingress ? "inbound" : "outbound", listener: target.name }
          : outboundLabels(route.edge);
      return [{ ...labels, peer: "src" }, target.tcp] as const;
    }),
    ...[...world.callees.values()].flatMap((callee) => [
      [{ direction: "outbound", ...calleeLabels(callee), peer: "dst" }, callee.tcp] as const,
      [
        {
          direction: "inbound",
          app: callee.app,
          dst_service: callee.service,
          ...portLabel(callee),
          peer: "dst",
        },
        callee.tcp,
      ] as const,
    ]),
    ...peerTcp(peering.counts),
  ]);
  peerMetrics(text, peering);
  for (const direction of ["inbound", "outbound"]) {
    text.family(`${direction}_http_errors_total`, "counter", "Requests refused before they had a route.");
    for (const target of targets) {
      if (target.ingress !== (direction === "inbound")) continue;
      for (const [error, count] of target.refusals) text.sample({ listener: target.name, error }, count);
    }
  }
  text.family("outbound_http_balancer_endpoints", "gauge", "Endpoints by state.");
  for (const callee of world.callees.values()) {
    const { ejected } = callee;
    const labels = calleeLabels(callee);
    text.sample({ ...labels, endpoint_state: "ready" }, callee.endpoints.length - ejected);
    text.sample({ ...labels, endpoint_state: "ejected" }, ejected);
  }
  text.family("outbound_http_balancer_queue_length", "gauge", "Requests waiting for an instance.");
  for (const callee of world.callees.values()) {
    text.sample(calleeLabels(callee), callee.waiting);
  }
  text.family("egress_denied_names_total", "counter", "Lookups of host names that were denied.");
  for (const { app, service, name, count } of names.denials())
    text.sample({ app, src_service: service, hostname: name }, count);
  text.family("dns_unknown_callers_total", "counter", "Lookups from addresses that are no instance's.");
  text.sample({}, names.strangers);
  text.family("trace_spans_exported_total", "counter", "Spans that the collector has taken.");
  text.sample({}, seen.sent);
  text.family(
    "trace_spans_dropped_total",
    "counter",
    "Spans that were lost: the collector took them too slowly.",
  );
  text.sample({}, seen.dropped);
  text.family("access_log_dropped_total", "counter", "Lines that could not be written.");
  text.sample({}, seen.accessDropped);
  processMetrics(text, build);
  return text.toString();
}
