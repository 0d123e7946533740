import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { form, lineKind, readLine } from "./glog/read-line.ts";

const glog = form("glog", 4);

export const parseGlog: FunctionDefinition = {
  name: "parse_glog",
  category: "Parse",
  usage: "Parses a line that [glog](https://github.com/google/glog), Google's logging library, has written.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The line." }],
  failures: ["`value` does not match the `glog` format."],
  returns: Part.object,
  isFresh: true,
  typeOf: () => TypeDef.of(lineKind).fallible,
  prepare:
    () =>
    (value: Text): Value | Failure =>
      readLine(lossyText(value), glog, () => 0),
};

export const examples: readonly Example[] = [
  {
    title: "A warning",
    source: 'parse_glog!("W20240229 12:00:01.000250 41 disk_cache.cc:318] cache is 91% full")',
    result:
      '{"file": "disk_cache.cc", "id": 41, "level": "warning", "line": 318, "message": "cache is 91% full", "timestamp": "2024-02-29T12:00:01.000250Z"}',
  },
  {
    title: "A fatal error",
    source: 'parse_glog!("F20231231 23:59:59.999999   7 main.cpp:1] Check failed: ok")',
    result:
      '{"file": "main.cpp", "id": 7, "level": "fatal", "line": 1, "message": "Check failed: ok", "timestamp": "2023-12-31T23:59:59.999999Z"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "White space around",
    source: String.raw`parse_glog!("\n  I20210131 14:48:54.411655 15 a.c:9] hi there  \n")`,
    result:
      '{"file": "a.c", "id": 15, "level": "info", "line": 9, "message": "hi there", "timestamp": "2021-01-31T14:48:54.411655Z"}',
  },
  {
    title: "The header ends where it last can",
    source: 'parse_glog!("E20210131 14:48:54.411655 15 a.c:9] see b.c:10] it failed")',
    result:
      '{"file": "a.c:9] see b.c", "id": 15, "level": "error", "line": 10, "message": "it failed", "timestamp": "2021-01-31T14:48:54.411655Z"}',
  },
  {
    title: "An empty message",
    source: 'parse_glog!("E20210131 14:48:54.411655 15 a.c:9] ")',
    result:
      '{"file": "a.c", "id": 15, "level": "error", "line": 9, "message": "", "timestamp": "2021-01-31T14:48:54.411655Z"}',
  },
  {
    title: "An unknown level",
    source: 'parse_glog!("D20210131 14:48:54.411655 15 a.c:9] x")',
    error: String.raw`function call error for "parse_glog" at (0:52): unrecognized log level "D"`,
  },
  {
    title: "No day of the calendar",
    source: 'parse_glog!("I20230229 14:48:54.411655 15 a.c:9] x")',
    error:
      'function call error for "parse_glog" at (0:52): failed parsing timestamp 20230229 14:48:54.411655: input is out of range',
  },
  {
    title: "A thread larger than an integer",
    source: 'parse_glog!("I20230228 14:48:54.411655 9223372036854775808 a.c:9] x")',
    error: 'function call error for "parse_glog" at (0:69): failed parsing id',
  },
  {
    title: "Not the format",
    source: 'parse_glog!("hello")',
    error: 'function call error for "parse_glog" at (0:20): failed parsing glog message',
  },
];
