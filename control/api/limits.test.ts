import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { createApi } from "./api.ts";
import { Fixture, TOKEN } from "./fixture.ts";
import { LINGER_MS, SECRET_BYTES_MAX } from "./limits.ts";
import { limitedServer, listenOnTcp } from "./server.ts";

const ROOT = "/apis/plinth.dev/v1";

function dial(fixture: Fixture): Socket {
  return connect(Number(new URL(fixture.api.url!).port), "127.0.0.1");
}

/** Resolves at the event, and does not mind what the server's cutting the connection looks like. */
const next = (socket: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once(event, resolve);
  });

async function answerTo(socket: Socket, text: string): Promise<string> {
  let answer = "";
  socket.on("data", (chunk) => (answer += String(chunk)));
  socket.on("error", () => {});
  socket.write(text);
  await once(socket, "close");
  return answer;
}

test("a body that is too large is refused unread, whether announced or not", async () => {
  await using fixture = await Fixture.start();
  const chunk = Buffer.alloc(2 ** 20, 0x61);
  const total = 100 * 2 ** 20;
  for (const framing of [`Content-Length: ${total}`, "Transfer-Encoding: chunked"]) {
    const socket = dial(fixture);
    socket.on("error", () => {});
    socket.write(
      `PUT ${ROOT}/secrets/key/value HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n${framing}\r\n\r\n`,
    );
    const received: Buffer[] = [];
    socket.on("data", (data: Buffer) => received.push(data));
    let sent = 0;
    while (received.length === 0 && sent < total) {
      const framed = framing.startsWith("Transfer")
        ? [`${chunk.length.toString(16)}\r\n`, chunk, "\r\n"]
        : [chunk];
      const taken = framed.map((part) => socket.write(part)).every(Boolean);
      if (!taken) await Promise.race([next(socket, "drain"), next(socket, "data")]);
      sent += chunk.length;
    }
    const head = String(Buffer.concat(received));
    assert.match(head, /^HTTP\/1\.1 413 /);
    assert.match(head, /Connection: close/);
    assert.ok(sent < 30 * 2 ** 20, `${sent} bytes were taken`);
    // Cut with a body unread, which the client sees as a reset: after it had the answer.
    const closed = next(socket, "close");
    await fixture.clock.advance(LINGER_MS);
    await closed;
  }
  assert.deepEqual(fixture.deeds, []);
  const fits = await fixture.call(`${ROOT}/secrets/key/value`, {
    method: "PUT",
    body: Buffer.alloc(SECRET_BYTES_MAX, 0x61),
  });
  assert.equal(fits.code, 200);
});

test("a client that asks before sending is told not to", async () => {
  await using fixture = await Fixture.start();
  const ask = async (length: number): Promise<string> => {
    const socket = dial(fixture);
    socket.write(
      `PUT ${ROOT}/secrets/key/value HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        `Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
    );
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return String(head).split("\r\n")[0]!;
  };
  assert.equal(await ask(10), "HTTP/1.1 100 Continue");
  assert.equal(await ask(1e9), "HTTP/1.1 413 Payload Too Large");
});

