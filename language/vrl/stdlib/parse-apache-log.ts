import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { CallView, Example, FunctionDefinition } from "./define.ts";
import { knownVariantOf } from "./arguments/variant.ts";
import { combined, common, errors } from "./web-log/apache.ts";
import { ACCESS_TIME } from "./log/access-time.ts";
import type { Format } from "./web-log/format.ts";
import {
  accessKind,
  combinedKind,
  maybeText,
  maybeTimestamp,
  MISSING_NOTICE,
  timestampFormat,
} from "./web-log/parameters.ts";
import { prepareFormats } from "./web-log/prepare.ts";

const variants: Readonly<Record<string, string>> = {
  common: "Common format",
  combined: "Apache combined format",
  error: "Default Apache error format",
};

const kinds: ReadonlyMap<string, Kind> = new Map([
  ["common", accessKind],
  ["combined", combinedKind],
  [
    "error",
    Kind.object({
      timestamp: maybeTimestamp,
      module: maybeText,
      severity: maybeText,
      thread: maybeText,
      port: maybeText,
      message: maybeText,
    }),
  ],
]);

const formats: ReadonlyMap<string, readonly Format[]> = new Map([
  ["common", [common]],
  ["combined", [combined]],
  ["error", errors],
]);

function kindOf(call: CallView): Kind {
  const format = call.constant("format");
  return (typeof format === "string" ? kinds.get(format) : undefined) ?? Kind.anyObject();
}

export const parseApacheLog: FunctionDefinition = {
  name: "parse_apache_log",
  category: "Parse",
  usage:
    "Parses a line of Apache's access log, [`common`](https://httpd.apache.org/docs/current/logs.html#common) or [`combined`](https://httpd.apache.org/docs/current/logs.html#combined), or of its [`error`](https://httpd.apache.org/docs/current/logs.html#errorlog) log.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The line." },
    { name: "format", kind: Part.bytes, description: "The log's format.", variants },
    timestampFormat("How the time is written, in the program's timezone where it tells none", ACCESS_TIME),
  ],
  failures: [
    "`value` does not match the specified format.",
    "`timestamp_format` is not a valid format string.",
    "The timestamp in `value` fails to parse using the provided `timestamp_format`.",
  ],
  returns: Part.object,
  notices: [MISSING_NOTICE],
  isFresh: true,
  typeOf: (call) => TypeDef.of(kindOf(call)).fallible,
  prepare: (call) => {
    const name = knownVariantOf(call, "format", Object.keys(variants));
    if (typeof name !== "string") return name;
    return prepareFormats(call, formats.get(name)!, ACCESS_TIME, `failed parsing ${name} log line`);
  },
};

export const examples: readonly Example[] = [
  {
    title: "Common",
    source: `parse_apache_log!(s'203.0.113.9 - - [29/Feb/2024:23:59:59 -0100] "POST /cart HTTP/1.1" 201 77', format: "common")`,
    result:
      '{"host": "203.0.113.9", "message": "POST /cart HTTP/1.1", "method": "POST", "path": "/cart", "protocol": "HTTP/1.1", "size": 77, "status": 201, "timestamp": "2024-03-01T00:59:59Z"}',
  },
  {
    title: "Combined",
    source: `parse_apache_log!(s'203.0.113.9 - zoe [29/Feb/2024:23:59:59 +0000] "GET / HTTP/1.1" 200 77 "https://shop.example/" "curl/8.5.0"', "combined")`,
    result:
      '{"agent": "curl/8.5.0", "host": "203.0.113.9", "message": "GET / HTTP/1.1", "method": "GET", "path": "/", "protocol": "HTTP/1.1", "referrer": "https://shop.example/", "size": 77, "status": 200, "timestamp": "2024-02-29T23:59:59Z", "user": "zoe"}',
  },
  {
    title: "Error",
    source: `parse_apache_log!("[29/Feb/2024:23:59:59 +0000] [ssl:warn] [pid 7:tid 12] [client 203.0.113.9:4000] certificate is about to expire", "error")`,
    result:
      '{"client": "203.0.113.9", "message": "certificate is about to expire", "module": "ssl", "pid": 7, "port": 4000, "severity": "warn", "thread": "12", "timestamp": "2024-02-29T23:59:59Z"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "A referrer that is a dash, no agent",
    source: `parse_apache_log!(s'a - - [29/Feb/2024:23:59:59 +0000] "GET / HTTP/1.1" 200 - "-" "-"', "combined")`,
    result:
      '{"host": "a", "message": "GET / HTTP/1.1", "method": "GET", "path": "/", "protocol": "HTTP/1.1", "referrer": "-", "status": 200, "timestamp": "2024-02-29T23:59:59Z"}',
  },
  {
    title: "Neither referrer nor agent",
    source: `parse_apache_log!(s'a - - [29/Feb/2024:23:59:59 +0000] "GET / HTTP/1.1" 200 1 - -', "combined")`,
    result:
      '{"host": "a", "message": "GET / HTTP/1.1", "method": "GET", "path": "/", "protocol": "HTTP/1.1", "size": 1, "status": 200, "timestamp": "2024-02-29T23:59:59Z"}',
  },
  {
    title: "Httpd's own errors, without a client",
    source: `parse_apache_log!("[29/Feb/2024:23:59:59 +0000] [proxy:error] [pid 23] (113)No route to host: AH00957: HTTP: attempt to connect to 10.1.0.2:90 failed", "error")`,
    result:
      '{"message1": "(113)No route to host: AH00957: ", "message2": "HTTP: attempt to connect to 10.1.0.2:90 failed", "module": "proxy", "pid": 23, "severity": "error", "timestamp": "2024-02-29T23:59:59Z"}',
  },
  {
    title: "An IPv6 client",
    source: `parse_apache_log!("[29/Feb/2024:23:59:59 +0000] [ab:alert] [pid 1] [client 2001:db8::7:99] x", "error")`,
    result:
      '{"client": "2001:db8::7", "message": "x", "module": "ab", "pid": 1, "port": 99, "severity": "alert", "timestamp": "2024-02-29T23:59:59Z"}',
  },
  {
    title: "A process that is no number",
    source: `parse_apache_log!("- - [pid x] - -", "error")`,
    error: 'function call error for "parse_apache_log" at (0:45): failed parsing pid',
  },
  {
    title: "Not the format",
    source: 'parse_apache_log!("x", "combined")',
    error: 'function call error for "parse_apache_log" at (0:34): failed parsing combined log line',
  },
];
