/** The formats of Apache's logs, `httpd.apache.org/docs/current/logs.html`. */
import { type Format, format } from "./format.ts";

// Host, identity, user, time in brackets, request, status, size. In a request, what is not a method, a path and a
// protocol is the message alone.
const ACCESS =
  String.raw`^\s*(?:-|(?P<host>.*?))\s+(?:-|(?P<identity>.*?))\s+(?:-|(?P<user>.*?))\s+` +
  String.raw`(?:-|\[(?:-|(?P<timestamp>[^\[]*))\])\s+` +
  String.raw`(?:-|"(?:-|\s*(?P<message>(?P<method>\w+)\s+(?P<path>(?s:.)*?)\s+(?P<protocol>(?s:.)*?)\s*|(?s:.)*?)\s*)")\s+` +
  String.raw`(?:-|(?P<status>\d+))\s+(?:-|(?P<size>\d+))`;

// Words between single spaces; neither the time nor the request has a bracket or quote in it.
const QUICK_ACCESS = String.raw`^([!-~]+) ([!-~]+) ([!-~]+) \[([^\[\]"\n]*)\] "(([A-Za-z0-9_]+) ([!#-\\^-~]+) ([!#-\\^-~]+))" ([0-9]+|-) ([0-9]+|-)`;

export const common: Format = format(String.raw`${ACCESS}\s*$`, new RegExp(`${QUICK_ACCESS}$`));

// What follows the second quoted part does not matter. A dash opens no agent, but a referrer that is all of it.
export const combined: Format = format(
  String.raw`${ACCESS}\s+(?:-|"(?:-|\s*(?P<referrer>(?s:.)*?)"))\s+(?:-|"(?:-|\s*(?P<agent>(?s:.)*?)"))`,
  new RegExp(String.raw`${QUICK_ACCESS} "(-|[!#-,.-~][^"]*|)" (?:-|"(?:-|([!#-,.-~][^"]*|)"))`),
);

/** Tried in this order: what flog writes, then httpd's own. */
export const errors: readonly Format[] = [
  format(
    String.raw`^\s*(?:-|\[(?:-|(?P<timestamp>[^\[]*))\])\s+(?:-|\[(?:-|(?P<module>[^:]*):(?P<severity>[^\[]*))\])\s+` +
      String.raw`(?:-|\[\s*pid\s*(?:-|(?P<pid>[^:]*)(?::\s*tid\s*(?P<thread>[^\[]*))?)\])\s` +
      String.raw`(?:-|\[\s*client\s*(?:-|(?P<client>.*:?):(?P<port>[^\[]*))\])\s(?:-|(?P<message>.*))\s*$`,
  ),
  format(
    String.raw`^\s*\[(?P<timestamp>[^\]]+)\]\s+\[(?:-|(?P<module>[^:]+)):(?P<severity>[^\]]+)\]\s+` +
      String.raw`\[pid\s+(?P<pid>\d+)(?::tid\s+(?P<thread>\d+))?\]\s+` +
      String.raw`(?P<message1>[^\[]*?:\s+(?:[^\[]*?:\s+)?)?(?:\[client\s+(?P<client>.+?):(?P<port>\d+)\]\s+)?` +
      String.raw`(?P<message2>.*)(?:, referer .*)?\s*$`,
  ),
];