test("malformed requests, header bombs and ambiguous lengths are answered and cut", async () => {
  await using fixture = await Fixture.start();
  const host = "Host: 127.0.0.1\r\n";
  for (const [request, code] of [
    ["garbage\r\n\r\n", 400],
    ["GET / HTTP/9.9\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\n${host}X: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${"a".repeat(10_000)} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${host}${host}Connection: close\r\n\r\n`, 400],
    ["GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    [`GET http://evil.example/ HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 400],
    [`POST /version HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    [`POST /version HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${host}Bad Header: x\r\n\r\n`, 400],
  ] as const) {
    const answer = await answerTo(dial(fixture), request);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${code} `), JSON.stringify(request.slice(0, 60)));
  }
});

test("a client that dawdles over its headers is cut off", async () => {
  const server = limitedServer(() => assert.fail("no request was finished"), 200);
  const port = await listenOnTcp(server, "127.0.0.1", 0);
  const answer = await answerTo(connect(port, "127.0.0.1"), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
  assert.match(answer, /^HTTP\/1\.1 408 /);
  server.close();
});

test("createApi() says what is wrong when the port is taken or the path is too long, and leaves nothing open", async () => {
  await using fixture = await Fixture.start();
  const options = {
    registry: fixture.registry,
    token: TOKEN,
    clock: fixture.clock,
    socketPath: `${fixture.directory}/other.sock`,
  };
  const create = (changes: object) =>
    createApi({ ...options, ...changes } as unknown as Parameters<typeof createApi>[0]);
  const tcp = { address: "127.0.0.1", port: Number(new URL(fixture.api.url!).port) };
  await assert.rejects(create({ tcp }), { code: "conflict", message: /something else listens there/ });
  await assert.rejects(create({ socketPath: `/tmp/${"x".repeat(120)}` }), { code: "invalid" });
  // The first attempt's socket is free again.
  await using _again = await create({});
});

test("actions are asked with what was sent, and their streams are passed on", async () => {
  await using fixture = await Fixture.start();
  const log = await fixture.open(`${ROOT}/instances/shop.web.x1/log?follow=true&tail=5`);
  assert.equal(log.headers["content-type"], "text/plain; charset=utf-8");
  assert.deepEqual(Buffer.concat(await log.toArray()), Buffer.from("one\n\xff\n", "latin1"));
  const appLog = await fixture.call(`${ROOT}/apps/shop/log?service=web&fields=true&follow=true&tail=5`);
  assert.equal(appLog.headers["content-type"], "application/x-ndjson");
  const lines = ['{"instance":"shop.web.x1","line":"one"}', '{"instance":"shop.web.x2","line":"\\u0000"}'];
  assert.equal(appLog.text, `${lines.join("\n")}\n`);
  assert.equal((await fixture.call(`${ROOT}/apps/shop/log?tail=-1`)).code, 422);
  const exec = await fixture.send("POST", `${ROOT}/instances/shop.web.x1/exec`, { command: ["echo", "hi"] });
  assert.equal(exec.text, '{"stream":"stdout","data":"aGk="}\n{"exitCode":3}\n');
  await fixture.send("POST", `${ROOT}/apps/shop/rollback`, { to: 3 });
  await fixture.send("POST", `${ROOT}/processes/daemon/signal`, { signal: "SIGKILL" });
  await fixture.send("POST", `${ROOT}/shutdown`, { instances: true, graceMs: 5 });
  await fixture.send("POST", `${ROOT}/upgrade`, { process: "proxy", runtime: "bun" });
  await fixture.call(`${ROOT}/secrets/key/value`, { method: "PUT", body: "s3cret" });
  await fixture.call(`${ROOT}/secrets/key`, { method: "DELETE" });
  await fixture.call(`${ROOT}/stat?app=shop`);
  const access = await fixture.call(`${ROOT}/apps/shop/stores/state/access`, { method: "POST" });
  assert.deepEqual(access.json, { url: "etcd://root:word@127.0.0.1:1" });
  const state = await fixture.call(`${ROOT}/state`);
  assert.deepEqual(
    [state.headers["content-type"], state.text.slice(0, 4)],
    ["application/octet-stream", "one\n"],
  );
  const spec = { services: { web: { command: ["x"] } } };
  await fixture.send("POST", `${ROOT}/apps/shop/plan`, spec);
  assert.deepEqual(fixture.deeds, [
    ["logs", "shop.web.x1", true, 5],
    ["appLogs", "shop", "web", undefined, true, true, 5],
    ["exec", "shop.web.x1", ["echo", "hi"]],
    ["rollback", "shop", 3],
    ["signalProcess", "daemon", "SIGKILL"],
    ["shutdown", { instances: true, graceMs: 5 }],
    ["upgrade", "proxy", "bun"],
    ["setSecretValue", "key", "s3cret"],
    ["deleteSecret", "key"],
    ["stat", "shop"],
    ["storeAccess", "shop", "state"],
    ["plan", "shop", spec],
  ]);
  for (const [path, body] of [
    ["processes/init/signal", { signal: "SIGKILL" }],
    ["processes/daemon/signal", { signal: "SIGWHAT" }],
    ["instances/a.b.c/exec", { command: [] }],
    ["instances/a.b.c/exec", { command: ["a\u0000b"] }],
    ["apps/shop/plan", { services: {} }],
    ["apps/shop/stores/..%2Fx/access", {}],
    ["shutdown", { instances: "yes" }],
  ] as const) {
    const { code } = await fixture.send("POST", `${ROOT}/${path}`, body);
    assert.ok(code === 422 || code === 404, `${path}: ${code}`);
  }
});

const brokenAction = (): never => {
  throw new TypeError("secret detail");
};

test("a bug in an action is a 500 that tells the log and not the client", async () => {
  await using fixture = await Fixture.start({ actions: { status: brokenAction } });
  const { code, text } = await fixture.call(`${ROOT}/status`);
  assert.equal(code, 500);
  assert.ok(!text.includes("secret detail"));
  assert.match(fixture.logged.join(""), /secret detail/);
});
