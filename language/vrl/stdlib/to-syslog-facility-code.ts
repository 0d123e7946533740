import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { facilities } from "./syslog/names.ts";

export const toSyslogFacilityCode: FunctionDefinition = {
  name: "to_syslog_facility_code",
  category: "Convert",
  usage:
    "Tells the code of the syslog [facility](https://en.wikipedia.org/wiki/Syslog#Facility) of the keyword `value`.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The keyword." }],
  failures: ["`value` is no facility's keyword."],
  returns: Part.integer,
  typeOf: () => TypeDef.of(Kind.integer).fallible,
  prepare: () => (value: Text) => {
    const name = lossyText(value);
    const code = facilities.indexOf(name);
    return code < 0 ? new Failure(`syslog facility '${name}' not valid`) : code;
  },
};

export const examples: readonly Example[] = [
  { title: "Mail", source: 'to_syslog_facility_code!("mail")', result: "2" },
  {
    title: "There is none",
    source: 'to_syslog_facility_code!("post")',
    error: "function call error for \"to_syslog_facility_code\" at (0:32): syslog facility 'post' not valid",
  },
];

export const tests: readonly Example[] = [
  { title: "The first", source: 'to_syslog_facility_code!("kern")', result: "0" },
  { title: "The last", source: 'to_syslog_facility_code!("local7")', result: "23" },
  { title: "There and back", source: "to_syslog_facility_code!(to_syslog_facility!(13))", result: "13" },
  {
    title: "Capitals",
    source: 'to_syslog_facility_code!("KERN")',
    error: "function call error for \"to_syslog_facility_code\" at (0:32): syslog facility 'KERN' not valid",
  },
  {
    title: "Only strings",
    source: "to_syslog_facility_code!(.v)",
    input: '{"v": 2}',
    error: 'function call error for "to_syslog_facility_code" at (0:28): expected string, got integer',
  },
];
