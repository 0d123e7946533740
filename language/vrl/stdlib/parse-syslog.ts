import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { messageKind } from "./syslog/to-object.ts";
import { prepareSyslog } from "./syslog/prepare.ts";

export const parseSyslog: FunctionDefinition = {
  name: "parse_syslog",
  category: "Parse",
  usage:
    "Parses `value` as a [Syslog](https://en.wikipedia.org/wiki/Syslog) message: of RFC 5424 if it is one, else what can be made of RFC 3164 and of the many ways it is written in.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The message." }],
  failures: ["`value` is not a properly formatted Syslog message."],
  returns: Part.object,
  notices: [
    "Messages without a year are taken to be of this year; those of December to be of the last one while it is January.",
    "Nothing but the process, where it is a number, the version and the timestamp is converted: structured data stays strings.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(messageKind).fallible,
  prepare: prepareSyslog,
};

export const examples: readonly Example[] = [
  {
    title: "RFC 5424 with structured data",
    source:
      'parse_syslog!(s\'<165>1 2024-02-29T06:07:08.250Z db7.example.org postgres 4412 CHK7 [slow@32473 ms="812" table="orders"] query was slow\')',
    result:
      '{"appname": "postgres", "facility": "local4", "hostname": "db7.example.org", "message": "query was slow", "msgid": "CHK7", "procid": 4412, "severity": "notice", "slow@32473": {"ms": "812", "table": "orders"}, "timestamp": "2024-02-29T06:07:08.250Z", "version": 1}',
  },
  {
    title: "RFC 3164 with a year",
    source: 'parse_syslog!("<30>Mar  4 2023 05:06:07 gw1 dhcpd[71]: lease 10.0.0.9")',
    result:
      '{"appname": "dhcpd", "facility": "daemon", "hostname": "gw1", "message": "lease 10.0.0.9", "procid": 71, "severity": "info", "timestamp": "2023-03-04T05:06:07Z"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "All that can be missing is",
    source: 'parse_syslog!("1 2024-01-02T03:04:05+01:00 - - - - - text")',
    result: '{"message": "text", "timestamp": "2024-01-02T02:04:05Z", "version": 1}',
  },
  {
    title: "A tag without a host",
    source: 'parse_syslog!("<133>Jun 13 2022 16:33:35 balancer[73411]: up")',
    result:
      '{"appname": "balancer", "facility": "local0", "message": "up", "procid": 73411, "severity": "notice", "timestamp": "2022-06-13T16:33:35Z"}',
  },
  {
    title: "A host without a tag",
    source: 'parse_syslog!("Jun 13 2022 16:33:35 host9 : up")',
    result: '{"hostname": "host9", "message": "up", "timestamp": "2022-06-13T16:33:35Z"}',
  },
  {
    title: "RFC 3339 in a loose message",
    source: 'parse_syslog!("<13>2024-05-06T07:08:09.5Z web app: hi")',
    result:
      '{"appname": "app", "facility": "user", "hostname": "web", "message": "hi", "severity": "notice", "timestamp": "2024-05-06T07:08:09.500Z"}',
  },
  {
    title: "Elements without parameters, and a value of none",
    source: `parse_syslog!(s'<13>1 2019-02-13T19:48:34Z h a 1 - [x][y k=""] m')`,
    result:
      '{"appname": "a", "facility": "user", "hostname": "h", "message": "m", "procid": 1, "severity": "notice", "timestamp": "2019-02-13T19:48:34Z", "version": 1, "x": {}, "y": {"k": ""}}',
  },
  {
    title: "Escapes in a value",
    source: String.raw`parse_syslog!(s'<13>1 2019-02-13T19:48:34Z h a 1 - [y k="\"q\" \] \\ \n \t"] m')`,
    result: String.raw`{"appname": "a", "facility": "user", "hostname": "h", "message": "m", "procid": 1, "severity": "notice", "timestamp": "2019-02-13T19:48:34Z", "version": 1, "y": {"k": "\"q\" ] \\ \n \\t"}}`,
  },
  {
    title: "An element that cannot be read is skipped",
    source: "parse_syslog!(s'<13>1 2019-02-13T19:48:34Z h a 1 - [y k=][z] m')",
    result:
      '{"appname": "a", "facility": "user", "hostname": "h", "message": "m", "procid": 1, "severity": "notice", "timestamp": "2019-02-13T19:48:34Z", "version": 1, "z": {}}',
  },
  {
    title: "Brackets in a loose message are text",
    source: 'parse_syslog!("<131>Jun 8 2021 11:54:08 m web [pid 7] [x] text")',
    result:
      '{"appname": "web", "facility": "local0", "hostname": "m", "message": "[pid 7] [x] text", "severity": "err", "timestamp": "2021-06-08T11:54:08Z"}',
  },
  {
    title: "A process that is no number, a facility that is none",
    source: 'parse_syslog!("<255>Jun 8 2021 11:54:08 m web[main]: é")',
    result:
      '{"appname": "web", "hostname": "m", "message": "é", "procid": "main", "severity": "debug", "timestamp": "2021-06-08T11:54:08Z"}',
  },
  {
    title: "An element takes a field's place",
    source: `parse_syslog!(s'<13>1 2019-02-13T19:48:34Z h a 1 - [message a="1"][__proto__ b="2"] m')`,
    result:
      '{"__proto__": {"b": "2"}, "appname": "a", "facility": "user", "hostname": "h", "message": {"a": "1"}, "procid": 1, "severity": "notice", "timestamp": "2019-02-13T19:48:34Z", "version": 1}',
  },
  {
    title: "No day of the calendar",
    source: 'parse_syslog!("<13>Feb 30 2023 10:00:00 h a: m")',
    error: 'function call error for "parse_syslog" at (0:48): unable to parse input as valid syslog message',
  },
  {
    title: "Not a message",
    source: 'parse_syslog!("hello")',
    error: 'function call error for "parse_syslog" at (0:22): unable to parse input as valid syslog message',
  },
  {
    title: "Empty",
    source: 'parse_syslog!("")',
    error: 'function call error for "parse_syslog" at (0:17): unable to parse input as valid syslog message',
  },
  {
    title: "Only strings",
    source: "parse_syslog!(.x)",
    input: '{"x": 7}',
    error: 'function call error for "parse_syslog" at (0:17): expected string, got integer',
  },
];
