/** Names of the codes that a message's priority is made of (RFC 5424, section 6.2.1), as Linux calls them. */

const facilities: readonly string[] = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "ntp",
  "audit",
  "alert",
  "clockd",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
];

const severities: readonly string[] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/** Of a priority of 0 to 255; undefined: above 191 there is none. */
export function facilityOf(priority: number): string | undefined {
  return facilities[priority >> 3];
}

export function severityOf(priority: number): string {
  return severities[priority & 7]!;
}
