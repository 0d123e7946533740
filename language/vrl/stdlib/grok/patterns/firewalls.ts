/** Lines of firewalls: Cisco's ASA by the number of the message, NetScreen, Shorewall, SUSE's and Juniper's. */

/** Who is behind an address, in parentheses. */
function user(name: string): string {
  return String.raw`(?:\(%{DATA:${name}}\))?`;
}

/** `192.0.2.1/80`. */
function endpoint(side: string): string {
  return `%{IP:${side}_ip}/%{INT:${side}_port}`;
}

/** `outside:192.0.2.1`. */
function atInterface(side: string): string {
  return `%{DATA:${side}_interface}:%{IP:${side}_ip}`;
}

/** The same with a port. */
function portAtInterface(side: string): string {
  return `${atInterface(side)}/%{INT:${side}_port}`;
}

const UNIT = String.raw`\((?:Primary|Secondary)\)`;
const TO_INTERFACE = "[Ii]nterface %{GREEDYDATA:interface_name}";
const FROM_TO = `from ${endpoint("src")} to ${endpoint("dst")}`;
const BETWEEN_INTERFACES = `from ${portAtInterface("src")} to ${portAtInterface("dst")}`;
const ACTION = "%{CISCO_ACTION:action}";
const DIRECTION = "%{CISCO_DIRECTION:direction}";
const PROTOCOL = "%{WORD:protocol}";
const REASON = "%{CISCO_REASON:reason}";
const HASHES = String.raw`\[%{DATA:hashcode1}, %{DATA:hashcode2}\]`;
const HITS = `hit-cnt %{INT:hit_count} %{CISCO_INTERVAL:interval} ${HASHES}`;
const ICMP = String.raw`\(type %{INT:icmp_type}, code %{INT:icmp_code}\)`;
const RATES = (kind: string, name: string): string =>
  `%{INT:drop_rate_current_${name}} per second, max configured rate is %{INT:drop_rate_max_${name}}; ${kind}`;

/** An address in an access list. */
function listed(side: string): string {
  return String.raw`%{DATA:${side}_interface}/%{IP:${side}_ip}\(%{INT:${side}_port}\)`;
}

/** What was translated, in a connection. */
function mapped(side: string): string {
  return String.raw`(?: \(%{IP:${side}_mapped_ip}/%{INT:${side}_mapped_port}\))?`;
}

/** An address that need not be one, with a port or without. */
function named(side: string): string {
  return `%{DATA:${side}_interface}:%{DATA:${side}_ip}(?:/%{INT:${side}_port})?${user(`${side}_fwuser`)}`;
}

function error(side: string): string {
  return `${atInterface(`err_${side}`)}${user(`err_${side}_fwuser`)}`;
}

function original(side: string): string {
  return `${endpoint(`orig_${side}`)}${user(`orig_${side}_fwuser`)}`;
}

