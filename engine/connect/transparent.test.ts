import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { DataPlane } from "./data-plane.ts";
import { EDGE_EXPIRY_MS } from "./limits.ts";
import { emptySnapshot, parseSnapshot, type Snapshot } from "./snapshot.ts";

const WEB = "127.0.0.5";
const CART = "127.0.0.6";
const STRANGER = "127.0.0.9";

interface Fixture extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly plane: DataPlane;
  readonly snapshot: Snapshot;
  readonly port: number;
  get(from: string): Promise<string>;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function start(): Promise<Fixture> {
  const instance = createServer((_, response) => response.end("hello"));
  const upstream = await listening(instance);
  const free = createServer();
  const port = await listening(free);
  free.close();
  const clock = new VirtualClock();
  const plane = new DataPlane({ clock, log: createLog({ write: () => {} }) });
  const snapshot: Snapshot = {
    ...emptySnapshot,
    version: 1,
    services: {
      "shop.catalog": {
        app: "shop",
        service: "catalog",
        holdMs: 0,
        endpoints: [{ instance: "shop.catalog.b", address: "127.0.0.1", port: upstream }],
      },
    },
    virtual: [{ address: "127.0.0.1", port, callee: "shop.catalog" }],
    sources: {
      [WEB]: { app: "shop", service: "web", instance: "shop.web.b" },
      [CART]: { app: "shop", service: "cart", instance: "shop.cart.b" },
    },
  };
  await plane.apply(snapshot);
  return {
    clock,
    plane,
    snapshot,
    port,
    async get(from) {
      const call = request({ host: "127.0.0.1", port, localAddress: from, agent: false });
      call.end();
      const [response] = (await once(call, "response")) as [import("node:http").IncomingMessage];
      return `${response.statusCode} ${await text(response)}`;
    },
    async [Symbol.asyncDispose]() {
      await plane[Symbol.asyncDispose]();
      instance.closeAllConnections();
      instance.close();
    },
  };
}

const counted = (plane: DataPlane): string[] =>
  plane.stats().map(({ app, caller, callee, requests }) => `${app} ${caller} ${callee} ${requests}`);

test("who dials a virtual address is counted by the address it comes from", async () => {
  await using bench = await start();
  assert.deepEqual(counted(bench.plane), []);
  assert.equal(await bench.get(WEB), "200 hello");
  assert.equal(await bench.get(WEB), "200 hello");
  assert.equal(await bench.get(CART), "200 hello");
  assert.deepEqual(counted(bench.plane), ["shop web shop.catalog 2", "shop cart shop.catalog 1"]);
});

test("a connection from an address that is no instance's is closed and counted", async () => {
  await using bench = await start();
  await assert.rejects(bench.get(STRANGER), { code: "ECONNRESET" });
  assert.match(bench.plane.metricsText(), /outbound_http_errors_total\{[^}]*error="unknown-caller"[^}]*\} 1/);
  assert.deepEqual(counted(bench.plane), []);
});

test("a connection whose caller left the snapshot gets no further request through", async () => {
  await using bench = await start();
  const socket = connect({ port: bench.port, host: "127.0.0.1", localAddress: WEB });
  let received = "";
  const ended = once(socket, "end");
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  socket.write("GET / HTTP/1.1\r\nHost: catalog\r\n\r\n");
  while (!received.includes("hello")) await once(socket, "data");
  await bench.plane.apply({ ...bench.snapshot, version: 2, sources: {} });
  socket.write("GET / HTTP/1.1\r\nHost: catalog\r\n\r\n");
  await ended;
  socket.destroy();
  assert.match(received, /403 Forbidden[\s\S]*plinth-error: unknown-caller/);
});

test("an edge made on demand stays while caller and callee are named, and is forgotten as a pair is", async () => {
  await using bench = await start();
  await bench.get(WEB);
  await bench.clock.advance(EDGE_EXPIRY_MS);
  await bench.plane.apply({ ...bench.snapshot, version: 2 });
  assert.deepEqual(counted(bench.plane), ["shop web shop.catalog 1"]);
  await bench.plane.apply({ ...bench.snapshot, version: 3, sources: {} });
  await bench.clock.advance(EDGE_EXPIRY_MS);
  await bench.plane.apply({ ...bench.snapshot, version: 4, sources: {} });
  assert.deepEqual(counted(bench.plane), []);
});

test("parseSnapshot() takes what an earlier version stored, and refuses what is wrong in transparent mode", () => {
  const { virtual: _virtual, sources: _sources, dns: _dns, ...earlier } = emptySnapshot;
  assert.deepEqual(parseSnapshot(earlier), emptySnapshot);
  const dns = { address: "10.213.0.1", port: 53, upstreams: ["192.0.2.1:53"], names: {}, egress: {} };
  assert.deepEqual(parseSnapshot({ ...emptySnapshot, dns }).dns, dns);
  for (const wrong of [
    { virtual: [{ address: "10.213.128.1", port: 80, callee: "shop.nobody" }] },
    { virtual: {} },
    { sources: { web: { app: "shop", service: "web", instance: "shop.web.b" } } },
    { sources: { "10.213.0.2": { app: "shop", service: "web" } } },
    { dns: { ...dns, upstreams: ["192.0.2.1"] } },
    { dns: { ...dns, names: { "shop.web": "nowhere" } } },
    { dns: { ...dns, egress: { "shop.web": { default: "perhaps", allow: [], deny: [] } } } },
  ]) {
    assert.throws(() => parseSnapshot({ ...emptySnapshot, ...wrong }), { code: "invalid" });
  }
});
