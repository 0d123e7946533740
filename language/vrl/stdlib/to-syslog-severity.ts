import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { formerLevels, levels } from "./syslog/names.ts";

export const toSyslogSeverity: FunctionDefinition = {
  name: "to_syslog_severity",
  category: "Convert",
  usage:
    "Tells the number of the syslog [severity](https://en.wikipedia.org/wiki/Syslog#Severity_level) of the keyword `value`, 0 to 7.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The keyword." }],
  failures: ["`value` is no severity's keyword."],
  returns: Part.integer,
  returnRules: [
    "`panic`, `error` and `warn`, which are no longer used, are taken for `emerg`, `err` and `warning`.",
  ],
  typeOf: () => TypeDef.of(Kind.integer).fallible,
  prepare: () => (value: Text) => {
    const name = lossyText(value);
    const severity = formerLevels.get(name) ?? levels.indexOf(name);
    return severity < 0 ? new Failure(`syslog level ${name} not valid`) : severity;
  },
};

export const examples: readonly Example[] = [
  { title: "A warning", source: 'to_syslog_severity!("warning")', result: "4" },
  {
    title: "There is none",
    source: 'to_syslog_severity!("fatal")',
    error: 'function call error for "to_syslog_severity" at (0:28): syslog level fatal not valid',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Words that are no longer used",
    source: '[to_syslog_severity!("panic"), to_syslog_severity!("error"), to_syslog_severity!("warn")]',
    result: "[0, 3, 4]",
  },
  { title: "There and back", source: "to_syslog_severity!(to_syslog_level!(6))", result: "6" },
  {
    title: "Empty",
    source: 'to_syslog_severity!("")',
    error: 'function call error for "to_syslog_severity" at (0:23): syslog level  not valid',
  },
  {
    title: "Only strings",
    source: "to_syslog_severity!(.v)",
    input: '{"v": true}',
    error: 'function call error for "to_syslog_severity" at (0:23): expected string, got boolean',
  },
];
