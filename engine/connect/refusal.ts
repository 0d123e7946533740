import { encodeResponseHead } from "@plinth/http1";

/** Why the proxy answers itself: the value of the `plinth-error` header and of the metrics' `error` label. */
export type RefusalCode =
  | "bad-request"
  | "request-timeout"
  | "unknown-host"
  | "connect-unsupported"
  | "method-unsupported"
  | "unknown-caller"
  | "no-instance"
  | "queue-full"
  | "connect-failed"
  | "upstream-closed"
  | "upstream-malformed"
  | "upstream-timeout"
  | "request-deadline"
  | "response-timeout"
  | "failfast"
  | "too-many-connections"
  | "too-many-calls"
  | "too-many-streams"
  | "too-much-held";

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

export const refusalBody = (text: string): Buffer => Buffer.from(`plinth: ${text}\n`);

/** A whole answer of the proxy's own. `text` says what, where and why in one line. */
export function encodeRefusal(
  status: number,
  code: RefusalCode,
  text: string,
  options: { readonly toHead: boolean; readonly close: boolean },
): Buffer {
  const body = refusalBody(text);
  const head = encodeResponseHead(status, reasons[status] ?? "Error", [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.length)],
    ["plinth-error", code],
    ...(status === 503 ? ([["Retry-After", "1"]] as const) : []),
    ...(status === 405 ? ([["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]] as const) : []),
    ...(options.close ? ([["Connection", "close"]] as const) : []),
  ]);
  return options.toHead ? head : Buffer.concat([head, body]);
}
