import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { after, before, suite, test } from "node:test";
import { installedRuntimes, RawConnection, startInstance, type TestInstance, TestMesh } from "../testing.ts";

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

for (const runtime of installedRuntimes()) {
  suite(`calls between hosts on ${runtime}`, { timeout: 120_000 }, () => {
    let mesh: TestMesh;
    let web: TestInstance;

    before(async () => {
      web = await startInstance({
        http: (question, answer) => {
          if (question.url === "/echo") question.pipe(answer);
          else answer.end(`${question.method} ${question.url}`);
        },
      });
      mesh = await TestMesh.start({ a: runtime, b: runtime });
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
