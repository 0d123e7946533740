/** Patterns of the lines that programs write, by program. */

export const apache: Readonly<Record<string, string>> = {
  HTTPDUSER: "%{EMAILADDRESS}|%{USER}",
  HTTPDERROR_DATE: "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}",
  HTTPD_COMMONLOG:
    String.raw`%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] ` +
    `"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" ` +
    "%{NUMBER:response} (?:%{NUMBER:bytes}|-)",
  HTTPD_COMBINEDLOG: "%{HTTPD_COMMONLOG} %{QS:referrer} %{QS:agent}",
  HTTPD20_ERRORLOG: String.raw`\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel}\] (?:\[client %{IPORHOST:clientip}\] ){0,1}%{GREEDYDATA:message}`,
  HTTPD24_ERRORLOG:
    String.raw`\[%{HTTPDERROR_DATE:timestamp}\] \[%{WORD:module}:%{LOGLEVEL:loglevel}\] \[pid %{POSINT:pid}(?::tid %{NUMBER:tid})?\]` +
    String.raw`(?: \(%{POSINT:proxy_errorcode}\)%{DATA:proxy_message}:)?(?: \[client %{IPORHOST:clientip}:%{POSINT:clientport}\])?` +
    "(?: %{DATA:errorcode}:)? %{GREEDYDATA:message}",
  HTTPD_ERRORLOG: "%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG}",
  COMMONAPACHELOG: "%{HTTPD_COMMONLOG}",
  COMBINEDAPACHELOG: "%{HTTPD_COMBINEDLOG}",
};

export const syslog: Readonly<Record<string, string>> = {
  SYSLOG5424PRINTASCII: "[!-~]+",
  SYSLOGBASE2:
    "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource}+(?: %{SYSLOGPROG}:|)",
  SYSLOGPAMSESSION: String.raw`%{SYSLOGBASE} (?=%{GREEDYDATA:message})%{WORD:pam_module}\(%{DATA:pam_caller}\): session %{WORD:pam_session_state} for user %{USERNAME:username}(?: by %{GREEDYDATA:pam_by})?`,
  CRON_ACTION: "[A-Z ]+",
  CRONLOG: String.raw`%{SYSLOGBASE} \(%{USER:user}\) %{CRON_ACTION:action} \(%{DATA:message}\)`,
  SYSLOGLINE: "%{SYSLOGBASE2} %{GREEDYDATA:message}",
  SYSLOG5424PRI: "<%{NONNEGINT:syslog5424_pri}>",
  SYSLOG5424SD: String.raw`\[%{DATA}\]+`,
  SYSLOG5424BASE:
    "%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver} +(?:%{TIMESTAMP_ISO8601:syslog5424_ts}|-) +" +
    "(?:%{IPORHOST:syslog5424_host}|-) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app}) +" +
    "(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid}) +" +
    "(?:%{SYSLOG5424SD:syslog5424_sd}|-|)",
  SYSLOG5424LINE: "%{SYSLOG5424BASE} +%{GREEDYDATA:syslog5424_msg}",
};

const TOMCAT_TIME = "%{HOUR}:?%{MINUTE}(?::?%{SECOND})";

export const java: Readonly<Record<string, string>> = {
  JAVACLASS: "(?:[a-zA-Z0-9-]+\\.)+[A-Za-z0-9$]+",
  JAVAFILE: "[A-Za-z0-9_.-]+",
  JAVAMETHOD: "(?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)",
  JAVASTACKTRACEPART: String.raw`%{SPACE}at %{JAVACLASS:class}\.%{JAVAMETHOD:method}\(%{JAVAFILE:file}(?::%{NUMBER:line})?\)`,
  JAVATHREAD: String.raw`[A-Z]{2}-Processor[\d]+`,
  JAVALOGMESSAGE: ".*",
  CATALINA_DATESTAMP: `%{MONTH} %{MONTHDAY}, 20%{YEAR} ${TOMCAT_TIME} (?:AM|PM)`,
  TOMCAT_DATESTAMP: `20%{YEAR}-%{MONTHNUM}-%{MONTHDAY} ${TOMCAT_TIME} %{ISO8601_TIMEZONE}`,
  CATALINALOG: "%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:class} %{JAVALOGMESSAGE:logmessage}",
  TOMCATLOG: String.raw`%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:level} \| %{JAVACLASS:class} - %{JAVALOGMESSAGE:logmessage}`,
  MAVEN_VERSION: String.raw`(?:\d+\.)?(?:\d+\.)?(?:\*|\d+)(?:[.-](?:RELEASE|SNAPSHOT))?`,
};