const asa: Readonly<Record<string, string>> = {
  "104001": `${UNIT} Switching to ACTIVE - %{GREEDYDATA:switch_reason}`,
  "104002": `${UNIT} Switching to STANDBY - %{GREEDYDATA:switch_reason}`,
  "104003": String.raw`${UNIT} Switching to FAILED\.`,
  "104004": String.raw`${UNIT} Switching to OK\.`,
  "105003": `${UNIT} Monitoring on ${TO_INTERFACE} waiting`,
  "105004": `${UNIT} Monitoring on ${TO_INTERFACE} normal`,
  "105005": `${UNIT} Lost Failover communications with mate on ${TO_INTERFACE}`,
  "105008": `${UNIT} Testing ${TO_INTERFACE}`,
  "105009": `${UNIT} Testing on ${TO_INTERFACE} (?:Passed|Failed)`,
  "106001": `${DIRECTION} ${PROTOCOL} connection ${ACTION} ${FROM_TO} flags %{GREEDYDATA:tcp_flags} on interface %{GREEDYDATA:interface}`,
  "106006_106007_106010":
    `${ACTION} ${DIRECTION} ${PROTOCOL} (?:from|src) ${endpoint("src")}${user("src_fwuser")} ` +
    `(?:to|dst) ${endpoint("dst")}${user("dst_fwuser")} (?:on interface %{DATA:interface}|due to ${REASON})`,
  "106014": `${ACTION} ${DIRECTION} ${PROTOCOL} src ${atInterface("src")}${user("src_fwuser")} dst ${atInterface("dst")}${user("dst_fwuser")} ${ICMP}`,
  "106015": String.raw`${ACTION} ${PROTOCOL} \(%{DATA:policy_id}\) ${FROM_TO} flags %{DATA:tcp_flags} on interface %{GREEDYDATA:interface}`,
  "106021": `${ACTION} ${PROTOCOL} reverse path check from %{IP:src_ip} to %{IP:dst_ip} on interface %{GREEDYDATA:interface}`,
  "106023": `${ACTION}(?: protocol)? ${PROTOCOL} src ${named("src")} dst ${named("dst")}(?: ${ICMP})? by access-group "?%{DATA:policy_id}"? ${HASHES}`,
  "106100_2_3": `access-list %{NOTSPACE:policy_id} ${ACTION} ${PROTOCOL} for user '%{DATA:src_fwuser}' ${listed("src")} -> ${listed("dst")} ${HITS}`,
  "106100": `access-list %{NOTSPACE:policy_id} ${ACTION} ${PROTOCOL} ${listed("src")}${user("src_fwuser")} -> ${listed("dst")}${user("src_fwuser")} ${HITS}`,
  "304001": `%{IP:src_ip}${user("src_fwuser")} Accessed URL %{IP:dst_ip}:%{GREEDYDATA:dst_url}`,
  "110002": `${REASON} for ${PROTOCOL} from ${portAtInterface("src")} to ${endpoint("dst")}`,
  "302010": "%{INT:connection_count} in use, %{INT:connection_count_max} most used",
  "302013_302014_302015_302016":
    `${ACTION}(?: ${DIRECTION})? ${PROTOCOL} connection %{INT:connection_id} ` +
    `for ${portAtInterface("src")}${mapped("src")}${user("src_fwuser")} to ${portAtInterface("dst")}${mapped("dst")}${user("dst_fwuser")}` +
    String.raw`(?: duration %{TIME:duration} bytes %{INT:bytes})?(?: ${REASON})?(?: \(%{DATA:user}\))?`,
  "302020_302021":
    `${ACTION}(?: ${DIRECTION})? ${PROTOCOL} connection for faddr %{IP:dst_ip}/%{INT:icmp_seq_num}${user("fwuser")} ` +
    String.raw`gaddr %{IP:src_xlated_ip}/%{INT:icmp_code_xlated} laddr %{IP:src_ip}/%{INT:icmp_code}(?: \(%{DATA:user}\))?`,
  "305011":
    `${ACTION} %{CISCO_XLATE_TYPE:xlate_type} ${PROTOCOL} translation from ${atInterface("src")}(?:/%{INT:src_port})?${user("src_fwuser")} ` +
    `to ${atInterface("src_xlated")}/%{DATA:src_xlated_port}`,
  "313001_313004_313008": `${ACTION} ${PROTOCOL} type=%{INT:icmp_type}, code=%{INT:icmp_code} from %{IP:src_ip} on interface %{DATA:interface}(?: to %{IP:dst_ip})?`,
  "313005":
    `${REASON} for ${PROTOCOL} error message: %{WORD:err_protocol} src ${error("src")} dst ${error("dst")} ` +
    String.raw`\(type %{INT:err_icmp_type}, code %{INT:err_icmp_code}\) on %{DATA:interface} interface\.  ` +
    `Original IP payload: ${PROTOCOL} src ${original("src")} dst ${original("dst")}`,
  "321001": "Resource '%{WORD:resource_name}' limit of %{POSINT:resource_limit} reached for system",
  "402117": String.raw`${PROTOCOL}: Received a non-IPSec packet \(protocol= %{WORD:orig_protocol}\) from %{IP:src_ip} to %{IP:dst_ip}`,
  "402119": String.raw`${PROTOCOL}: Received an %{WORD:orig_protocol} packet \(SPI= %{DATA:spi}, sequence number= %{DATA:seq_num}\) from %{IP:src_ip} \(user= %{DATA:user}\) to %{IP:dst_ip} that failed anti-replay checking`,
  "419001": `${ACTION} ${PROTOCOL} packet ${BETWEEN_INTERFACES}, reason: %{GREEDYDATA:reason}`,
  "419002": `${REASON} ${BETWEEN_INTERFACES} with different initial sequence number`,
  "500004": `${REASON} for protocol=${PROTOCOL}, ${FROM_TO}`,
  "602303_602304": String.raw`${PROTOCOL}: An ${DIRECTION} %{GREEDYDATA:tunnel_type} SA \(SPI= %{DATA:spi}\) between %{IP:src_ip} and %{IP:dst_ip} \(user= %{DATA:user}\) has been ${ACTION}`,
  "710001_710002_710003_710005_710006": `${PROTOCOL} (?:request|access) ${ACTION} from ${endpoint("src")} to ${portAtInterface("dst")}`,
  "713172": String.raw`Group = %{GREEDYDATA:group}, IP = %{IP:src_ip}, Automatic NAT Detection Status:\s+Remote end\s*%{DATA:is_remote_natted}\s*behind a NAT device\s+This\s+end\s*%{DATA:is_local_natted}\s*behind a NAT device`,
  "733100":
    String.raw`\[\s*%{DATA:drop_type}\s*\] drop %{DATA:drop_rate_id} exceeded. Current burst rate is ` +
    RATES("Current average rate is ", "burst") +
    RATES("Cumulative total count is ", "avg") +
    "%{INT:drop_total_count}",
};

