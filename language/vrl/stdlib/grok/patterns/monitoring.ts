/** Lines of Nagios and Zeek: fields between semicolons or tabs, by the kind of the line. */

/** `TYPE:name` or `TYPE`, with a space between. */
function fields(list: string, separator: string): string {
  return list
    .split(" ")
    .map((field) => `%{${field}}`)
    .join(separator);
}

/** Nagios's fields have its name in front; without a type they are any text. */
function nagiosFields(list: string): string {
  return list
    .split(" ")
    .map((field) => {
      const [type, name] = field.includes(":") ? field.split(":") : ["DATA", field];
      return `%{${type}:nagios_${name}}`;
    })
    .join(";");
}

const MESSAGE = "GREEDYDATA:message";
const COMMENT = "GREEDYDATA:comment";

/** Kinds of lines and their fields, in the order in which a line is tried. */
const nagiosLines: readonly (readonly [kind: string, list: string])[] = [
  ["CURRENT_SERVICE_STATE", `hostname service state statetype statecode ${MESSAGE}`],
  ["CURRENT_HOST_STATE", `hostname state statetype statecode ${MESSAGE}`],
  ["SERVICE_NOTIFICATION", `notifyname hostname service state contact ${MESSAGE}`],
  ["HOST_NOTIFICATION", `notifyname hostname state contact ${MESSAGE}`],
  ["SERVICE_ALERT", `hostname service state statelevel NUMBER:attempt ${MESSAGE}`],
  ["HOST_ALERT", `hostname state statelevel NUMBER:attempt ${MESSAGE}`],
  ["SERVICE_FLAPPING_ALERT", `hostname service state ${MESSAGE}`],
  ["HOST_FLAPPING_ALERT", `hostname state ${MESSAGE}`],
  ["SERVICE_DOWNTIME_ALERT", `hostname service state ${COMMENT}`],
  ["HOST_DOWNTIME_ALERT", `hostname state ${COMMENT}`],
  ["PASSIVE_SERVICE_CHECK", `hostname service state ${COMMENT}`],
  ["PASSIVE_HOST_CHECK", `hostname state ${COMMENT}`],
  ["SERVICE_EVENT_HANDLER", "hostname service state statelevel event_handler_name"],
  ["HOST_EVENT_HANDLER", "hostname state statelevel event_handler_name"],
  ["TIMEPERIOD_TRANSITION", "service unknown1 unknown2"],
];

const ANY_HOST = "GREEDYDATA:hostname";
const ANY_SERVICE = "hostname GREEDYDATA:service";

/** Commands from outside, in the same order. One has no line of its own. */
const nagiosCommands: readonly (readonly [command: string, list: string | undefined])[] = [
  ["DISABLE_SVC_CHECK", "hostname service"],
  ["ENABLE_SVC_CHECK", "hostname service"],
  ["DISABLE_HOST_CHECK", "hostname"],
  ["ENABLE_HOST_CHECK", "hostname"],
  ["PROCESS_HOST_CHECK_RESULT", "hostname state GREEDYDATA:check_result"],
  ["PROCESS_SERVICE_CHECK_RESULT", "hostname service state GREEDYDATA:check_result"],
  [
    "SCHEDULE_HOST_DOWNTIME",
    "hostname NUMBER:start_time NUMBER:end_time NUMBER:fixed NUMBER:trigger_id NUMBER:duration",
  ],
  ["DISABLE_HOST_SVC_NOTIFICATIONS", ANY_HOST],
  ["ENABLE_HOST_SVC_NOTIFICATIONS", ANY_HOST],
  ["DISABLE_HOST_NOTIFICATIONS", ANY_HOST],
  ["ENABLE_HOST_NOTIFICATIONS", ANY_HOST],
  ["DISABLE_SVC_NOTIFICATIONS", ANY_SERVICE],
  ["ENABLE_SVC_NOTIFICATIONS", ANY_SERVICE],
  ["SCHEDULE_SERVICE_DOWNTIME", undefined],
];

function nagiosDefinitions(): Record<string, string> {
  const definitions: Record<string, string> = {
    NAGIOSTIME: String.raw`\[%{NUMBER:nagios_epoch}\]`,
    NAGIOS_TYPE_EXTERNAL_COMMAND: "EXTERNAL COMMAND",
    NAGIOS_WARNING: "Warning:%{SPACE}%{GREEDYDATA:nagios_message}",
  };
  const lines = ["NAGIOS_WARNING"];
  for (const [kind, list] of nagiosLines) {
    definitions[`NAGIOS_TYPE_${kind}`] = kind.replaceAll("_", " ");
    definitions[`NAGIOS_${kind}`] = `%{NAGIOS_TYPE_${kind}:nagios_type}: ${nagiosFields(list)}`;
    lines.push(`NAGIOS_${kind}`);
  }
  for (const [command, list] of nagiosCommands) {
    definitions[`NAGIOS_EC_${command}`] = command;
    if (list === undefined) continue;
    // Who ordered a downtime, and why, are not named as Nagios's.
    const more = command === "SCHEDULE_HOST_DOWNTIME" ? ";%{DATA:author};%{DATA:comment}" : "";
    const line = `NAGIOS_EC_LINE_${command}`;
    definitions[line] =
      `%{NAGIOS_TYPE_EXTERNAL_COMMAND:nagios_type}: %{NAGIOS_EC_${command}:nagios_command};${nagiosFields(list)}${more}`;
    lines.push(line);
  }
  definitions["NAGIOSLOGLINE"] = `%{NAGIOSTIME} (?:${lines.map((line) => `%{${line}}`).join("|")})`;
  return definitions;
}

export const nagios: Readonly<Record<string, string>> = nagiosDefinitions();

/** Fields that may be any text. */
function any(names: string): string {
  return names
    .split(" ")
    .map((name) => `GREEDYDATA:${name}`)
    .join(" ");
}

const TAB = String.raw`\t`;
const CONNECTION = "NUMBER:ts NOTSPACE:uid IP:orig_h INT:orig_p IP:resp_h INT:resp_p";

export const zeek: Readonly<Record<string, string>> = {
  BRO_HTTP: fields(
    `${CONNECTION} INT:trans_depth ${any("method domain uri referrer user_agent")} NUMBER:request_body_len NUMBER:response_body_len ` +
      any(
        "status_code status_msg info_code info_msg filename bro_tags username password proxied orig_fuids orig_mime_types resp_fuids resp_mime_types",
      ),
    TAB,
  ),
  BRO_DNS: fields(
    `${CONNECTION} WORD:proto INT:trans_id ` +
      any("query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected"),
    TAB,
  ),
  BRO_CONN: fields(
    `${CONNECTION} WORD:proto ${any("service")} NUMBER:duration NUMBER:orig_bytes NUMBER:resp_bytes ` +
      any(
        "conn_state local_orig missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents",
      ),
    TAB,
  ),
  BRO_FILES: fields(
    `NUMBER:ts NOTSPACE:fuid IP:tx_hosts IP:rx_hosts NOTSPACE:conn_uids ` +
      any(
        "source depth analyzers mime_type filename duration local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1 sha256 extracted",
      ),
    TAB,
  ),
};
