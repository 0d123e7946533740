import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import { suite, test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import {
  AlarmRequest,
  kvService,
  maintenanceService,
  PutRequest,
  RangeRequest,
  WatchCreateRequest,
  WatchRequest,
  watchService,
} from "@plinth/etcd";
import { GrpcClient } from "@plinth/grpc";
import { connect } from "@plinth/http2";
import { MvccModel } from "../mvcc-model.ts";
import { connectTo, startTestServer } from "./test-server.ts";

/** All that comes until the end. */
async function rest(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

suite("createEtcdServer() over HTTP/1.1", () => {
  test("tells operators of its health, version and figures on gRPC's port", async () => {
    await using server = await startTestServer(new MvccModel(), { quotaBytes: 12345 });
    using client = connectTo(server.port);
    const at = `http://127.0.0.1:${server.port}`;
    const get = async (path: string): Promise<[number, unknown]> => {
      const response = await fetch(at + path);
      const body = await response.text();
      return [response.status, body.startsWith("{") ? JSON.parse(body) : body];
    };
    assert.deepEqual(await get("/health"), [200, { health: "true", reason: "" }]);
    assert.deepEqual(await get("/livez"), [200, "ok\n"]);
    assert.deepEqual(await get("/readyz"), [200, "ok\n"]);
    assert.deepEqual(await get("/version"), [200, { etcdserver: "3.5.21", etcdcluster: "3.5.21" }]);
    assert.deepEqual((await get("/nowhere"))[0], 404);
    assert.equal((await fetch(`${at}/health`, { method: "POST" })).status, 405);
    assert.equal((await fetch(`${at}/health`, { headers: { origin: "http://evil.test" } })).status, 403);
    await client.grpc.unary(kvService.put, PutRequest.of({ key: "k" }));
    await assert.rejects(client.grpc.unary(kvService.range, RangeRequest.of()));
    const watch = client.grpc.open(watchService.watch);
    await watch.send(WatchRequest.of({ create: WatchCreateRequest.of({ key: "k" }) }));
    await watch.responses[Symbol.asyncIterator]().next();
    const metrics = String((await get("/metrics"))[1]).split("\n");
    for (const line of [
      "etcd_server_has_leader 1",
      "etcd_debugging_mvcc_keys_total 1",
      "etcd_debugging_mvcc_watcher_total 1",
      "etcd_server_quota_backend_bytes 12345",
      'grpc_server_handled_total{grpc_code="OK",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1',
      'grpc_server_handled_total{grpc_code="InvalidArgument",grpc_method="Range",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1',
    ]) {
      assert.ok(metrics.includes(line), line);
    }
    watch.cancel();
    await client.grpc.unary(maintenanceService.alarm, AlarmRequest.of({ action: 1, alarm: 1 }));
    assert.deepEqual(await get("/health"), [503, { health: "false", reason: "ALARM NOSPACE" }]);
    assert.deepEqual(await get("/health?exclude=NOSPACE"), [200, { health: "true", reason: "" }]);
    await client.grpc.unary(maintenanceService.alarm, AlarmRequest.of({ action: 1, alarm: 2 }));
    assert.deepEqual((await get("/readyz"))[0], 503);
  });

  test("writes figures that promtool takes", async (t) => {
    await using server = await startTestServer(new MvccModel());
    const page = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    const tool = execFile("promtool", ["check", "metrics"]);
    // Where it is not installed, nothing reads.
    tool.stdin!.on("error", () => {});
    tool.stdin!.end(page);
    const [complaints, [code]] = await Promise.all([
      rest(tool.stderr as unknown as Socket).catch(() => ""),
      once(tool, "close").catch((error: NodeJS.ErrnoException) => [error.code]),
    ] as const);
    if (code === "ENOENT") return t.skip("promtool is not installed");
    // These are etcd's names, which Prometheus' rules came after.
    const ofEtcd = new Set(["etcd_debugging_mvcc_keys_total", "etcd_debugging_mvcc_watcher_total"]);
    const lines = complaints.split("\n").filter((line) => !ofEtcd.has(line.split(" ")[0]!));
    assert.deepEqual(lines, [""]);
  });

  test("knows HTTP/2 by its first bytes, however they come", async () => {
    await using server = await startTestServer(new MvccModel());
    const socket = dial({ port: server.port, host: "127.0.0.1", noDelay: true });
    const write = socket.write.bind(socket);
    // What the client's side writes goes byte by byte, each in a packet of its own as far as this end can say.
    socket.write = (bytes: Buffer) => {
      for (const byte of bytes) write(Buffer.of(byte));
      return true;
    };
    const grpc = new GrpcClient(connect(socket), { authority: "store" });
    await grpc.unary(kvService.put, PutRequest.of({ key: "k" }));
    socket.destroy();
    for (const text of ["PRI * HTTP/1.1\r\n\r\n", "PRINT / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "\r\nGET\0"]) {
      const wrong = dial(server.port, "127.0.0.1");
      wrong.on("error", () => {});
      wrong.resume();
      wrong.end(text, "latin1");
      await once(wrong, "close");
    }
    assert.deepEqual(server.errors, []);
  });

  test("ends connections that say nothing, or never finish a head, or ask no more", async () => {
    const clock = new VirtualClock();
    await using server = await startTestServer(new MvccModel(), { clock });
    const sockets: Socket[] = [];
    for (const text of [
      "",
      "PR",
      "GET /health HTTP/1.1\r\nx: y\r\n",
      "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    ]) {
      const socket = dial(server.port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(text);
      sockets.push(socket);
    }
    const [answer] = (await once(sockets[3]!, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1.1 200 OK/);
    const ends = sockets.map((socket) => rest(socket).catch(() => ""));
    await clock.advance(10_000);
    await Promise.all(ends.slice(0, 2));
    assert.equal(sockets[3]!.destroyed, false);
    await clock.advance(30_000);
    await Promise.all(ends);
  });
});
