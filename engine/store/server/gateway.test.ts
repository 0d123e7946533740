import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import { suite, test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { authService, kvService, PutRequest, UserAddRequest } from "@plinth/etcd";
import { MvccModel } from "../mvcc-model.ts";
import { connectTo, startTestServer, type TestServer } from "./test-server.ts";

const key = (text: string): string => Buffer.from(text).toString("base64");

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function post(
  { port }: TestServer,
  path: string,
  body: string | object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${port}/v3/${path}`, {
    method: "POST",
    body: sent,
    headers,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Lines as they come; the last one is the end of the stream. */
async function* linesOf(response: Response): AsyncGenerator<Record<string, unknown>> {
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as Record<string, unknown>;
  }
}

function watch({ port }: TestServer, request: object): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v3/watch`, { method: "POST", body: JSON.stringify(request) });
}

async function rest(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

suite("createEtcdServer()'s gateway", () => {
  test("knows callers by the token in their Authorization, and refuses nobodies", async () => {
    await using server = await startTestServer(new MvccModel());
    using client = connectTo(server.port);
    await client.grpc.unary(authService.userAdd, UserAddRequest.of({ name: "root", password: "word" }));
    await client.grpc.unary(authService.roleAdd, { role: "root" });
    await client.grpc.unary(authService.userGrantRole, { name: "root", role: "root" });
    await client.grpc.unary(authService.enable, {});
    const request = { key: key("k"), value: key("v") };
    const nobody = await post(server, "kv/put", request);
    const empty = "etcdserver: user name is empty";
    assert.deepEqual(nobody, { status: 400, body: { error: empty, code: 3, message: empty } });
    const login = await post(server, "auth/authenticate", { name: "root", password: "word" });
    const authorization = String(login.body["token"]);
    assert.equal((await post(server, "kv/put", request, { authorization })).status, 200);
    assert.equal(
      (await post(server, "kv/put", request, { "grpc-metadata-token": authorization })).status,
      200,
    );
    assert.equal((await post(server, "kv/put", request, { authorization: `${authorization}x` })).status, 401);
    assert.equal((await post(server, "maintenance/snapshot", {})).status, 400);
    const refused = linesOf(await watch(server, { create_request: { key: key("k") } }));
    const { value } = await refused.next();
    assert.equal((value!["result"] as { canceled: boolean }).canceled, true);
    await refused.return(undefined);
  });

  test("refuses bodies that are too large, nested too deeply, or for no method", async () => {
    await using server = await startTestServer(new MvccModel(), { requestBytesMax: 1000 });
    const large = { key: key("k"), value: "A".repeat(2_000_000) };
    assert.equal((await post(server, "kv/put", large)).status, 429);
    assert.equal((await post(server, "kv/put", { key: key("k"), value: "A".repeat(2000) })).status, 400);
    const nested = (depth: number): string =>
      `${'{"success":[{"request_txn":'.repeat(depth)}{}${"}]}".repeat(depth)}`;
    assert.equal((await post(server, "kv/txn", nested(20))).status, 200);
    for (const depth of [600, 20_000]) {
      const { status, body } = await post(server, "kv/txn", nested(depth));
      assert.deepEqual([status, body["code"]], [400, 3]);
    }
    assert.equal((await post(server, "kv/nothing", {})).status, 404);
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/v3/kv/put`)).status, 405);
    const headers = { origin: "http://evil.test" };
    assert.equal(
      (await fetch(`http://127.0.0.1:${server.port}/v3/kv/put`, { method: "POST", headers })).status,
      403,
    );
  });

  test("streams what a watch sees, until its reader or the server leaves", async () => {
    await using server = await startTestServer(new MvccModel());
    using client = connectTo(server.port);
    const metrics = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    const first = linesOf(await watch(server, { create_request: { key: key("k") } }));
    const second = linesOf(await watch(server, { create_request: { key: key("k") } }));
    for (const each of [first, second]) await each.next();
    assert.match(await metrics(), /^etcd_debugging_mvcc_watcher_total 2$/m);
    await client.grpc.unary(kvService.put, PutRequest.of({ key: "k", value: Buffer.from("v") }));
    const { value } = await first.next();
    assert.deepEqual((value!["result"] as { events: unknown }).events, [
      { kv: { key: key("k"), create_revision: "2", mod_revision: "2", version: "1", value: key("v") } },
    ]);
    await first.return(undefined);
    await second.next();
    const ended = second.next();
    await server[Symbol.asyncDispose]();
    assert.deepEqual((await ended).value!["error"], {
      grpc_code: 14,
      http_code: 503,
      message: "etcdserver: server stopped",
      http_status: "Service Unavailable",
    });
    assert.deepEqual(server.errors, []);
  });

  test("does not wait longer for a body than it takes", async () => {
    const clock = new VirtualClock();
    await using server = await startTestServer(new MvccModel(), { clock });
    const socket = dial(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    // Behind it in the same way, so that its head has been read.
    assert.equal((await post(server, "kv/put", { key: key("k") })).status, 200);
    const end = rest(socket).catch(() => "");
    await clock.advance(30_000);
    assert.equal(await end, "");
    assert.deepEqual(server.errors, []);
  });
});
