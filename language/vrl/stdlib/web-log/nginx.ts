/** The formats of Nginx's logs and of its ingress controller's, as its packages configure them. */
import { type Format, format } from "./format.ts";

// A quoted part within which no bracket followed by white space could be taken for the end of the time.
const QUOTED = String.raw`"((?:[^"\]]|\](?![\s\x85]))*)"`;
const QUOTED_SOME = String.raw`"((?:[^"\]]|\](?![\s\x85]))+)"`;

export const combined: Format = format(
  String.raw`^\s*(?:-|(?P<client>\S+))\s+-\s+(?:-|(?P<user>\S+))\s+\[(?P<timestamp>.+)\]\s+"(?P<request>[^"]*)"\s+` +
    String.raw`(?P<status>\d+)\s+(?P<size>\d+)\s+"(?P<referer>[^"]*)"\s+"(?P<agent>[^"]*)"` +
    String.raw`(?:\s+"(?:-|(?P<compression>[^"]+))")?\s*$`,
  new RegExp(
    String.raw`^([!-~]+) - ([!-~]+) \[([^\]"\n]+)\] ${QUOTED} ([0-9]+) ([0-9]+) ${QUOTED} ${QUOTED}(?: ${QUOTED_SOME})?$`,
  ),
);

const MAIN =
  String.raw`^\s*(?:-|(?P<remote_addr>\S+))\s+-\s+(?:-|(?P<remote_user>\S+))\s+\[(?P<timestamp>[^\]]+)\]\s+` +
  String.raw`"(?P<request>[^"]*)"\s+(?P<status>\d+)\s+(?P<body_bytes_size>\d+)\s+` +
  String.raw`"(?:-|(?P<http_referer>[^"]*))"\s+"(?:-|(?P<http_user_agent>[^"]+))"\s+`;

const QUICK_MAIN = String.raw`^([!-~]+) - ([!-~]+) \[([^\]]+)\] "([^"]*)" ([0-9]+) ([0-9]+) "([^"]*)" "([^"]+)" `;

export const main: Format = format(
  String.raw`${MAIN}"(?:-|(?P<http_x_forwarded_for>[^"]+))"\s*$`,
  new RegExp(String.raw`${QUICK_MAIN}"([^"]+)"$`),
);

export const ingress: Format = format(
  String.raw`${MAIN}(?P<request_length>\d+)\s+(?P<request_time>\d+\.\d+)\s+\[(?P<proxy_upstream_name>[^\]]+)\]\s+` +
    String.raw`\[(?P<proxy_alternative_upstream_name>[^\]]+)?\]\s+(?P<upstream_addr>\S+)\s+` +
    String.raw`(?:-|(?P<upstream_response_length>\d+))\s+(?:-|(?P<upstream_response_time>\d+\.\d+))\s+` +
    String.raw`(?:-|(?P<upstream_status>\d+))\s+(?P<req_id>\S+)\s*$`,
  new RegExp(
    String.raw`${QUICK_MAIN}([0-9]+) ([0-9]+\.[0-9]+) \[([^\]]+)\] \[([^\]]+)?\] ` +
      String.raw`([!-~]+) ([0-9]+|-) ([0-9]+\.[0-9]+|-) ([0-9]+|-) ([!-~]+)$`,
  ),
);

const SINGLE_SPACED = /^[^\s\x85]+(?: [^\s\x85]+)*$/;
const HEADER_END = /\] [^ ]*#/;

export const error: Format = format(
  String.raw`^\s*(?P<timestamp>.+)\s+\[(?P<severity>\w+)\]\s+(?P<pid>\d+)\#(?P<tid>\d+):(?:\s+\*(?P<cid>\d+))?` +
    String.raw`\s+(?P<message>.+?)(?:,\s+excess:\s+(?P<excess>[^\s,]+),?\sby\szone\s"(?P<zone>[^,]+)")?` +
    String.raw`(?:,\s+client:\s+(?P<client>[^,]+))?(?:,\s+server:\s+(?P<server>[^,]*))?` +
    String.raw`(?:,\s+request:\s+"(?P<request>[^"]*)")?(?:,\s+upstream:\s+"(?P<upstream>[^"]*)")?` +
    String.raw`(?:,\s+host:\s+"(?P<host>[^"]*)")?(?:,\s+refer?rer:\s+"(?P<referer>[^"]*)")?\s*$`,
  new RegExp(
    String.raw`^([0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \[([A-Za-z0-9_]+)\] ([0-9]+)#([0-9]+):(?: \*([0-9]+))? ` +
      String.raw`(.+?)(?:, excess: ([^ ,]+),? by zone "([^,]+)")?(?:, client: ([^,]+))?(?:, server: ([^,]*))?` +
      String.raw`(?:, request: "([^"]*)")?(?:, upstream: "([^"]*)")?(?:, host: "([^"]*)")?(?:, refer?rer: "([^"]*)")?$`,
  ),
  // Between single spaces, white space is told by them; and nothing else looks like the end of the header, which is the
  // last of its kind. Fields end at commas and quotes, so the message grows over each part once.
  (line) => SINGLE_SPACED.test(line) && line.split(HEADER_END, 3).length === 2,
);
