import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { CallView, Example, FunctionDefinition } from "./define.ts";
import { knownVariantOf } from "./arguments/variant.ts";
import { ACCESS_TIME } from "./log/access-time.ts";
import type { Format } from "./web-log/format.ts";
import { combined, error, ingress, main } from "./web-log/nginx.ts";
import { maybeText, MISSING_NOTICE, timestampFormat } from "./web-log/parameters.ts";
import { prepareFormats } from "./web-log/prepare.ts";

const ERROR_TIME = "%Y/%m/%d %H:%M:%S";

const variants: Readonly<Record<string, string>> = {
  combined: "Nginx combined format",
  error: "Default Nginx error format",
  ingress_upstreaminfo: "Provides detailed upstream information (Nginx Ingress Controller)",
  main: "Nginx main format used by Docker images",
};

const missingText = Kind.bytes.or(Kind.undefined);

const mainFields = {
  remote_addr: missingText,
  remote_user: missingText,
  timestamp: Kind.timestamp,
  request: Kind.bytes,
  status: Kind.integer,
  body_bytes_size: Kind.integer,
  http_referer: missingText,
  http_user_agent: missingText,
};

const kinds: ReadonlyMap<string, Kind> = new Map([
  [
    "combined",
    Kind.object({
      client: Kind.bytes,
      user: maybeText,
      timestamp: Kind.timestamp,
      request: Kind.bytes,
      status: Kind.integer,
      size: Kind.integer,
      referer: maybeText,
      agent: maybeText,
      compression: maybeText,
    }),
  ],
  ["main", Kind.object({ ...mainFields, http_x_forwarded_for: missingText })],
  [
    "ingress_upstreaminfo",
    Kind.object({
      ...mainFields,
      request_length: Kind.integer,
      request_time: Kind.float,
      proxy_upstream_name: Kind.bytes,
      proxy_alternative_upstream_name: missingText,
      upstream_addr: Kind.bytes,
      upstream_response_length: Kind.integer,
      upstream_response_time: Kind.float,
      upstream_status: Kind.integer,
      req_id: Kind.bytes,
    }),
  ],
  [
    "error",
    Kind.object({
      timestamp: Kind.timestamp,
      severity: Kind.bytes,
      pid: Kind.integer,
      tid: Kind.integer,
      cid: Kind.integer,
      message: Kind.bytes,
      excess: Kind.float.or(Kind.null),
      zone: maybeText,
      client: maybeText,
      server: maybeText,
      request: maybeText,
      upstream: maybeText,
      host: maybeText,
      port: maybeText,
    }),
  ],
]);

const formats: ReadonlyMap<string, Format> = new Map([
  ["combined", combined],
  ["main", main],
  ["ingress_upstreaminfo", ingress],
  ["error", error],
]);

function kindOf(call: CallView): Kind {
  const format = call.constant("format");
  return (typeof format === "string" ? kinds.get(format) : undefined) ?? Kind.anyObject();
}

export const parseNginxLog: FunctionDefinition = {
  name: "parse_nginx_log",
  category: "Parse",
  usage:
    "Parses a line of Nginx's access log, in the format [`combined`](https://nginx.org/en/docs/http/ngx_http_log_module.html), `main` as its packages configure it or [`ingress_upstreaminfo`](https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/), or of its `error` log.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The line." },
    { name: "format", kind: Part.bytes, description: "The log's format.", variants },
    timestampFormat(
      "How the time is written, in the program's timezone where it tells none; `%Y/%m/%d %H:%M:%S` for error logs",
      ACCESS_TIME,
    ),
  ],
  failures: [
    "`value` does not match the specified format.",
    "`timestamp_format` is not a valid format string.",
    "The timestamp in `value` fails to parse using the provided `timestamp_format`.",
  ],
  returns: Part.object,
  notices: [
    MISSING_NOTICE,
    "Of a line of `ingress_upstreaminfo`, these may be missing: `remote_addr`, `remote_user`, `http_referer`, `http_user_agent`, `proxy_alternative_upstream_name`, `upstream_addr`, `upstream_response_length`, `upstream_response_time` and `upstream_status`.",
  ],
  isFresh: true,
  typeOf: (call) => TypeDef.of(kindOf(call)).fallible,
  prepare: (call) => {
    const name = knownVariantOf(call, "format", Object.keys(variants));
    if (typeof name !== "string") return name;
    const time = name === "error" ? ERROR_TIME : ACCESS_TIME;
    return prepareFormats(call, [formats.get(name)!], time, "failed parsing log line");
  },
};

