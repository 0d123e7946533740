import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseSnapshot } from "@plinth/connect";
import type { Instance } from "@plinth/resource";
import { hostResolvers } from "./host-resolvers.ts";
import { MachineClaims } from "./machine-claims.ts";
import { claimSubnet, routedSlots, subnetOf } from "./mesh-subnet.ts";
import { type AppView, buildSnapshot } from "./snapshot.ts";

const instance = (name: string, service: string, address: string): Instance =>
  ({
    metadata: { name },
    spec: { app: "shop", service, release: 1, revision: "a", driver: "process", port: 8080, address },
  }) as unknown as Instance;

const catalog = instance("shop.catalog.b", "catalog", "10.213.0.2");
const web = instance("shop.web.b", "web", "10.213.0.3");
const view: AppView = {
  app: "shop",
  services: {
    catalog: { command: ["x"], port: 9000, egress: { allow: ["*.example.org"] } },
    web: { command: ["x"], calls: ["catalog"], egress: { deny: ["evil.example"] } },
  },
  ingress: {},
  published: [],
  pairs: [],
  serving: [catalog],
  local: [catalog, web],
  notReady: {},
  transparent: {
    virtualAddresses: { catalog: "10.213.128.1", web: "10.213.128.2" },
  },
};
const frame = {
  version: 1,
  ingress: { address: "127.0.0.1", port: 8080 },
  metrics: { address: "127.0.0.1", port: 7081 },
};

test("buildSnapshot() tells virtual addresses, callers and names, on port 80 and the service's own", () => {
  const transparent = { gateway: "10.213.0.1", upstreams: ["192.0.2.1:53"] };
  const snapshot = buildSnapshot({ ...frame, transparent }, [view]);
  assert.deepEqual(parseSnapshot(JSON.parse(JSON.stringify(snapshot))), snapshot);
  assert.deepEqual(
    snapshot.virtual.map(({ address, port, callee }) => `${address}:${port} ${callee}`),
    ["10.213.128.1:80 shop.catalog", "10.213.128.1:9000 shop.catalog", "10.213.128.2:80 shop.web"],
  );
  // One that is not ready may call all the same.
  assert.deepEqual(snapshot.sources["10.213.0.3"], { app: "shop", service: "web", instance: "shop.web.b" });
  assert.deepEqual(snapshot.services["shop.catalog"]?.endpoints[0]?.address, "10.213.0.2");
  assert.deepEqual(snapshot.dns?.names, { "shop.catalog": "10.213.128.1", "shop.web": "10.213.128.2" });
  assert.deepEqual(snapshot.dns?.egress, {
    "shop.catalog": { default: "deny", allow: ["*.example.org"], deny: [] },
    "shop.web": { default: "allow", allow: [], deny: ["evil.example"] },
  });
});

test("buildSnapshot() leads further ports and names, and what is published, to where they belong", () => {
  const transparent = { gateway: "10.213.0.1", upstreams: [] };
  const many: AppView = {
    ...view,
    services: {
      ...view.services,
      catalog: { command: ["x"], port: 9000, extraPorts: [9001, 80], aliases: ["db.local"] },
    },
    published: [
      { service: "catalog", address: "0.0.0.0", port: 7000, target: undefined },
      { service: "catalog", address: "127.0.0.1", port: 7001, target: 9001 },
      { service: "gone", address: "127.0.0.1", port: 7002, target: undefined },
    ],
  };
  const snapshot = buildSnapshot({ ...frame, transparent }, [many]);
  assert.deepEqual(parseSnapshot(JSON.parse(JSON.stringify(snapshot))), snapshot);
  assert.deepEqual(
    snapshot.virtual.map(({ address, port, callee }) => `${address}:${port} ${callee}`),
    [
      "10.213.128.1:9001 shop.catalog:9001",
      "10.213.128.1:80 shop.catalog:80",
      "10.213.128.1:9000 shop.catalog",
      "10.213.128.2:80 shop.web",
    ],
  );
  assert.equal(snapshot.services["shop.catalog:9001"]?.endpoints[0]?.port, 9001);
  assert.deepEqual(snapshot.dns?.aliases, { "shop.db.local": "10.213.128.1" });
  assert.deepEqual(snapshot.published, [
    { address: "0.0.0.0", port: 7000, callee: "shop.catalog" },
    { address: "127.0.0.1", port: 7001, callee: "shop.catalog:9001" },
  ]);
});

test("buildSnapshot() in cooperative mode tells none of it", () => {
  const { virtual, sources, dns } = buildSnapshot(frame, [view]);
  assert.deepEqual({ virtual, sources, dns }, { virtual: [], sources: {}, dns: null });
});

test("hostResolvers() reads what resolv.conf names and nothing else", () => {
  const text = "# nameserver 1.1.1.1\nsearch x\nnameserver 127.0.0.53\n nameserver ::1\nnameserver here\n";
  assert.deepEqual(hostResolvers(text), ["127.0.0.53:53", "[::1]:53"]);
});

const HEADING = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
const route = (destination: string, mask: string): string =>
  `eth0\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0\n`;

test("a home's subnet is one that neither a route nor another home has, and what was passed over is free again", async (t) => {
  // The default route, 10.213.4.0/24 and 10.214.0.0/15; words in host byte order.
  const table =
    HEADING + route("00000000", "00000000") + route("0004D50A", "00FFFFFF") + route("0000D60A", "0000FEFF");
  assert.deepEqual([...routedSlots(table)], [0, 1, 2]);
  const directory = mkdtempSync(join(tmpdir(), "plinth-claims-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const claims = (id: string): MachineClaims =>
    new MachineClaims({ directory: `/${id}`, id }, () => Promise.resolve("present"), directory);
  assert.equal(subnetOf(await claimSubnet(claims("a"), table)), "10.216.0.0/16");
  assert.equal(subnetOf(await claimSubnet(claims("b"), table)), "10.217.0.0/16");
  assert.equal(subnetOf(await claimSubnet(claims("c"), HEADING)), "10.213.0.0/16");
});
