import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { form, lineKind, readLine } from "./glog/read-line.ts";
import { currentYear } from "./log/year.ts";

const klog = form("klog", 0);

export const parseKlog: FunctionDefinition = {
  name: "parse_klog",
  category: "Parse",
  usage:
    "Parses a line that [klog](https://github.com/kubernetes/klog), the logging library of Kubernetes, has written.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The line." }],
  failures: ["`value` does not match the `klog` format."],
  returns: Part.object,
  notices: [
    "Lines tell no year: they are taken to be of this one, and those of December to be of the last one while it is January.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(lineKind).fallible,
  prepare: ({ host }) => {
    const yearOf = (month: number): number => currentYear(host, month);
    return (value: Text): Value | Failure => readLine(lossyText(value), klog, yearOf);
  },
};

export const examples: readonly Example[] = [
  {
    title: "A line's message",
    source: 'parse_klog!("I0505 17:59:40.692994   28133 controller.go:70] synced").message',
    result: "synced",
  },
  {
    title: "Where it was written",
    source: `
      line = parse_klog!("E0228 00:00:00.000001       1 pkg/cache.go:7] no space left")
      { "at": join!([line.file, to_string(line.line)], ":"), "level": line.level }
    `,
    result: '{"at": "pkg/cache.go:7", "level": "error"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "All fields but the timestamp",
    source: String.raw`
      line = parse_klog!("\n  W1231 23:59:59.000000       1 a.go:7]   padded  ")
      del(line.timestamp)
      line
    `,
    result: '{"file": "a.go", "id": 1, "level": "warning", "line": 7, "message": "  padded"}',
  },
  {
    title: "An unknown level",
    source: 'parse_klog!("X0505 17:59:40.692994 1 a.go:7] x")',
    error: 'function call error for "parse_klog" at (0:48): unrecognized log level "X"',
  },
  {
    title: "No month of the calendar",
    source: 'parse_klog!("I1301 17:59:40.692994 1 a.go:7] x")',
    error:
      'function call error for "parse_klog" at (0:48): failed parsing timestamp 1301 17:59:40.692994: input is out of range',
  },
  {
    title: "A line larger than an integer",
    source: 'parse_klog!("I0505 17:59:40.692994 1 a.go:99999999999999999999] x")',
    error: 'function call error for "parse_klog" at (0:67): failed parsing line',
  },
  {
    title: "Not the format",
    source: 'parse_klog!("")',
    error: 'function call error for "parse_klog" at (0:15): failed parsing klog message',
  },
];
