import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { DataPlane } from "./data-plane.ts";
import {
  HELD_PER_SERVICE_MAX,
  HALF_CLOSED_IDLE_MS,
  HEAD_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  POOL_IDLE_MS,
  REQUEST_BODY_IDLE_MS,
  RESPONSE_IDLE_MS,
} from "./limits.ts";
import { parseSnapshot, type Snapshot } from "./snapshot.ts";

async function listening(onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

const CAP = 1_100;

/** A data plane on virtual time, before an instance that records and answers by script. */
class Bench implements AsyncDisposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly plane: DataPlane;
  readonly sockets: Socket[] = [];
  port = 0;
  #instance: Server | undefined = undefined;

  constructor() {
    this.plane = new DataPlane({
      clock: this.clock,
      random: seededRandom(1),
      limits: { connections: 2 * CAP },
      log: createLog({ clock: this.clock, level: "error" }),
    });
  }

  static async with(onData: (socket: Socket, chunk: Buffer) => void, holdMs = 0): Promise<Bench> {
    const bench = new Bench();
    const instance = await listening((socket) => {
      bench.sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => onData(socket, chunk));
    });
    bench.#instance = instance.server;
    const free = await listening(() => {});
    bench.port = free.port;
    free.server.close();
    await once(free.server, "close");
    await bench.plane.apply(snapshotOf(bench.port, [instance.port], holdMs));
    return bench;
  }

  async client(): Promise<{
    socket: Socket;
    until: (pattern: RegExp) => Promise<string>;
    ended: Promise<string>;
  }> {
    const socket = connect({ port: this.port, host: "127.0.0.1", allowHalfOpen: true });
    this.sockets.push(socket);
    await once(socket, "connect");
    let text = "";
    const ended = new Promise<string>((resolve) => {
      socket.once("end", () => resolve(text));
      socket.once("close", () => resolve(text));
    });
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return {
      socket,
      ended,
      until: async (pattern) => {
        while (!pattern.test(text)) await once(socket, "data");
        return text;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
    for (const socket of this.sockets) socket.destroy();
    this.#instance?.close();
  }
}

function snapshotOf(port: number, endpoints: readonly number[], holdMs: number): Snapshot {
  return {
    version: 1,
    services: {
      "app.callee": {
        app: "app",
        service: "callee",
        holdMs,
        endpoints: endpoints.map((at) => ({ instance: `app.callee.${at}`, address: "127.0.0.1", port: at })),
      },
    },
    outbound: [{ address: "127.0.0.1", port, app: "app", caller: "caller", callee: "app.callee" }],
    ingress: [],
    metrics: null,
    virtual: [],
    sources: {},
    dns: null,
    peer: null,
  };
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("a head must arrive in time, however it trickles", async () => {
  await using bench = await Bench.with((socket) => socket.write(OK));
  const client = await bench.client();
  client.socket.write("GET / HTTP/1.1\r\nX: ");
  while (bench.plane.connections === 0) await setImmediate();
  const step = 1_000;
  for (let elapsed = 0; elapsed < HEAD_TIMEOUT_MS + 2 * step; elapsed += step) {
    client.socket.write("x");
    await bench.clock.advance(step);
  }
  assert.match(await client.ended, /^HTTP\/1\.1 408 /);
});

test("an idle connection is closed after its time, not before", async () => {
  await using bench = await Bench.with((socket) => socket.write(OK));
  const client = await bench.client();
  client.socket.write(GET);
  await client.until(/ok$/);
  await bench.clock.advance(IDLE_TIMEOUT_MS - 1_000);
  client.socket.write(GET);
  await client.until(/ok[^]*ok$/);
  await bench.clock.advance(IDLE_TIMEOUT_MS + 1_000);
  assert.match(await client.ended, /ok$/);
});

test("a body that stops arriving ends in 408, an instance that stays silent in 504", async () => {
  const got = Promise.withResolvers<void>();
  await using bench = await Bench.with(() => got.resolve());
  const slow = await bench.client();
  slow.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
  await got.promise;
  await bench.clock.advance(REQUEST_BODY_IDLE_MS + 1_000);
  assert.match(await slow.ended, /^HTTP\/1\.1 408 [^]*the body stopped arriving/);
  await using silent = await Bench.with((_, chunk) => chunk.includes("/silent") && arrived.resolve());
  const arrived = Promise.withResolvers<void>();
  const client = await silent.client();
  client.socket.write("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n");
  await arrived.promise;
  await silent.clock.advance(RESPONSE_IDLE_MS + 1_000);
  assert.match(await client.until(/\n$/), /^HTTP\/1\.1 504 [^]*plinth-error: upstream-timeout/);
});

test("a client that has shut down its side is waited for, but not for long", async () => {
  const arrived = Promise.withResolvers<void>();
  await using bench = await Bench.with(() => arrived.resolve());
  const client = await bench.client();
  client.socket.end(GET);
  await arrived.promise;
  await bench.clock.advance(HALF_CLOSED_IDLE_MS + 1_000);
  assert.match(await client.ended, /^HTTP\/1\.1 504 /);
});

test("an idle upstream connection is closed before the instance would", async () => {
  await using bench = await Bench.with((socket) => socket.write(OK));
  const client = await bench.client();
  client.socket.write(GET);
  await client.until(/ok$/);
  const upstream = bench.sockets.find((socket) => socket !== client.socket)!;
  const closed = once(upstream, "end");
  await bench.clock.advance(POOL_IDLE_MS + 500);
  await closed;
});

test("a waiting request is refused once its service's hold is over", async () => {
  await using bench = await Bench.with(() => {}, 5_000);
  await bench.plane.apply(snapshotOf(bench.port, [], 5_000));
  const client = await bench.client();
  client.socket.write(GET);
  while (bench.plane.inFlight === 0) await setImmediate();
  await bench.clock.advance(4_000);
  assert.equal(bench.plane.inFlight, 1);
  await bench.clock.advance(1_500);
  assert.match(await client.until(/\n$/), /503 [^]*no instance of app\.callee is ready; waited 5\.0 s/);
});

test("connections over the cap and requests over the queue are refused, told and counted", async () => {
  await using bench = await Bench.with(() => {}, 60_000);
  await bench.plane.apply(snapshotOf(bench.port, [], 60_000));
  for (let index = 0; index < HELD_PER_SERVICE_MAX; index++) (await bench.client()).socket.write(GET);
  while (bench.plane.inFlight < HELD_PER_SERVICE_MAX) await setImmediate();
  const late = await bench.client();
  late.socket.write(GET);
  assert.match(await late.until(/\n$/), /503 [^]*plinth-error: queue-full/);
  while (bench.plane.connections < CAP) await bench.client();
  const refused = await bench.client();
  assert.match(
    await refused.ended,
    /503 [^]*plinth-error: too-many-connections[^]*has too many connections open/,
  );
  assert.match(
    bench.plane.metricsText(),
    /outbound_http_errors_total\{listener="[^"]*",error="too-many-connections"\} [1-9]/,
  );
});

test("metricsText() uses Linkerd's names and labels", async () => {
  await using bench = await Bench.with((socket) => socket.write(OK));
  const client = await bench.client();
  client.socket.write(GET);
  await client.until(/ok$/);
  const text = bench.plane.metricsText();
  const labels =
    'direction="outbound",app="app",src_service="caller",dst_app="app",dst_service="callee",route="default"';
  const inbound =
    'direction="inbound",app="app",src_app="app",src_service="caller",dst_service="callee",route="default"';
  assert.ok(text.includes(`request_total{${inbound}} 1\n`), text);
  assert.ok(text.includes(`request_total{${labels}} 1\n`), text);
  assert.ok(text.includes(`response_total{${labels},status_code="200",classification="success"} 1\n`));
  assert.ok(text.includes(`response_latency_ms_bucket{${labels},status_code="200",le="50000"} 1\n`));
  assert.ok(text.includes(`tcp_open_connections{${labels},peer="src"} 1\n`));
});

test("parseSnapshot() names the place of what is wrong", () => {
  const good = snapshotOf(1_000, [2_000], 0);
  assert.deepEqual(parseSnapshot(good), good);
  const withPolicy = (policy: unknown): unknown => ({
    ...good,
    services: { "app.callee": { ...good.services["app.callee"], policy } },
  });
  for (const policy of [{}, { breaker: false }, { retry: { limit: 0, later: true }, timeout: { idleMs: 5 } }])
    assert.ok(parseSnapshot(withPolicy(policy)));
  const wrong: [unknown, RegExp][] = [
    [null, /snapshot is not an object/],
    [{ ...good, version: -1 }, /version is not a whole number/],
    [{ ...good, services: [] }, /services is not an object/],
    [
      { ...good, outbound: [...good.outbound, ...good.outbound] },
      /outbound\[1\] is not alone on 127\.0\.0\.1:1000/,
    ],
    [
      { ...good, ingress: [{ address: "127.0.0.1", port: 1, hosts: { a: "x" } }] },
      /hosts\["a"\] is not a key/,
    ],
    [{ ...good, metrics: { address: "", port: 1 } }, /metrics\.address is not a text/],
    [{ ...good, metrics: { address: "a", port: 70_000 } }, /metrics\.port is not a whole number/],
    [withPolicy({ retry: { limit: -1 } }), /policy\.retry\.limit is not a whole number from 0 to 10/],
    [withPolicy({ retry: { statuses: [200] } }), /policy\.retry\.statuses is not a list of a whole number/],
    [withPolicy({ timeout: { requestMs: 0 } }), /policy\.timeout\.requestMs is not a whole number from 1/],
    [withPolicy({ breaker: true }), /policy\.breaker is not an object/],
  ];
  for (const [value, message] of wrong)
    assert.throws(() => parseSnapshot(value), { code: "invalid", message });
});
