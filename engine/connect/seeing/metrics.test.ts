import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { seededRandom } from "@plinth/clock";
import { Exposition } from "@plinth/metrics";
import { Callee } from "../callee.ts";
import { NameCounts } from "../dns/name-counts.ts";
import { Edge } from "../edge.ts";
import { PeerCounts } from "../link/peer-counts.ts";
import { metricsText } from "../metrics-text.ts";
import { routeMetrics } from "./route-metrics.ts";

const callee = { key: "shop.catalog", app: "shop", service: "catalog" };

function busyEdge(): Edge {
  const edge = new Edge("shop", "web", callee);
  edge.requests.value = 6;
  edge.grpcRequests = 1;
  for (const [status, latencyMs] of [
    [200, 0.5],
    [200, 50],
    [200, 51],
    [503, 700],
  ] as const)
    edge.answered(status, latencyMs);
  edge.answeredGrpc(200, 14, 3);
  edge.failed(504, "response-timeout", 20_000);
  return edge;
}

test("routeMetrics() tells Linkerd's families of both sides, in its buckets", () => {
  const text = new Exposition();
  routeMetrics(text, [busyEdge()]);
  const lines = text.toString().split("\n");
  const value = (pattern: RegExp): string | undefined =>
    lines
      .find((line) => pattern.test(line))
      ?.split(" ")
      .at(-1);
  const parent = 'parent_kind="Service",parent_namespace="shop",parent_name="catalog"';
  assert.equal(
    value(new RegExp(`^outbound_http_route_request_statuses_total{.*${parent}.*http_status="200"}`)),
    "3",
  );
  assert.equal(
    value(/^outbound_http_route_request_statuses_total{.*http_status="504",error="response-timeout"}/),
    "1",
  );
  assert.equal(value(/^outbound_grpc_route_request_statuses_total{.*grpc_status="14"}/), "1");
  const bucket = (le: string): string | undefined =>
    value(
      new RegExp(`^outbound_http_route_request_duration_seconds_bucket{.*le="${le.replace("+", "\\+")}"}`),
    );
  assert.deepEqual(["0.05", "0.5", "1", "10", "+Inf"].map(bucket), ["2", "3", "4", "4", "5"]);
  assert.equal(value(/^inbound_http_requests_total{app="shop",src_app="shop",src_service="web"/), "5");
  assert.equal(value(/^inbound_grpc_requests_total{/), "1");
  assert.equal(value(/^inbound_http_statuses_total{.*http_status="503"}/), "1");
});

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

test(
  "promtool finds nothing wrong but Linkerd's own names",
  { skip: !hasPromtool && "promtool missing" },
  () => {
    const callees = new Map([[callee.key, new Callee(callee.key, seededRandom(1))]]);
    const edges = new Map([["web catalog", busyEdge()]]);
    const peering = {
      links: { size: 0 },
      counts: new PeerCounts(),
      open: 0,
      certificates: [{ id: "spiffe://home/app/shop/service/web", notAfterMs: 1_500 }],
    };
    const build = { version: "1.2.3", runtime: "node", startedSeconds: 1 } as const;
    const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: metricsText({ edges, callees }, [], new NameCounts(), peering, build, {
        sent: 1,
        dropped: 0,
        accessDropped: 0,
      }),
      encoding: "utf8",
    });
    // Linkerd counts latency in milliseconds, and says so in the name.
    const complaints = `${stdout}${stderr}`
      .split("\n")
      .filter((line) => !line.startsWith("response_latency_ms "));
    assert.deepEqual(
      complaints.filter((line) => line !== ""),
      [],
    );
  },
);
