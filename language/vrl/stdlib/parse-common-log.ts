import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { ACCESS_TIME } from "./log/access-time.ts";
import { common } from "./web-log/apache.ts";
import { accessKind, MISSING_NOTICE, timestampFormat } from "./web-log/parameters.ts";
import { prepareFormats } from "./web-log/prepare.ts";

export const parseCommonLog: FunctionDefinition = {
  name: "parse_common_log",
  category: "Parse",
  usage:
    "Parses a line of a web server's log in the [Common Log Format](https://httpd.apache.org/docs/current/logs.html#common): host, identity, user, time, request, status and size.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The line." },
    timestampFormat("How the time is written", ACCESS_TIME),
  ],
  failures: [
    "`value` does not match the Common Log Format.",
    "`timestamp_format` is not a valid format string.",
    "The timestamp in `value` fails to parse using the provided `timestamp_format`.",
  ],
  returns: Part.object,
  notices: [MISSING_NOTICE],
  isFresh: true,
  typeOf: () => TypeDef.of(accessKind).fallible,
  prepare: (call) => prepareFormats(call, [common], ACCESS_TIME, "failed parsing common log line"),
};

export const examples: readonly Example[] = [
  {
    title: "A request",
    source: `parse_common_log!(s'198.51.100.7 - ana [01/May/2023:08:30:00 +0200] "GET /logo.png HTTP/1.1" 304 0')`,
    result:
      '{"host": "198.51.100.7", "message": "GET /logo.png HTTP/1.1", "method": "GET", "path": "/logo.png", "protocol": "HTTP/1.1", "size": 0, "status": 304, "timestamp": "2023-05-01T06:30:00Z", "user": "ana"}',
  },
  {
    title: "Another way to write the time",
    source: `parse_common_log!(s'::1 - - [2023-05-01T08:30:00Z] "GET / HTTP/2.0" 200 12', timestamp_format: "%+")`,
    result:
      '{"host": "::1", "message": "GET / HTTP/2.0", "method": "GET", "path": "/", "protocol": "HTTP/2.0", "size": 12, "status": 200, "timestamp": "2023-05-01T08:30:00Z"}',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing is told", source: 'parse_common_log!("- - - - - - -")', result: "{}" },
  {
    title: "Nothing is told, in brackets and quotes",
    source: `parse_common_log!(s'- - - [-] "-" - -')`,
    result: "{}",
  },
  {
    title: "A request that is none",
    source: `parse_common_log!(s'  a b c [01/May/2023:08:30:00 +0000] "\\x16\\x03 hello"  400 -  ')`,
    result:
      '{"host": "a", "identity": "b", "message": "\\\\x16\\\\x03 hello", "status": 400, "timestamp": "2023-05-01T08:30:00Z", "user": "c"}',
  },
  {
    title: "Spaces and quotes in the path",
    source: `parse_common_log!(s'a - - [01/May/2023:08:30:00 +0000] "GET /a "b" c HTTP/1.1" 200 9')`,
    result:
      '{"host": "a", "message": "GET /a \\"b\\" c HTTP/1.1", "method": "GET", "path": "/a", "protocol": "\\"b\\" c HTTP/1.1", "size": 9, "status": 200, "timestamp": "2023-05-01T08:30:00Z"}',
  },
  {
    title: "A status larger than an integer",
    source: `parse_common_log!("- - - - - 99999999999999999999 -")`,
    error: 'function call error for "parse_common_log" at (0:53): failed parsing status',
  },
  {
    title: "Not the format",
    source: 'parse_common_log!("not a line")',
    error: 'function call error for "parse_common_log" at (0:31): failed parsing common log line',
  },
  {
    title: "Not the format of the time",
    source: `parse_common_log!(s'- - - [May 1] - - -')`,
    error:
      'function call error for "parse_common_log" at (0:41): failed parsing timestamp May 1 using format %d/%b/%Y:%T %z: input contains invalid characters',
  },
];
