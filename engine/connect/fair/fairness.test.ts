import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLog } from "@plinth/log";
import { freePort } from "@plinth/process/testing";
import { DataPlane } from "../data-plane.ts";
import { emptySnapshot } from "../snapshot.ts";
import type { Resource } from "./quotas.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const BODY_BYTES = 4 * 1024 * 1024;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** One service, called by two others on a listener each. */
class Two implements AsyncDisposable {
  readonly plane: DataPlane;
  readonly sockets: Set<Socket> = new Set();
  flooder = 0;
  victim = 0;
  readonly #instance = createServer((socket) => {
    this.keep(socket);
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      if (text.startsWith("GET /large")) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
        socket.write(Buffer.alloc(BODY_BYTES));
      } else {
        for (let count = text.split("\r\n\r\n").length - 1; count > 0; count--) socket.write(OK);
      }
    });
  });

  constructor(limits: Partial<Record<Resource, number>>) {
    this.plane = new DataPlane({ limits, log: createLog({ level: "error" }) });
  }

  static async with(limits: Partial<Record<Resource, number>>, hasInstance = true): Promise<Two> {
    const two = new Two(limits);
    two.#instance.listen(0, "127.0.0.1");
    await once(two.#instance, "listening");
    const { port } = two.#instance.address() as AddressInfo;
    two.flooder = await freePort();
    two.victim = await freePort();
    const at = { address: "127.0.0.1", app: "app", callee: "app.callee" };
    const endpoints = hasInstance ? [{ instance: "app.callee.1", address: "127.0.0.1", port }] : [];
    const failed = await two.plane.apply({
      ...emptySnapshot,
      version: 1,
      services: { "app.callee": { app: "app", service: "callee", holdMs: 0, endpoints } },
      outbound: [
        { ...at, port: two.flooder, caller: "flooder" },
        { ...at, port: two.victim, caller: "victim" },
      ],
    });
    assert.deepEqual(failed, []);
    return two;
  }

  keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
  }

  async client(port: number): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1" });
    this.keep(socket);
    await once(socket, "connect");
    return socket;
  }

  /** Asks on a connection of its own; what came when it was whole, or the other end had ended. */
  async ask(port: number, text = GET): Promise<string> {
    const socket = await this.client(port);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(text);
    while (!answer.endsWith("ok") && !socket.closed) {
      await Promise.race([once(socket, "data"), once(socket, "close")]).catch(() => {});
    }
    socket.destroy();
    return answer;
  }

  metric(name: string, ...labels: string[]): number {
    const line = this.plane
      .metricsText()
      .split("\n")
      .find((text) => text.startsWith(`${name}{`) && labels.every((label) => text.includes(label)));
    return Number(line?.split(" ").at(-1) ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
    for (const socket of this.sockets) socket.destroy();
    this.#instance.close();
  }
}

test("a caller with all the connections it may have is refused more, and another is served", async () => {
  await using two = await Two.with({ connections: 20 });
  for (let index = 0; index < 10; index++) await two.client(two.flooder);
  while (two.plane.connections < 10) await setImmediate();
  assert.match(
    await two.ask(two.flooder),
    /503 [^]*plinth-error: too-many-connections[^]*flooder has too many connections/,
  );
  assert.equal(await two.ask(two.victim), OK);
  assert.equal(two.metric("proxy_refused_total", 'src_service="flooder"', 'resource="connections"'), 1);
  assert.equal(two.metric("proxy_refused_total", 'src_service="victim"'), 0);
  assert.equal(two.metric("proxy_workload_connections", 'src_service="flooder"'), 10);
});

test("answers that one caller does not read are held up to its part; then its connections are reset", async () => {
  await using two = await Two.with({ held_bytes: 1024 * 1024 });
  const stalled = await Promise.all(Array.from({ length: 24 }, () => two.client(two.flooder)));
  const isReset = new Promise((resolve) => {
    for (const socket of stalled) socket.on("error", resolve);
  });
  for (const socket of stalled) {
    socket.pause();
    socket.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  while (two.metric("proxy_refused_total", 'resource="held_bytes"') === 0) await setImmediate();
  for (const socket of stalled) socket.resume(); // one that does not read does not hear either
  await isReset;
  assert.equal(await two.ask(two.victim), OK);
  for (const socket of stalled) socket.destroy();
  while (two.metric("proxy_workload_held_bytes", 'src_service="flooder"') > 0) await setImmediate();
  assert.equal(two.metric("proxy_taken", 'resource="held_bytes"'), 0);
});

test("calls to one service are capped, and those refused are told and counted", async () => {
  await using two = await Two.with({ calls: 4 });
  const busy = await Promise.all(Array.from({ length: 2 }, () => two.client(two.flooder)));
  for (const socket of busy) socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  while (two.plane.inFlight < 2) await setImmediate();
  const socket = await two.client(two.victim);
  socket.write(GET);
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.match(answer.toString(), /503 [^]*plinth-error: too-many-calls/);
  assert.equal(two.metric("proxy_refused_total", 'dst_service="callee"', 'resource="calls"'), 1);
});

test("pipelined requests that the proxy answers itself are all answered, some at a time", async () => {
  await using two = await Two.with({}, false);
  const socket = await two.client(two.flooder);
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  const count = 500;
  socket.write(GET.repeat(count));
  while (answer.split("HTTP/1.1 503 ").length - 1 < count) await once(socket, "data");
  assert.ok(two.metric("proxy_deferred_total", 'src_service="flooder"') >= 10);
});