const SCRIPT_LINE = String.raw`%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid}\]`;

export const services: Readonly<Record<string, string>> = {
  REDISTIMESTAMP: "%{MONTHDAY} %{MONTH} %{TIME}",
  REDISLOG: String.raw`\[%{POSINT:pid}\] %{REDISTIMESTAMP:timestamp} \*`,
  REDISMONLOG: String.raw`%{NUMBER:timestamp} \[%{INT:database} %{IP:client}:%{NUMBER:port}\] "%{WORD:command}"\s?%{GREEDYDATA:params}`,
  MONGO_LOG: String.raw`%{SYSLOGTIMESTAMP:timestamp} \[%{WORD:component}\] %{GREEDYDATA:message}`,
  MONGO_QUERY: String.raw`\{ (?<={ ).*(?= } ntoreturn:) \}`,
  MONGO_SLOWQUERY:
    String.raw`%{WORD} %{MONGO_WORDDASH:database}\.%{MONGO_WORDDASH:collection} %{WORD}: %{MONGO_QUERY:query} %{WORD}:%{NONNEGINT:ntoreturn} ` +
    "%{WORD}:%{NONNEGINT:ntoskip} %{WORD}:%{NONNEGINT:nscanned}.*nreturned:%{NONNEGINT:nreturned}..+ (?<duration>[0-9]+)ms",
  MONGO_WORDDASH: String.raw`\b[\w-]+\b`,
  MONGO3_SEVERITY: String.raw`\w`,
  MONGO3_COMPONENT: "%{WORD}|-",
  MONGO3_LOG: String.raw`%{TIMESTAMP_ISO8601:timestamp} %{MONGO3_SEVERITY:severity} %{MONGO3_COMPONENT:component}%{SPACE}(?:\[%{DATA:context}\])? %{GREEDYDATA:message}`,
  POSTGRESQL: "%{DATESTAMP:timestamp} %{TZ} %{DATA:user_id} %{GREEDYDATA:connection_id} %{POSINT:pid}",
  RUBY_LOGLEVEL: "(?:DEBUG|FATAL|ERROR|WARN|INFO)",
  RUBY_LOGGER: String.raw`[DFEWI], \[${SCRIPT_LINE} *%{RUBY_LOGLEVEL:loglevel} -- +%{DATA:progname}: %{GREEDYDATA:message}`,
  MCOLLECTIVE: String.raw`., \[${SCRIPT_LINE}%{SPACE}%{LOGLEVEL:event_level}`,
  MCOLLECTIVEAUDIT: "%{TIMESTAMP_ISO8601:timestamp}:",
  BIND9_TIMESTAMP: "%{MONTHDAY}[-]%{MONTH}[-]%{YEAR} %{TIME}",
  BIND9: String.raw`%{BIND9_TIMESTAMP:timestamp} queries: %{LOGLEVEL:loglevel}: client %{IP:clientip}#%{POSINT:clientport} \(%{GREEDYDATA:query}\): query: %{GREEDYDATA:query} IN %{GREEDYDATA:querytype} \(%{IP:dns}\)`,
  SQUID3: String.raw`%{NUMBER:timestamp}\s+%{NUMBER:duration}\s%{IP:client_address}\s%{WORD:cache_result}/%{POSINT:status_code}\s%{NUMBER:bytes}\s%{WORD:request_method}\s%{NOTSPACE:url}\s(?:%{NOTSPACE:user}|-)\s%{WORD:hierarchy_code}/%{IPORHOST:server}\s%{NOTSPACE:content_type}`,
};