export const examples: readonly Example[] = [
  {
    title: "Combined",
    source: `parse_nginx_log!(s'192.0.2.4 - kim [15/Aug/2022:10:11:12 +0000] "GET /a?b=1 HTTP/2.0" 200 512 "https://a.example/" "curl/8.5.0"', "combined")`,
    result:
      '{"agent": "curl/8.5.0", "client": "192.0.2.4", "referer": "https://a.example/", "request": "GET /a?b=1 HTTP/2.0", "size": 512, "status": 200, "timestamp": "2022-08-15T10:11:12Z", "user": "kim"}',
  },
  {
    title: "Error",
    source: `parse_nginx_log!(s'2022/08/15 10:11:12 [crit] 8#9: *41 open() failed, client: 192.0.2.4, server: a.example, request: "GET / HTTP/1.1", host: "a.example"', "error")`,
    result:
      '{"cid": 41, "client": "192.0.2.4", "host": "a.example", "message": "open() failed", "pid": 8, "request": "GET / HTTP/1.1", "server": "a.example", "severity": "crit", "tid": 9, "timestamp": "2022-08-15T10:11:12Z"}',
  },
  {
    title: "The ingress controller's",
    source: `parse_nginx_log!(s'192.0.2.4 - - [15/Aug/2022:10:11:12 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8.5.0" 99 0.125 [web-80] [] 10.0.0.3:80 512 0.120 200 5f1c', "ingress_upstreaminfo")`,
    result:
      '{"body_bytes_size": 512, "http_user_agent": "curl/8.5.0", "proxy_upstream_name": "web-80", "remote_addr": "192.0.2.4", "req_id": "5f1c", "request": "GET / HTTP/1.1", "request_length": 99, "request_time": 0.125, "status": 200, "timestamp": "2022-08-15T10:11:12Z", "upstream_addr": "10.0.0.3:80", "upstream_response_length": 512, "upstream_response_time": 0.12, "upstream_status": 200}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "A dash is a referrer, but no user and no compression",
    source: `parse_nginx_log!(s'192.0.2.4 - - [15/Aug/2022:10:11:12 +0000] "GET / HTTP/1.1" 200 0 "-" "-" "-"', "combined")`,
    result:
      '{"agent": "-", "client": "192.0.2.4", "referer": "-", "request": "GET / HTTP/1.1", "size": 0, "status": 200, "timestamp": "2022-08-15T10:11:12Z"}',
  },
  {
    title: "Compression, and white space around",
    source: `parse_nginx_log!(s'  192.0.2.4  -  kim  [15/Aug/2022:10:11:12 +0000] "" 200 0 "" "é]" "2.50"  ', "combined")`,
    result:
      '{"agent": "é]", "client": "192.0.2.4", "compression": "2.50", "referer": "", "request": "", "size": 0, "status": 200, "timestamp": "2022-08-15T10:11:12Z", "user": "kim"}',
  },
  {
    title: "Main",
    source: `parse_nginx_log!(s'192.0.2.4 - - [15/Aug/2022:10:11:12 +0000] "GET / HTTP/1.1" 200 5 "" "curl/8.5.0" "10.1.1.1, 10.1.1.2"', "main")`,
    result:
      '{"body_bytes_size": 5, "http_referer": "", "http_user_agent": "curl/8.5.0", "http_x_forwarded_for": "10.1.1.1, 10.1.1.2", "remote_addr": "192.0.2.4", "request": "GET / HTTP/1.1", "status": 200, "timestamp": "2022-08-15T10:11:12Z"}',
  },
  {
    title: "Main with nothing told",
    source: `parse_nginx_log!(s'- - - [15/Aug/2022:10:11:12 +0000] "" 200 5 "-" "-" "-"', "main")`,
    result: '{"body_bytes_size": 5, "request": "", "status": 200, "timestamp": "2022-08-15T10:11:12Z"}',
  },
  {
    title: "No upstream answered",
    source: `parse_nginx_log!(s'192.0.2.4 - - [15/Aug/2022:10:11:12 +0000] "GET / HTTP/1.1" 503 5 "-" "-" 99 0.000 [web-80] [alt-80] - - - - 5f1c', "ingress_upstreaminfo")`,
    result:
      '{"body_bytes_size": 5, "proxy_alternative_upstream_name": "alt-80", "proxy_upstream_name": "web-80", "remote_addr": "192.0.2.4", "req_id": "5f1c", "request": "GET / HTTP/1.1", "request_length": 99, "request_time": 0.0, "status": 503, "timestamp": "2022-08-15T10:11:12Z", "upstream_addr": "-"}',
  },
  {
    title: "An error of a limit",
    source: `parse_nginx_log!(s'2022/08/15 10:11:12 [error] 8#9: *41 limiting requests, excess: 10.5 by zone "api", client: 192.0.2.4, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.3/", host: "a.example", referrer: "https://b.example/"', "error")`,
    result:
      '{"cid": 41, "client": "192.0.2.4", "excess": 10.5, "host": "a.example", "message": "limiting requests", "pid": 8, "referer": "https://b.example/", "request": "GET / HTTP/1.1", "server": "", "severity": "error", "tid": 9, "timestamp": "2022-08-15T10:11:12Z", "upstream": "http://10.0.0.3/", "zone": "api"}',
  },
  {
    title: "An error of no connection",
    source: `parse_nginx_log!("2022/08/15 10:11:12 [notice] 8#9: signal 3 received, shutting down", "error")`,
    result:
      '{"message": "signal 3 received, shutting down", "pid": 8, "severity": "notice", "tid": 9, "timestamp": "2022-08-15T10:11:12Z"}',
  },
  {
    title: "An excess that is no number",
    source: `parse_nginx_log!(s'2022/08/15 10:11:12 [error] 8#9: x, excess: many by zone "api"', "error")`,
    error: 'function call error for "parse_nginx_log" at (0:92): failed parsing excess',
  },
  {
    title: "Not the format",
    source: 'parse_nginx_log!("x", "main")',
    error: 'function call error for "parse_nginx_log" at (0:29): failed parsing log line',
  },
];
