import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { facilities } from "./syslog/names.ts";

export const toSyslogFacility: FunctionDefinition = {
  name: "to_syslog_facility",
  category: "Convert",
  usage:
    "Tells the keyword of the syslog [facility](https://en.wikipedia.org/wiki/Syslog#Facility) whose code is `value`.",
  parameters: [{ name: "value", kind: Part.integer, description: "The code, 0 to 23." }],
  failures: ["`value` is no facility's code."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Integer) =>
    facilities[Number(value)] ?? new Failure(`facility code ${value} not valid`),
};

export const examples: readonly Example[] = [
  { title: "Mail", source: "to_syslog_facility!(2)", result: "mail" },
  {
    title: "There is none",
    source: "to_syslog_facility!(24)",
    error: 'function call error for "to_syslog_facility" at (0:23): facility code 24 not valid',
  },
];

export const tests: readonly Example[] = [
  { title: "The first", source: "to_syslog_facility!(0)", result: "kern" },
  { title: "The last", source: "to_syslog_facility!(23)", result: "local7" },
  { title: "Of the clock", source: "to_syslog_facility!(15)", result: "s'solaris-cron'" },
  {
    title: "Negative",
    source: "to_syslog_facility!(-1)",
    error: 'function call error for "to_syslog_facility" at (0:23): facility code -1 not valid',
  },
  {
    title: "Only integers",
    source: "to_syslog_facility!(.v)",
    input: '{"v": "2"}',
    error: 'function call error for "to_syslog_facility" at (0:23): expected integer, got string',
  },
];