export const cisco: Readonly<Record<string, string>> = {
  CISCO_TAGGED_SYSLOG:
    "^<%{POSINT:syslog_pri}>%{CISCOTIMESTAMP:timestamp}(?: %{SYSLOGHOST:sysloghost})? ?: %%{CISCOTAG:ciscotag}:",
  CISCOTIMESTAMP: "%{MONTH} +%{MONTHDAY}(?: %{YEAR})? %{TIME}",
  CISCOTAG: "[A-Z0-9]+-%{INT}-(?:[A-Z0-9_]+)",
  CISCO_ACTION:
    "Built|Teardown|Deny|Denied|denied|requested|permitted|denied by ACL|discarded|est-allowed|Dropping|created|deleted",
  CISCO_REASON: String.raw`Duplicate TCP SYN|Failed to locate egress interface|Invalid transport field|No matching connection|DNS Response|DNS Query|(?:%{WORD}\s*)*`,
  CISCO_DIRECTION: "Inbound|inbound|Outbound|outbound",
  CISCO_INTERVAL: "first hit|%{INT}-second interval",
  CISCO_XLATE_TYPE: "static|dynamic",
  ...Object.fromEntries(Object.entries(asa).map(([number, line]) => [`CISCOFW${number}`, line])),
};

const TRANSLATED = (side: string): string =>
  `${side}-xlated ip=%{IPORHOST:${side}_xlated_ip} port=%{INT:${side}_xlated_port}`;

export const otherFirewalls: Readonly<Record<string, string>> = {
  NETSCREENSESSIONLOG:
    "%{SYSLOGTIMESTAMP:date} %{IPORHOST:device} %{IPORHOST}: NetScreen device_id=%{WORD:device_id}%{DATA}: " +
    "start_time=%{QUOTEDSTRING:start_time} duration=%{INT:duration} policy_id=%{INT:policy_id} service=%{DATA:service} proto=%{INT:proto} " +
    "src zone=%{WORD:src_zone} dst zone=%{WORD:dst_zone} action=%{WORD:action} sent=%{INT:sent} rcvd=%{INT:rcvd} " +
    "src=%{IPORHOST:src_ip} dst=%{IPORHOST:dst_ip} src_port=%{INT:src_port} dst_port=%{INT:dst_port} " +
    `${TRANSLATED("src")} ${TRANSLATED("dst")} session_id=%{INT:session_id} reason=%{GREEDYDATA:reason}`,
  SHOREWALL:
    "(?:%{SYSLOGTIMESTAMP:timestamp}) (?:%{WORD:nf_host}) kernel:.*Shorewall:(?:%{WORD:nf_action1})?:(?:%{WORD:nf_action2})?.*" +
    "IN=(?:%{USERNAME:nf_in_interface})?.*(?:OUT= *MAC=(?:%{COMMONMAC:nf_dst_mac}):(?:%{COMMONMAC:nf_src_mac})?|OUT=%{USERNAME:nf_out_interface}).*" +
    "SRC=(?:%{IPV4:nf_src_ip}).*DST=(?:%{IPV4:nf_dst_ip}).*LEN=(?:%{WORD:nf_len}).?*TOS=(?:%{WORD:nf_tos}).?*PREC=(?:%{WORD:nf_prec}).?*" +
    "TTL=(?:%{INT:nf_ttl}).?*ID=(?:%{INT:nf_id}).?*PROTO=(?:%{WORD:nf_protocol}).?*SPT=(?:%{INT:nf_src_port}?.*DPT=%{INT:nf_dst_port}?.*)",
  SFW2:
    String.raw`(?:(?:%{SYSLOGTIMESTAMP})|(?:%{TIMESTAMP_ISO8601}))\s*%{HOSTNAME}\s*kernel\S+\s*%{NAGIOSTIME}\s*` +
    String.raw`SFW2\-INext\-%{NOTSPACE:nf_action}\s*IN=%{USERNAME:nf_in_interface}.*OUT=(?:(?:\s*%{USERNAME:nf_out_interface})|(?:\s*))` +
    String.raw`MAC=(?:(?:%{COMMONMAC:nf_dst_mac}:%{COMMONMAC:nf_src_mac})|(?:\s*)).*SRC=%{IP:nf_src_ip}\s*DST=%{IP:nf_dst_ip}.*` +
    "PROTO=%{WORD:nf_protocol}(?:(?:.*SPT=%{INT:nf_src_port}.*DPT=%{INT:nf_dst_port}.*)|(?:))",
  RT_FLOW_EVENT: "(?:RT_FLOW_SESSION_CREATE|RT_FLOW_SESSION_CLOSE|RT_FLOW_SESSION_DENY)",
};
