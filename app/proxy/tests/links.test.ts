import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { cases, startTheirs, theirClient } from "@plinth/grpc/testing";
import type { RuntimeName } from "@plinth/process";
import {
  freePort,
  instanceName,
  installedRuntimes,
  RawConnection,
  startInstance,
  type TestInstance,
  TestMesh,
} from "../testing.ts";

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** One request of Node's client. */
function ask(
  port: number,
  options: { agent?: Agent; method?: string; path?: string; body?: Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { agent, method = "GET", path = "/", body } = options;
    const call = request({ host: "127.0.0.1", port, method, path, ...(agent && { agent }) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode!, body: Buffer.concat(chunks) }));
    });
    call.on("error", reject);
    call.end(body);
  });
}

const runtimes = installedRuntimes();
const other = (runtime: RuntimeName): RuntimeName => runtimes.find((name) => name !== runtime) ?? runtime;

for (const [runtime, peer] of [
  ...runtimes.map((each) => [each, each] as const),
  ["node", other("node")] as const,
]) {
  suite(`calls from ${runtime} to ${peer} on another host`, { timeout: 120_000 }, () => {
    let mesh: TestMesh;
    let web: TestInstance;

    before(async () => {
      web = await startInstance({
        http: (question, answer) => {
          if (question.url === "/echo") question.pipe(answer);
          else answer.end(`${question.method} ${question.url}`);
        },
      });
      mesh = await TestMesh.start({ a: runtime, b: peer });
      await mesh.place([{ port: web.port, host: "b" }]);
    });

    after(async () => {
      await mesh[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
    });

    test("a request reaches an instance on the other host, and is counted there by who called", async () => {
      const { status, body } = await ask(mesh.host("a").port, { path: "/x" });
      assert.equal(`${status} ${String(body)}`, "200 GET /x", mesh.host("a").proxy.log);
      const { edges } = await mesh.host("a").proxy.control.stats();
      assert.equal(edges.find(({ caller }) => caller === "caller")?.overLinks, 1);
      const id = `client_id="spiffe://test.example/app/test/service/caller"`;
      assert.equal(await mesh.metric("b", "tcp_open_total", id), 1);
    });

    test("what comes from outside is called as this host", async () => {
      const { status } = await ask(mesh.host("a").ingress);
      assert.equal(status, 200);
      const id = `client_id="spiffe://test.example/host/a"`;
      assert.equal(await mesh.metric("b", "tcp_open_total", id), 1);
    });

    test("a hundred requests at once share one link", async () => {
      const made = await mesh.metric("b", "inbound_peer_links_total");
      const agent = new Agent({ keepAlive: true });
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, index) => ask(mesh.host("a").port, { agent, path: `/${index}` })),
        );
        assert.deepEqual(
          answers.map(({ body }) => String(body)),
          answers.map((_, index) => `GET /${index}`),
        );
      }
      agent.destroy();
      assert.ok((await mesh.metric("b", "inbound_peer_links_total")) - made <= 1);
    });

    test("a large body goes both ways", async () => {
      const body = randomBytes(8 * 1024 * 1024);
      const answer = await ask(mesh.host("a").port, { method: "POST", path: "/echo", body });
      assert.equal(answer.status, 200);
      assert.ok(answer.body.equals(body));
    });

    test("a chunked body goes both ways, with what follows on the same connection", async () => {
      using client = await RawConnection.open(mesh.host("a").port);
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
      await client.until("hello");
      client.send("5\r\nworld\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      assert.match(await client.untilEnd(), /hello[^]*world[^]*HTTP\/1\.1 200 OK[^]*GET \/next$/);
    });

    test("a client that goes away takes its request with it", async () => {
      const arrived = Promise.withResolvers<void>();
      const gone = Promise.withResolvers<void>();
      await using instance = await startInstance({
        script: (socket) => {
          socket.once("data", () => arrived.resolve());
          socket.once("end", () => gone.resolve()).once("close", () => gone.resolve());
        },
      });
      await mesh.place([{ port: instance.port, host: "b" }]);
      const client = await RawConnection.open(mesh.host("a").port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await arrived.promise;
      client.socket.resetAndDestroy();
      await gone.promise;
    });

    test("routes have policies of their own, and share the pair's link", async () => {
      const asked: string[] = [];
      await using instance = await startInstance({
        http: ({ url = "" }, answer) => {
          asked.push(url);
          answer.statusCode = 503;
          answer.end();
        },
      });
      mesh.routes = [
        { name: "never", match: { pathPrefix: "/never" }, policy: { retry: { limit: 0 } } },
        { name: "thrice", match: { path: "/thrice" }, policy: { retry: { limit: 2 } } },
      ];
      await mesh.place([{ port: instance.port, host: "b" }]);
      const made = await mesh.metric("b", "inbound_peer_links_total");
      for (const [path, tries] of [
        ["/never/again", 1],
        ["/thrice", 3],
        ["/else", 2],
      ] as const) {
        assert.equal((await ask(mesh.host("a").port, { path })).status, 503);
        assert.equal(asked.splice(0).length, tries, path);
      }
      assert.ok((await mesh.metric("b", "inbound_peer_links_total")) - made <= 1);
      const { edges } = await mesh.host("a").proxy.control.stats();
      const linked = edges.filter(({ caller, route }) => caller === "caller" && route !== "default");
      assert.deepEqual(Object.fromEntries(linked.map(({ route, overLinks }) => [route, overLinks])), {
        never: 1,
        thrice: 3,
      });
      mesh.routes = [];
    });

    test("an upgraded connection passes bytes both ways and ends with either", async () => {
      await using instance = await startInstance({
        script: (socket) =>
          socket.once("data", () => {
            socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
            socket.pipe(socket);
          }),
      });
      await mesh.place([{ port: instance.port, host: "b" }]);
      using client = await RawConnection.open(mesh.host("a").port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
      await client.until("101 Switching Protocols");
      client.send("ping");
      await client.until(/\r\n\r\nping$/);
      client.socket.end("last");
      assert.match(await client.untilEnd(), /pinglast$/);
    });

    test("HTTP/2 goes through as it is", async () => {
      const server = createHttp2Server();
      server.on("stream", (stream: ServerHttp2Stream, headers) => {
        stream.respond({ ":status": 200, "x-path": headers[":path"] });
        stream.pipe(stream);
      });
      server.listen(0, "127.0.0.1");
      server.unref();
      await once(server, "listening");
      await mesh.place([{ port: (server.address() as AddressInfo).port, host: "b" }]);
      const session = connectHttp2(`http://127.0.0.1:${mesh.host("a").port}`);
      const sent = randomBytes(512 * 1024); // Node's server takes ten megabytes per connection
      const bodies = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const stream = session.request({ ":method": "POST", ":path": "/" });
          stream.end(sent);
          const chunks: Buffer[] = [];
          for await (const chunk of stream) chunks.push(chunk as Buffer);
          return Buffer.concat(chunks);
        }),
      );
      assert.ok(bodies.every((body) => body.equals(sent)));
      session.destroy();
      server.close();
    });

    for (const [title, run] of Object.entries(cases)) {
      test(`gRPC: ${title}`, async () => {
        await using serving = await startTheirs();
        await mesh.place([{ port: serving.port, host: "b" }]);
        const client = theirClient(mesh.host("a").port);
        try {
          await run(client, serving);
        } finally {
          client.close();
        }
      });
    }

    test("a server that speaks first is heard", async () => {
      await using instance = await startInstance({
        script: (socket) => {
          socket.write("220 ready\r\n");
          socket.on("data", (chunk: Buffer) => socket.write(`250 ${chunk.toString()}`));
        },
      });
      await mesh.place([{ port: instance.port, host: "b" }]);
      using client = await RawConnection.open(mesh.host("a").port);
      await client.until("220 ready\r\n");
      client.send("EHLO x\r\n");
      await client.until("250 EHLO x\r\n");
    });

    test("an instance that resets its connection is seen to do so", async () => {
      await using instance = await startInstance({
        script: (socket) => socket.on("data", () => socket.resetAndDestroy()),
      });
      await mesh.place([{ port: instance.port, host: "b" }]);
      using client = await RawConnection.open(mesh.host("a").port);
      client.send("*1\r\n$4\r\nPING\r\n");
      await client.untilEnd();
      assert.equal(client.reset, true);
    });

    test("an instance that is gone costs no retry: another is asked", async () => {
      await using elsewhere = await startInstance({ http: (_, answer) => answer.end("elsewhere") });
      const gone = await freePort();
      // The caller knows of an instance that its host does not have any more, and of one that refuses.
      await mesh.place(
        [
          { port: gone, host: "b" },
          { port: elsewhere.port, host: "b" },
        ],
        "a",
      );
      await mesh.place([{ port: elsewhere.port, host: "b" }], "b");
      const retries = await mesh.metric("a", "outbound_http_route_retry_requests_total");
      for (let round = 0; round < 20; round++)
        assert.equal(String((await ask(mesh.host("a").port, { method: "POST" })).body), "elsewhere");
      assert.equal(await mesh.metric("a", "outbound_http_route_retry_requests_total"), retries);
      assert.ok((await mesh.metric("b", "inbound_peer_refusals_total", `error="no-instance"`)) > 0);
      await mesh.place([{ port: gone, host: "b" }]);
      const { status, body } = await ask(mesh.host("a").port);
      assert.equal(status, 503);
      assert.match(String(body), /^plinth: no instance [^]* connect-failed\n$/);
    });

    test("drain() waits for connections of other hosts", async () => {
      let waiting: Socket | undefined;
      const arrived = Promise.withResolvers<void>();
      await using instance = await startInstance({
        script: (socket) => {
          waiting = socket;
          socket.on("data", () => arrived.resolve());
        },
      });
      await mesh.place([{ port: instance.port, host: "b" }]);
      using client = await RawConnection.open(mesh.host("a").port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await arrived.promise;
      const { control } = mesh.host("b").proxy;
      const name = instanceName(instance.port);
      assert.equal(await control.drain([name], 50), 1);
      const drained = control.drain([name], 20_000);
      waiting!.end("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
      await client.until(/late$/);
      assert.equal(await drained, 0);
    });

    test("opaque TCP goes through, each direction to its own end", async () => {
      await using echo = await startInstance({
        script: (socket) => {
          let text = "";
          socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
          socket.on("end", () => socket.end(`all of it: ${text}`));
        },
      });
      await mesh.place([{ port: echo.port, host: "b" }]);
      using client = await RawConnection.open(mesh.host("a").port);
      client.send("*1\r\n$4\r\nPING\r\n");
      client.socket.end();
      assert.equal(await client.untilEnd(), "all of it: *1\r\n$4\r\nPING\r\n");
      await once(client.socket, "close").catch(() => {});
    });
  });
}
