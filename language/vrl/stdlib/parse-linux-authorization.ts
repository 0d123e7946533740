import { Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { prepareSyslog } from "./syslog/prepare.ts";
import { messageKind } from "./syslog/to-object.ts";

export const parseLinuxAuthorization: FunctionDefinition = {
  name: "parse_linux_authorization",
  category: "Parse",
  usage:
    "Parses a line of Linux's authorization log, which is Syslog: `/var/log/auth.log` on Debian and its kin, `/var/log/secure` on Red Hat and its kin. It does what `parse_syslog` does.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The line." }],
  failures: ["`value` is not a properly formatted Syslog message."],
  returns: Part.object,
  notices: [
    "Lines without a year are taken to be of this year; those of December to be of the last one while it is January.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(messageKind).fallible,
  prepare: prepareSyslog,
};

export const examples: readonly Example[] = [
  {
    title: "A login",
    source:
      'parse_linux_authorization!("Mar 23 2024 01:49:58 bastion sshd[1111]: Accepted publickey for deploy from 10.1.1.1 port 8888 ssh2")',
    result:
      '{"appname": "sshd", "hostname": "bastion", "message": "Accepted publickey for deploy from 10.1.1.1 port 8888 ssh2", "procid": 1111, "timestamp": "2024-03-23T01:49:58Z"}',
  },
  {
    title: "An RFC 3339 timestamp",
    source:
      'parse_linux_authorization!("2024-03-23T01:49:58.000001+01:00 bastion su: (to root) eve on pts/1")',
    result:
      '{"appname": "su", "hostname": "bastion", "message": "(to root) eve on pts/1", "timestamp": "2024-03-23T00:49:58.000001Z"}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "A tag without a process",
    source: 'parse_linux_authorization!("Mar 23 2024 01:49:58 h sudo:   eve : TTY=pts/1 ; COMMAND=/bin/sh")',
    result:
      '{"appname": "sudo", "hostname": "h", "message": "eve : TTY=pts/1 ; COMMAND=/bin/sh", "timestamp": "2024-03-23T01:49:58Z"}',
  },
  {
    title: "Without a message",
    source: 'parse_linux_authorization!("Mar 23 2024 01:49:58 h sudo:")',
    result: '{"appname": "sudo", "hostname": "h", "message": "", "timestamp": "2024-03-23T01:49:58Z"}',
  },
  {
    title: "No line of a log",
    source: 'parse_linux_authorization!("su")',
    error:
      'function call error for "parse_linux_authorization" at (0:32): unable to parse input as valid syslog message',
  },
];
