import { type Command, type Flag, optionalApp } from "./command.ts";

const wide: Flag = { name: "wide", summary: "more columns" };
const tapFlags: readonly Flag[] = [
  {
    name: "from",
    value: "SERVICE",
    kind: "service",
    summary: "only of this caller; `ingress` for what comes from outside",
  },
  { name: "to", value: "SERVICE", kind: "service", summary: "only to this service" },
  { name: "method", value: "METHOD", kind: "text", summary: "only with this method" },
  { name: "path", value: "PREFIX", kind: "text", summary: "only paths that begin so" },
  { name: "status", value: "STATUS", kind: "text", summary: "only answered so, such as 503 or 5xx" },
  {
    name: "max-rps",
    value: "NUMBER",
    kind: "count",
    summary: "requests per second at most; default: 100",
  },
];

/** Commands that show what services do; part of the table of all. */
export const seeingCommands: readonly Command[] = [
  {
    name: "stat",
    summary: "show success rate, requests per second and latencies",
    arguments: [optionalApp],
    flags: [
      { ...wide, summary: "with the bytes that services read and write" },
      { name: "egress", summary: "what leaves the mesh instead, by host name (transparent mode)" },
    ],
    examples: [
      { command: "plinth stat shop", says: "how the services of shop are doing" },
      { command: "plinth stat --egress", says: "who talks to whom out there" },
    ],
    load: () => import("./commands/stat.ts"),
  },
  {
    name: "edges",
    summary: "show who calls whom, by what protocol and how secured",
    description: [
      "SECURED is √ where all requests went to other hosts over mutual TLS; `same host` where none left this one.",
    ],
    arguments: [{ ...optionalApp, summary: "default: all apps" }],
    flags: [{ ...wide, summary: "with bytes of opaque connections and the SPIFFE IDs of both sides" }],
    examples: [{ command: "plinth edges shop", says: "the calls within shop" }],
    load: () => import("./commands/edges.ts"),
  },
  {
    name: "routes",
    summary: "show success rate, requests per second and latencies by route",
    description: [
      'Routes are those that the config gives a service; requests that none of them takes are shown as "default". A route has its row from its first request on.',
      "With --wide, what callers see (EFFECTIVE) beside what it took with every request that was sent again (ACTUAL).",
    ],
    arguments: [{ ...optionalApp, summary: "default: all apps" }],
    flags: [{ ...wide, summary: "with and without requests that were sent again" }],
    examples: [{ command: "plinth routes shop --wide", says: "are retries hiding failures?" }],
    load: () => import("./commands/routes.ts"),
  },
  {
    name: "tap",
    summary: "watch requests live",
    description: [
      "One line when a request begins (req), is answered (rsp) and ends (end); connections that pass through unread are opened (opn) and closed (cls). Never headers or bodies, and paths without their queries, which may carry secrets. Costs nothing while nobody taps.",
    ],
    arguments: [{ ...optionalApp, summary: "default: all apps" }],
    flags: [
      ...tapFlags,
      { name: "query", summary: "paths with their query strings, which may carry secrets" },
    ],
    examples: [
      { command: "plinth tap shop --to catalog --status 5xx", says: "what fails in catalog" },
      { command: "plinth tap --json | jq -c 'select(.type == \"end\")'", says: "for a script" },
    ],
    load: () => import("./commands/tap.ts"),
  },
  {
    name: "top",
    summary: "show the busiest paths, live",
    description: ["Redraws a terminal until Ctrl-C; elsewhere, and with --for, prints one table at the end."],
    arguments: [{ ...optionalApp, summary: "default: all apps" }],
    flags: [
      ...tapFlags,
      {
        name: "for",
        value: "DURATION",
        kind: "duration",
        summary: "count for so long, then print; default without a terminal: 5s",
      },
    ],
    examples: [{ command: "plinth top shop --for 30s --json", says: "one document after half a minute" }],
    load: () => import("./commands/top.ts"),
  },
  {
    name: "diagnostics",
    summary: "show what the proxy has in force",
    arguments: [],
    flags: [],
    examples: [{ command: "plinth diagnostics endpoints", says: "where requests may go right now" }],
    subcommands: [
      {
        name: "endpoints",
        summary: "list endpoints with their state, requests under way and load",
        arguments: [],
        flags: [],
        examples: [{ command: "plinth diagnostics endpoints --json", says: "for a script" }],
        load: () => import("./commands/diagnostics.ts"),
      },
      {
        name: "snapshot",
        summary: "print the snapshot in force",
        description: ["Always JSON."],
        arguments: [],
        flags: [],
        examples: [
          { command: "plinth diagnostics snapshot | jq .services", says: "what the proxy routes by" },
        ],
        load: () => import("./commands/diagnostics.ts"),
      },
      {
        name: "metrics",
        summary: "print the proxy's metrics in Prometheus' format",
        arguments: [],
        flags: [],
        examples: [
          { command: "plinth diagnostics metrics | grep _latency_", says: "as Prometheus scrapes it" },
        ],
        load: () => import("./commands/diagnostics.ts"),
      },
    ],
  },
];
