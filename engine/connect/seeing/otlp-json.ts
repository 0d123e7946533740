import type { Span } from "./tracer.ts";

/** SpanKind and StatusCode of OTLP's trace.proto. */
const Kind = { server: 2, client: 3 } as const;
const STATUS_ERROR = 2;

type Attribute = { readonly key: string; readonly value: object };

/** Spans as OTLP's ExportTraceServiceRequest in JSON: identifiers in hexadecimal, 64-bit numbers as text. */
export function spansJson(spans: readonly Span[]): string {
  const byService = Map.groupBy(spans, ({ namespace, service }) => `${namespace}/${service}`);
  return JSON.stringify({
    resourceSpans: [...byService.values()].map((group) => ({
      resource: {
        attributes: [
          text("service.name", group[0]!.service),
          text("service.namespace", group[0]!.namespace),
          text("telemetry.sdk.name", "plinth"),
        ],
      },
      scopeSpans: [{ scope: { name: "plinth" }, spans: group.map(spanOf) }],
    })),
  });
}

/** Names after OpenTelemetry's semantic conventions for HTTP; a query may carry secrets and is left out. */
function spanOf(span: Span): object {
  const { begin, isServer, status, grpcStatus, error, address, instance, resends } = span;
  const failed = error !== "" || (isServer ? status >= 500 : status >= 400);
  const port = address.lastIndexOf(":");
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === "" ? {} : { parentSpanId: span.parentId }),
    name: isServer ? begin.method : `${begin.method} ${span.callee}`,
    kind: isServer ? Kind.server : Kind.client,
    startTimeUnixNano: nanos(span.startedMs),
    endTimeUnixNano: nanos(span.endedMs),
    attributes: [
      text("http.request.method", begin.method),
      text("url.path", begin.path.replace(/\?.*/s, "")),
      text("network.protocol.name", "http"),
      text("network.protocol.version", begin.protocol === "HTTP/1.1" ? "1.1" : "2"),
      text("plinth.callee", span.callee),
      text("plinth.route", span.route),
      ...(isServer
        ? [text("server.address", begin.authority), text("client.address", begin.client.replace(/:\d+$/, ""))]
        : []),
      ...(!isServer && address !== ""
        ? [
            text("server.address", address.slice(0, port)),
            integer("server.port", Number(address.slice(port + 1))),
          ]
        : []),
      ...(instance === "" ? [] : [text("plinth.instance", instance)]),
      ...(status === 0 ? [] : [integer("http.response.status_code", status)]),
      ...(grpcStatus < 0 ? [] : [integer("rpc.grpc.status_code", grpcStatus)]),
      ...(resends === 0 ? [] : [integer("http.request.resend_count", resends)]),
      ...(error === "" ? [] : [text("error.type", error)]),
    ],
    status: failed ? { code: STATUS_ERROR, message: error } : {},
  };
}

const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });
const integer = (key: string, value: number): Attribute => ({ key, value: { intValue: String(value) } });
/** Microseconds are all that a number of milliseconds since 1970 holds. */
const nanos = (ms: number): string => `${Math.round(ms * 1_000)}000`;
