/** What programs and people's own JavaScript do to the same events; the JavaScript is what one writes, exact or not. */
import type { Target, Value, VrlObject } from "@plinth/vrl";

export interface Workload {
  readonly name: string;
  /** VRL. */
  readonly source: string;
  /** A new event, the same for both. */
  readonly event: (number: number) => VrlObject;
  /** By hand; changes the event. */
  readonly byHand: (target: Target) => Value;
  /** Least that ours may be of the rate by hand. */
  readonly ratioMin: number;
  /** Events per second of one core that are aimed at. */
  readonly aim: number;
}

function jsonLine(number: number): string {
  return JSON.stringify({
    timestamp: "2026-03-14T09:26:53.589Z",
    level: "info",
    service: "checkout",
    host: `node-${number % 17}.example.net`,
    request: {
      method: "GET",
      path: `/cart/${number % 1000}`,
      status: 200 + (number % 5),
      duration_ms: 12.75,
    },
    user: { id: 100_000 + (number % 5000), plan: "team" },
    message: "order placed, waiting for payment",
    tags: ["web", "eu-central"],
  });
}

const LINE = /^(?<host>\S+) (?<user>\S+) \[(?<time>[^\]]+)\] "(?<request>[^"]*)" (?<status>\d{3})$/;

/** 300 bytes of JSON with three changes; five captures, one of them a time; four fields made and one branch. */
export const workloads: readonly Workload[] = [
  {
    name: "JSON read and written",
    source: `
      . = object!(parse_json!(string!(.message)))
      .level = upcase!(.level)
      .request.status = to_string!(.request.status)
      .region = "eu"
      .message = encode_json(.)
    `,
    event: (number) => ({ message: jsonLine(number) }),
    byHand(target) {
      const event = JSON.parse((target.event as VrlObject)["message"] as string) as VrlObject;
      event["level"] = (event["level"] as string).toUpperCase();
      const request = event["request"] as VrlObject;
      request["status"] = `${request["status"] as number}`;
      event["region"] = "eu";
      event["message"] = JSON.stringify(event);
      target.event = event;
      return event["message"];
    },
    ratioMin: 0.5,
    aim: 300_000,
  },
  {
    name: "regex and timestamp",
    source: `
      . |= parse_regex!(string!(.message), r'^(?P<host>\\S+) (?P<user>\\S+) \\[(?P<time>[^\\]]+)\\] "(?P<request>[^"]*)" (?P<status>\\d{3})$')
      .time = parse_timestamp!(.time, "%d/%b/%Y:%H:%M:%S %z")
    `,
    event: (number) => ({
      message: `10.1.${number % 256}.7 alice [14/Mar/2026:09:26:${String(10 + (number % 50))} +0000] "GET /cart/${number % 1000} HTTP/1.1" 200`,
    }),
    byHand(target) {
      const event = target.event as VrlObject;
      const { groups } = LINE.exec(event["message"] as string)!;
      Object.assign(event, groups);
      const [, day, month, year, clock, zone] = /^(\d+)\/(\w+)\/(\d+):([\d:]+) (.*)$/.exec(
        event["time"] as string,
      )!;
      event["time"] = Date.parse(`${day} ${month} ${year} ${clock} ${zone}`);
      return event["time"];
    },
    ratioMin: 0.5,
    aim: 200_000,
  },
  {
    name: "arithmetic and strings",
    source: `
      .total = int!(.price) * int!(.count) + int!(.shipping)
      .expensive = .total > 500
      .name = upcase!(.first) + " " + downcase!(.last)
      if starts_with!(.path, "/api/") { .kind = "api" } else { .kind = "page" }
      .short = contains!(.path, "cart")
    `,
    event: (number) => ({
      price: 10 + (number % 90),
      count: 1 + (number % 7),
      shipping: 5,
      first: "Ada",
      last: "Lovelace",
      path: number % 2 === 0 ? "/api/cart/7" : "/index.html",
    }),
    byHand(target) {
      const event = target.event as VrlObject;
      const total = (event["price"] as number) * (event["count"] as number) + (event["shipping"] as number);
      event["total"] = total;
      event["expensive"] = total > 500;
      event["name"] =
        `${(event["first"] as string).toUpperCase()} ${(event["last"] as string).toLowerCase()}`;
      const path = event["path"] as string;
      event["kind"] = path.startsWith("/api/") ? "api" : "page";
      return (event["short"] = path.includes("cart"));
    },
    ratioMin: 0.4,
    aim: 1_500_000,
  },
];
