/** Lines of what stands between clients and services: AWS's, HAProxy's, Exim's and Rails'. */

/** Parts of a line between separators. */
function joined(separator: string, ...parts: readonly string[]): string {
  return parts.join(separator);
}

/** A field, or a dash. */
function orDash(...types: readonly string[]): string[] {
  return types.map((type) => `(?:%{${type}}|-)`);
}

/** A dash, or a field that could be one. */
function dashOr(type: string): string {
  return `(?:-|%{${type}})`;
}

function requestLine(request: string): string {
  return `(?:%{WORD:verb} %{${request}:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})`;
}

function named(type: string, names: string): string[] {
  return names.split(" ").map((name) => `%{${type}:${name}}`);
}

export const aws: Readonly<Record<string, string>> = {
  S3_REQUEST_LINE: requestLine("NOTSPACE"),
  S3_ACCESS_LOG: joined(
    " ",
    "%{WORD:owner}",
    "%{NOTSPACE:bucket}",
    String.raw`\[%{HTTPDATE:timestamp}\]`,
    "%{IP:clientip}",
    ...named("NOTSPACE", "requester request_id operation key"),
    '(?:"%{S3_REQUEST_LINE}"|-)',
    ...orDash("INT:response:int"),
    dashOr("NOTSPACE:error_code"),
    ...orDash(
      "INT:bytes:int",
      "INT:object_size:int",
      "INT:request_time_ms:int",
      "INT:turnaround_time_ms:int",
    ),
    ...orDash("QS:referrer"),
    '(?:"?%{QS:agent}"?|-)',
    dashOr("NOTSPACE:version_id"),
  ),
  ELB_URIPATHPARAM: "%{URIPATH:path}(?:%{URIPARAM:params})?",
  ELB_URI: "%{URIPROTO:proto}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST:urihost})?(?:%{ELB_URIPATHPARAM})?",
  ELB_REQUEST_LINE: requestLine("ELB_URI"),
  ELB_ACCESS_LOG: joined(
    " ",
    "%{TIMESTAMP_ISO8601:timestamp}",
    "%{NOTSPACE:elb}",
    "%{IP:clientip}:%{INT:clientport:int}",
    "(?:(?:%{IP:backendip}:?:%{INT:backendport:int})|-)",
    "%{NUMBER:request_processing_time:float}",
    "%{NUMBER:backend_processing_time:float}",
    "%{NUMBER:response_processing_time:float}",
    "%{INT:response:int}",
    "%{INT:backend_response:int}",
    "%{INT:received_bytes:int}",
    "%{INT:bytes:int}",
    '"%{ELB_REQUEST_LINE}"',
  ),
  CLOUDFRONT_ACCESS_LOG: joined(
    String.raw`\t`,
    String.raw`(?<timestamp>%{YEAR}-%{MONTHNUM}-%{MONTHDAY}\t%{TIME})`,
    "%{WORD:x_edge_location}",
    ...orDash("NUMBER:sc_bytes:int"),
    "%{IPORHOST:clientip}",
    "%{WORD:cs_method}",
    "%{HOSTNAME:cs_host}",
    "%{NOTSPACE:cs_uri_stem}",
    "%{NUMBER:sc_status:int}",
    ...named("GREEDYDATA", "referrer agent cs_uri_query cookies"),
    "%{WORD:x_edge_result_type}",
    "%{NOTSPACE:x_edge_request_id}",
    "%{HOSTNAME:x_host_header}",
    "%{URIPROTO:cs_protocol}",
    "%{INT:cs_bytes:int}",
    "%{GREEDYDATA:time_taken:float}",
    ...named("GREEDYDATA", "x_forwarded_for ssl_protocol ssl_cipher x_edge_response_result_type"),
  ),
};

const PROXY_LINE =
  "(?:%{SYSLOGTIMESTAMP:syslog_timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) %{IPORHOST:syslog_server} %{SYSLOGPROG}: ";
const PROXY_CLIENT = String.raw`%{IP:client_ip}:%{INT:client_port} \[%{HAPROXYDATE:accept_date}\] %{NOTSPACE:frontend_name} %{NOTSPACE:backend_name}/%{NOTSPACE:server_name} `;
const PROXY_LOAD =
  "%{INT:actconn}/%{INT:feconn}/%{INT:beconn}/%{INT:srvconn}/%{NOTSPACE:retries} %{INT:srv_queue}/%{INT:backend_queue}";

