/** The menu's programs, from the first look to the finer points. Each is whole: with an event that shows what it does. */
import type { Work } from "./link/link.ts";

export interface Example extends Work {
  readonly title: string;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

export const examples: readonly Example[] = [
  {
    title: "A log line that is JSON",
    timezone: "UTC",
    program: `# Text becomes fields; what is no JSON ends the program with an error.
line = object!(parse_json!(.message))
del(.message)
. = merge(., line)

.level = downcase(string!(.level))
.seconds = to_float!(del(.took_ms)) / 1000.0
.is_slow = .seconds > 1.0
`,
    event: json({
      host: "web-3",
      message: '{"level":"WARN","path":"/orders","took_ms":1530,"user":{"id":7,"name":"Ada"}}',
    }),
  },
  {
    title: "Several formats in one stream",
    timezone: "UTC",
    program: `# \`??\` takes the next when one fails, so that every line ends as an object.
line = string!(.message)
. = parse_json(line) ??
  parse_syslog(line) ??
  parse_logfmt(line) ??
  { "message": line, "unparsed": true }
`,
    event: json({ message: 'level=error msg="cannot reach stock" attempt=3 service=checkout' }),
  },
  {
    title: "A web server's access log",
    timezone: "Europe/Amsterdam",
    program: `. = parse_nginx_log!(.message, format: "combined")

.agent = parse_user_agent(string!(.agent))
.path = split(.request, " ")[1]

# 2xx, 3xx and so on: one of a few values, so it can be a label of a metric.
.class = to_string(floor(.status / 100)) + "xx"
.is_failure = .status >= 500
`,
    event: json({
      message:
        '198.51.100.7 - ada [01/Mar/2026:09:15:04 +0100] "GET /shelf/mugs HTTP/1.1" 503 312 "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0"',
    }),
  },
  {
    title: "Hide what must not be kept",
    timezone: "UTC",
    program: `# Card numbers and addresses of mail, wherever they stand.
. = redact(., filters: [
  r'\\b\\d{4}([ -]?\\d{4}){3}\\b',
  r'[\\w.+-]+@[\\w-]+\\.[\\w.]+',
])

# A pseudonym: the same customer can still be followed.
.customer = sha2(string!(.customer), variant: "SHA-256")
.customer = slice!(.customer, start: 0, end: 12)

.client = ip_subnet!(.client, "/24")
del(.headers.authorization)
`,
    event: json({
      client: "203.0.113.77",
      customer: "c-20417",
      message: "Card 4111 1111 1111 1111 of ada@example.org was declined",
      headers: { accept: "*/*", authorization: "Bearer 2YotnFZFEjr1zCsicMWpAA" },
    }),
  },
  {
    title: "Keep some, drop the rest",
    timezone: "UTC",
    program: `# \`abort\` drops the event, and takes back what was changed before.
.seen = true
if .level == "debug" && !contains(string(.tags) ?? "", "keep") {
  abort "debug is not kept"
}

.team = if starts_with(string(.service) ?? "", "pay") {
  "payments"
} else {
  "shop"
}
.urgent = includes(["error", "fatal"], .level)
`,
    event: json({ level: "debug", service: "payment", message: "retrying", tags: "checkout" }),
  },
  {
    title: "Times and timezones",
    timezone: "America/New_York",
    program: `# This time names no zone: the one chosen above is taken.
at = parse_timestamp!(.time, "%Y-%m-%d %H:%M:%S")

.time = at
.unix = to_unix_timestamp(at)
.day = format_timestamp!(at, format: "%A, %-d %B", timezone: "Asia/Tokyo")
.due = from_unix_timestamp!(.unix + 2 * 24 * 60 * 60)
`,
    event: json({ time: "2026-03-08 01:30:00", order: 1204 }),
  },
  {
    title: "Arrays and objects, piece by piece",
    timezone: "UTC",
    program: `# Closures get each element, or each key with its value.
total = 0.0
for_each(array!(.items)) -> |_, item| {
  total = total + to_float!(item.price) * to_float!(item.count)
}
.total = round(total, precision: 2)

.skus = map_values(array!(.items)) -> |item| { upcase(string!(item.sku)) }
.headers = map_keys(object!(.headers)) -> |key| { snakecase(key) }
.notes = filter(array!(.notes)) -> |_, note| { note != "" }
. = compact(.)
`,
    event: json({
      items: [
        { sku: "mug-blue", price: 9.5, count: 2 },
        { sku: "shelf-oak", price: "129.90", count: 1 },
      ],
      headers: { "Content-Type": "application/json", "X-Request-Id": "a81f" },
      notes: ["", "gift", ""],
      coupon: null,
    }),
  },
  {
    title: "What the compiler catches",
    timezone: "UTC",
    program: `# Three mistakes, all found before an event is seen. F8 leads from one to the next.
.status = to_int(.status)

.name = upcasse("ada")

if .count > 3 { "many" }
`,
    event: json({ status: "200", count: 5 }),
  },
];
