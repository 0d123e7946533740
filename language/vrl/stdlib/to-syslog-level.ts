import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { levels } from "./syslog/names.ts";

export const toSyslogLevel: FunctionDefinition = {
  name: "to_syslog_level",
  category: "Convert",
  usage:
    "Tells the keyword of the syslog [severity](https://en.wikipedia.org/wiki/Syslog#Severity_level) whose number is `value`.",
  parameters: [{ name: "value", kind: Part.integer, description: "The number, 0 to 7." }],
  failures: ["`value` is no severity's number."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Integer) =>
    levels[Number(value)] ?? new Failure(`severity level ${value} not valid`),
};

export const examples: readonly Example[] = [
  { title: "An error", source: "to_syslog_level!(3)", result: "err" },
  {
    title: "There is none",
    source: "to_syslog_level!(8)",
    error: 'function call error for "to_syslog_level" at (0:19): severity level 8 not valid',
  },
];

export const tests: readonly Example[] = [
  { title: "The worst", source: "to_syslog_level!(0)", result: "emerg" },
  { title: "The least", source: "to_syslog_level!(7)", result: "debug" },
  {
    title: "Negative",
    source: "to_syslog_level!(-3)",
    error: 'function call error for "to_syslog_level" at (0:20): severity level -3 not valid',
  },
  {
    title: "Only integers",
    source: "to_syslog_level!(.v)",
    input: '{"v": 3.5}',
    error: 'function call error for "to_syslog_level" at (0:20): expected integer, got float',
  },
];
