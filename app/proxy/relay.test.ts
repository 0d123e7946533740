import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import type { Snapshot } from "@plinth/connect";
import {
  exchangeRaw,
  freePort,
  installedRuntimes,
  outboundTo,
  RawConnection,
  startInstance,
  startProxy,
  type TestInstance,
  type TestProxy,
} from "./testing.ts";

const run = promisify(execFile);

async function curl(...parameters: string[]): Promise<string> {
  const options = { maxBuffer: 1e8, encoding: "latin1" } as const;
  return (await run("curl", ["-sS", "--max-time", "20", ...parameters], options)).stdout;
}

/** Answers each read of the instance with these bytes. */
const answering =
  (answer: string, then?: (socket: Socket) => void) =>
  (socket: Socket): void => {
    socket.write(Buffer.from(answer, "latin1"));
    then?.(socket);
  };

function noScript(): void {}

for (const runtime of installedRuntimes()) {
  suite(`relaying on ${runtime}`, () => {
    let proxy: TestProxy;
    let web: TestInstance;
    let raw: TestInstance;
    let port: number;
    let rawPort: number;
    let ingress: number;
    /** What the scripted instance does with bytes that it gets. */
    let script: (socket: Socket, chunk: Buffer) => void = noScript;

    before(async () => {
      web = await startInstance({
        http: (question, answer) => {
          if (question.url === "/echo") {
            answer.writeHead(200, { "content-type": "application/octet-stream" });
            question.pipe(answer);
          } else if (question.url === "/headers") {
            answer.end(JSON.stringify(question.rawHeaders));
          } else if (question.url === "/trailers") {
            answer.writeHead(200, { trailer: "x-sum" });
            answer.write("body");
            answer.addTrailers({ "x-sum": "42" });
            answer.end();
          } else if (question.url === "/early") {
            answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
            answer.end("late");
          } else {
            answer.end(`${question.method} ${question.url}`);
          }
        },
      });
      raw = await startInstance({
        script: (socket) => socket.on("data", (chunk: Buffer) => script(socket, chunk)),
      });
      [port, rawPort, ingress] = [await freePort(), await freePort(), await freePort()];
      const one = outboundTo(port, [web.port]);
      const snapshot: Snapshot = {
        ...one,
        services: {
          ...one.services,
          "test.raw": {
            app: "test",
            service: "raw",
            holdMs: 0,
            endpoints: [{ instance: "test.raw.1", address: "127.0.0.1", port: raw.port }],
          },
        },
        outbound: [
          ...one.outbound,
          { address: "127.0.0.1", port: rawPort, app: "test", caller: "caller", callee: "test.raw" },
        ],
        ingress: [
          {
            address: "127.0.0.1",
            port: ingress,
            hosts: { "Shop.localhost": "test.callee", "raw.localhost": "test.raw" },
          },
        ],
      };
      proxy = await startProxy(runtime, snapshot);
    });

    after(async () => {
      await proxy[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
      await raw[Symbol.asyncDispose]();
    });

    test("curl: GET, HEAD, POST, a large upload with 100-continue, chunked, HTTP/1.0", async () => {
      const url = `http://127.0.0.1:${port}`;
      assert.equal(await curl(`${url}/a?b=c`), "GET /a?b=c");
      assert.match(await curl("-I", `${url}/`), /^HTTP\/1\.1 200 OK/);
      assert.equal(await curl("-d", "hello", `${url}/echo`), "hello");
      assert.equal(await curl("-0", "-d", "hello", `${url}/echo`), "hello");
      assert.equal(await curl("-X", "DELETE", `${url}/x`), "DELETE /x");
      const big = "0123456789abcdef".repeat(200_000);
      const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) => {
        const child = execFile(
          "curl",
          ["-sS", "--max-time", "30", "-H", "Expect: 100-continue", "--data-binary", "@-", `${url}/echo`],
          { maxBuffer: 1e8, encoding: "latin1" },
          (error, out) => (error === null ? resolve({ stdout: out }) : reject(error)),
        );
        child.stdin!.end(big);
      });
      assert.ok(stdout === big, "the body comes back whole");
      assert.equal(await curl("-H", "Transfer-Encoding: chunked", "-d", "hello", `${url}/echo`), "hello");
    });

    test("a kept-alive client connection carries many requests over one upstream connection", async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const connections = web.connections;
      for (let index = 0; index < 20; index++) {
        const body = await new Promise<string>((resolve, reject) => {
          const call = request({ port, host: "127.0.0.1", path: `/${index}`, agent }, (answer) => {
            let text = "";
            answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
            answer.on("end", () => resolve(text));
          });
          call.on("error", reject);
          call.end();
        });
        assert.equal(body, `GET /${index}`);
      }
      agent.destroy();
      assert.ok(web.connections - connections <= 1);
    });

    test("trailers and early hints pass", async () => {
      const trailers = await exchangeRaw(
        port,
        "GET /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      );
      assert.match(trailers, /\r\n4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n$/);
      const early = await exchangeRaw(port, "GET /early HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      assert.match(early, /^HTTP\/1\.1 103 Early Hints\r\nlink: [^\r]*\r\n\r\nHTTP\/1\.1 200 OK\r\n/i);
    });

    test("pipelined requests are answered in order, however the bytes are cut", async () => {
      using connection = await RawConnection.open(port);
      const bytes = Array.from(
        { length: 30 },
        (_, index) => `GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`,
      ).join("");
      connection.send(bytes.slice(0, 700));
      await connection.until("GET /3");
      connection.send(bytes.slice(700));
      const all = await connection.until("GET /29");
      const answered = [...all.matchAll(/GET \/(\d+)/g)].map((match) => Number(match[1]));
      assert.deepEqual(
        answered,
        Array.from({ length: 30 }, (_, index) => index),
      );
    });

    test("a client that shuts down its sending side still gets its answers", async () => {
      using connection = await RawConnection.open(port);
      connection.socket.end("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
      const all = await connection.untilEnd();
      assert.match(all, /GET \/1[^]*GET \/2$/);
    });

    test("headers for one hop stay, all others pass in their order and case", async () => {
      const all = await exchangeRaw(
        port,
        "GET /headers HTTP/1.1\r\nHost: Example.test\r\nX-One: 1\r\nConnection: close, X-Secret\r\nX-Secret: s\r\n" +
          "Keep-Alive: timeout=3\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nx-two:2\r\n\r\n",
      );
      assert.match(all, /\r\nConnection: close\r\n/);
      const seen = JSON.parse(all.slice(all.indexOf("\r\n\r\n") + 4)) as string[];
      assert.deepEqual(seen, ["Host", "Example.test", "X-One", "1", "x-two", "2"]);
    });

    test("responses lose their headers for one hop, and HTTP/1.0 answers become 1.1", async () => {
      script = answering(
        "HTTP/1.0 200 Fine\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\nKeep-Alive: timeout=9\r\nContent-Length: 2\r\n\r\nok",
        (socket) => socket.end(),
      );
      using connection = await RawConnection.open(rawPort);
      connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const text = await connection.until("ok");
      assert.equal(text, "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok");
      connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); // still open
      await connection.until(/ok[^]*ok/);
    });

    test("an answer that ends with its connection reaches the client whole and says close", async () => {
      script = answering("HTTP/1.1 200 OK\r\n\r\nall of it", (socket) => socket.end());
      const text = await exchangeRaw(rawPort, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal(text, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
    });

    test("HTTP/1.0 clients get chunked answers without chunks, and may keep the connection", async () => {
      script = answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n",
      );
      const text = await exchangeRaw(rawPort, "GET / HTTP/1.0\r\n\r\n");
      assert.equal(text, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde");
      script = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      using connection = await RawConnection.open(rawPort);
      connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      assert.match(await connection.until(/ok$/), /\r\nConnection: keep-alive\r\n/);
      connection.send("GET / HTTP/1.0\r\n\r\n");
    });

    test("a request of HTTP/1.0 goes on as 1.1 and with a Host", async () => {
      let seen = "";
      script = (socket, chunk) => {
        seen = chunk.toString("latin1");
        socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      };
      await exchangeRaw(rawPort, "GET /old HTTP/1.0\r\n\r\n");
      assert.equal(seen, `GET /old HTTP/1.1\r\nHost: 127.0.0.1:${rawPort}\r\n\r\n`);
    });

    test("ingress routes by host and tells where a request came from, whatever the client claims", async () => {
      const all = await exchangeRaw(
        ingress,
        `GET /headers HTTP/1.1\r\nHOST: SHOP.localhost:${ingress}\r\nX-Forwarded-For: 6.6.6.6\r\n` +
          "x-forwarded-proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\nX-A: 1\r\nConnection: close\r\n\r\n",
      );
      assert.deepEqual(JSON.parse(all.slice(all.indexOf("\r\n\r\n") + 4)), [
        "HOST",
        `SHOP.localhost:${ingress}`,
        "X-A",
        "1",
        "X-Forwarded-For",
        "127.0.0.1",
        "X-Forwarded-Proto",
        "http",
        "X-Forwarded-Host",
        `SHOP.localhost:${ingress}`,
      ]);
      const unknown = await exchangeRaw(ingress, "GET / HTTP/1.1\r\nHost: other\r\n\r\n");
      assert.match(
        unknown,
        /^HTTP\/1\.1 404 [^]*plinth-error: unknown-host[^]*plinth: no service for host "other"/,
      );
    });

    test("Upgrade becomes a tunnel in which each side ends for itself", async () => {
      script = (socket, first) => {
        assert.match(first.toString(), /\r\nConnection: upgrade\r\nUpgrade: echo\r\n/i);
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst ",
        );
        socket.on("end", () => socket.end("last words"));
        script = (same, chunk) => same.write(chunk);
      };
      using connection = await RawConnection.open(rawPort);
      connection.send(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\nearly ",
      );
      const head = await connection.until("first early ");
      assert.match(
        head,
        /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n/,
      );
      connection.send("GET / HTTP/1.1\r\n\r\n"); // no HTTP any more
      await connection.until("GET / HTTP/1.1\r\n\r\n");
      assert.equal((await proxy.control.status()).inFlight, 1);
      connection.socket.end();
      assert.match(await connection.untilEnd(), /last words$/);
    });

    test("an answer before the request's end reaches the client, whose body still flows", async () => {
      let seen = "";
      script = (socket, chunk) => {
        if (seen === "") socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
        seen += chunk.toString("latin1");
        if (seen.includes("/second")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
      };
      using connection = await RawConnection.open(rawPort);
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
      await connection.until("early");
      connection.send("56789GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
      await connection.until("next");
      assert.match(seen, /0123456789GET \/second HTTP\/1\.1\r\n/);
    });

    test("an answer refuses the body of a client that waits for 100, and the connection ends", async () => {
      script = answering("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
      const text = await exchangeRaw(
        rawPort,
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      );
      assert.match(text, /^HTTP\/1\.1 417 [^]*Connection: close/);
    });

    test("CONNECT is refused", async () => {
      const text = await exchangeRaw(port, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
      assert.match(text, /^HTTP\/1\.1 405 [^]*plinth-error: connect-unsupported/);
    });
  });
}