export const haproxy: Readonly<Record<string, string>> = {
  HAPROXYTIME:
    "(?!<[0-9])%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}(?::%{SECOND:haproxy_second})(?![0-9])",
  HAPROXYDATE:
    "%{MONTHDAY:haproxy_monthday}/%{MONTH:haproxy_month}/%{YEAR:haproxy_year}:%{HAPROXYTIME:haproxy_time}.%{INT:haproxy_milliseconds}",
  HAPROXYCAPTUREDREQUESTHEADERS: "%{DATA:captured_request_headers}",
  HAPROXYCAPTUREDRESPONSEHEADERS: "%{DATA:captured_response_headers}",
  HAPROXYHTTPBASE:
    PROXY_CLIENT +
    "%{INT:time_request}/%{INT:time_queue}/%{INT:time_backend_connect}/%{INT:time_backend_response}/%{NOTSPACE:time_duration} " +
    "%{INT:http_status_code} %{NOTSPACE:bytes_read} %{DATA:captured_request_cookie} %{DATA:captured_response_cookie} " +
    `%{NOTSPACE:termination_state} ${PROXY_LOAD} ` +
    String.raw`(?:\{%{HAPROXYCAPTUREDREQUESTHEADERS}\})?(?: )?(?:\{%{HAPROXYCAPTUREDRESPONSEHEADERS}\})?(?: )?` +
    '"(?:<BADREQ>|(?:%{WORD:http_verb} (?:%{URIPROTO:http_proto}://)?(?:%{USER:http_user}(?::[^@]*)?@)?' +
    '(?:%{URIHOST:http_host})?(?:%{URIPATHPARAM:http_request})?(?: HTTP/%{NUMBER:http_version})?))?"?',
  HAPROXYHTTP: `${PROXY_LINE}%{HAPROXYHTTPBASE}`,
  HAPROXYTCP:
    `${PROXY_LINE}${PROXY_CLIENT}%{INT:time_queue}/%{INT:time_backend_connect}/%{NOTSPACE:time_duration} ` +
    `%{NOTSPACE:bytes_read} %{NOTSPACE:termination_state} ${PROXY_LOAD}`,
};

export const exim: Readonly<Record<string, string>> = {
  EXIM_MSGID: "[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}",
  EXIM_FLAGS: "(?:<=|[-=>*]>|[*]{2}|==)",
  EXIM_DATE: "%{YEAR:exim_year}-%{MONTHNUM:exim_month}-%{MONTHDAY:exim_day} %{TIME:exim_time}",
  EXIM_PID: String.raw`\[%{POSINT}\]`,
  EXIM_QT: ["y", "w", "d", "h", "m", "s"].map((unit) => String.raw`(?:\d+${unit})?`).join(""),
  EXIM_EXCLUDE_TERMS:
    "(?:Message is frozen|(?:Start|End) queue run| Warning: | retry time not reached | no (?:IP address|host name) found for (?:IP address|host) | unexpected disconnection while reading SMTP command | no immediate delivery: |another process is handling this message)",
  EXIM_REMOTE_HOST: String.raw`(?:H=(?:%{NOTSPACE:remote_hostname} )?(?:\(%{NOTSPACE:remote_heloname}\) )?\[%{IP:remote_host}\])`,
  EXIM_INTERFACE: String.raw`(?:I=\[%{IP:exim_interface}\](?::%{NUMBER:exim_interface_port}))`,
  EXIM_PROTOCOL: "(?:P=%{NOTSPACE:protocol})",
  EXIM_MSG_SIZE: "(?:S=%{NUMBER:exim_msg_size})",
  EXIM_HEADER_ID: "(?:id=%{NOTSPACE:exim_header_id})",
  EXIM_SUBJECT: "(?:T=%{QS:exim_subject})",
};

export const rails: Readonly<Record<string, string>> = {
  RUUID: String.raw`\h{32}`,
  RCONTROLLER: String.raw`(?<controller>[^#]+)#(?<action>\w+)`,
  RAILS3HEAD:
    '(?m)Started %{WORD:verb} "%{URIPATHPARAM:request}" for %{IPORHOST:clientip} at ' +
    "(?<timestamp>%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} %{ISO8601_TIMEZONE})",
  RPROCESSING: String.raw`\W*Processing by %{RCONTROLLER} as (?<format>\S+)(?:\W*Parameters: {%{DATA:params}}\W*)?`,
  RAILS3PROFILE: String.raw`(?:\(Views: %{NUMBER:viewms}ms \| ActiveRecord: %{NUMBER:activerecordms}ms|\(ActiveRecord: %{NUMBER:activerecordms}ms)?`,
  RAILS3FOOT: "Completed %{NUMBER:response}%{DATA} in %{NUMBER:totalms}ms %{RAILS3PROFILE}%{GREEDYDATA}",
  RAILS3: String.raw`%{RAILS3HEAD}(?:%{RPROCESSING})?(?<context>(?:%{DATA}\n)*)(?:%{RAILS3FOOT})?`,
};
