import assert from "node:assert/strict";
import { test } from "node:test";
import { egressStats } from "./egress-stats.ts";

const counter = (id: string, destination: string, bytes: number) => ({
  id,
  destination,
  port: 443,
  protocol: "tcp",
  bytes,
  packets: bytes / 100,
  connections: 1,
});
const owners = new Map([
  ["shop.web.a", { app: "shop", service: "web" }],
  ["shop.web.b", { app: "shop", service: "web" }],
]);

test("egressStats() adds up what instances of a service sent to all addresses of a host", () => {
  const rows = egressStats(
    [
      counter("shop.web.a", "192.0.2.1", 100),
      counter("shop.web.b", "192.0.2.2", 500),
      counter("shop.web.a", "198.51.100.9", 300),
      counter("shop.gone.x", "192.0.2.1", 700),
    ],
    [
      { app: "shop", service: "web", address: "192.0.2.1", name: "example.org" },
      { app: "shop", service: "web", address: "192.0.2.2", name: "example.org" },
      { app: "shop", service: "other", address: "198.51.100.9", name: "example.net" },
    ],
    (instance) => owners.get(instance),
  );
  assert.deepEqual(
    rows.map(({ host, address, bytes, packets, connections }) => [
      host,
      address,
      bytes,
      packets,
      connections,
    ]),
    [
      ["example.org", "192.0.2.1", 600, 6, 2],
      [null, "198.51.100.9", 300, 3, 1],
    ],
  );
});
