import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import type { Snapshot } from "@plinth/connect";
import { problemStatus } from "@plinth/http1";
import { requestCorpus, responseCorpus } from "@plinth/http1/testing";
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

const get = (path = "/", extra = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${extra}\r\n`;
const closing = "Connection: close\r\n";

/** Resolves when the other end sends no more, in whatever way. */
function ending(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("end", resolve).once("close", () => resolve()));
}

/** An instance that calls back for whatever it reads. */
function scripted(
  script: (socket: Socket, chunk: Buffer, connection: number) => void,
): Promise<TestInstance> {
  return startInstance({
    script: (socket, connection) => socket.on("data", (chunk: Buffer) => script(socket, chunk, connection)),
  });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, value) => total + value, 0);
}

for (const runtime of installedRuntimes()) {
  suite(`faults on ${runtime}`, () => {
    let proxy: TestProxy;
    let port: number;
    let version = 1;

    before(async () => {
      port = await freePort();
      proxy = await startProxy(runtime, outboundTo(port, []));
    });

    after(() => proxy[Symbol.asyncDispose]());

    /** Puts these instances behind the proxy. */
    async function route(endpoints: readonly number[], holdMs = 0): Promise<void> {
      const { failed } = await proxy.control.putSnapshot(outboundTo(port, endpoints, ++version, holdMs));
      assert.deepEqual(failed, []);
    }

    test("no malformed request gets an answer from an instance, each gets its status and an end", async () => {
      let whole = 0;
      await using instance = await startInstance({
        http: (question, answer) => {
          question.resume();
          question.on("end", () => {
            whole++;
            answer.end("reached");
          });
        },
      });
      await route([instance.port]);
      const malformed = requestCorpus().filter(
        ({ expect, good }) => expect !== "ok" && expect !== "incomplete" && good === undefined,
      );
      for (const { name, bytes, expect } of malformed) {
        const text = await exchangeRaw(port, bytes);
        const status = problemStatus(expect as Parameters<typeof problemStatus>[0]);
        assert.ok(text.startsWith(`HTTP/1.1 ${status} `), `${name}: ${text.slice(0, 200)}`);
        assert.match(text, /\r\nplinth-error: bad-request\r\nConnection: close\r\n\r\n/, name);
      }
      assert.equal(whole, 0);
    });

    test("a malformed request behind a good one is refused after the good one's answer", async () => {
      await using instance = await startInstance({ http: (_, answer) => answer.end("good") });
      await route([instance.port]);
      const text = await exchangeRaw(
        port,
        `${get()}GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n`,
      );
      assert.match(text, /^HTTP\/1\.1 200 OK[^]*goodHTTP\/1\.1 400 Bad Request/);
    });

    test("malformed answers become 502 or a broken connection, never a whole answer", async () => {
      let answer: Buffer = Buffer.alloc(0);
      await using instance = await scripted((socket) => socket.end(answer));
      await route([instance.port]);
      for (const { name, bytes, expect } of responseCorpus()) {
        if (expect === "ok" || expect === "until-close") continue;
        answer = bytes;
        // POST: answered by nobody else after a first failure.
        const text = await exchangeRaw(
          port,
          `POST / HTTP/1.1\r\nHost: a\r\n${closing}Content-Length: 0\r\n\r\n`,
        );
        if (text.startsWith("HTTP/1.1 200 ")) {
          assert.equal(expect, "incomplete", name);
          assert.ok(!text.endsWith("0\r\n\r\n"), name);
        } else {
          assert.match(
            text,
            /^HTTP\/1\.1 502 [^]*plinth-error: upstream-(malformed|closed)/,
            `${name}: ${text}`,
          );
        }
      }
    });

    test("bytes behind an answer, with it or later, are never taken for the next answer", async () => {
      const forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
      let late: Socket | undefined;
      await using instance = await scripted((socket, chunk) => {
        const extra = chunk.includes("/with") ? forged : "";
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${extra}`);
        late = socket;
      });
      await route([instance.port]);
      using connection = await RawConnection.open(port);
      for (const path of ["/with", "/with", "/plain"]) {
        connection.received = "";
        connection.send(get(path));
        await connection.until(/ok$/);
      }
      const gone = ending(late!);
      late!.write(forged); // idle now, so nobody has asked
      await gone;
      connection.received = "";
      connection.send(get("/plain"));
      assert.match(await connection.until(/ok$/), /Content-Length: 2/);
    });

    test("an upgrade that nobody asked for is refused", async () => {
      await using instance = await scripted((socket) =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
      );
      await route([instance.port]);
      assert.match(await exchangeRaw(port, get("/", closing)), /^HTTP\/1\.1 502 /);
    });

    test("a refused connection is tried elsewhere; with nowhere else the answer says where and why", async () => {
      await using instance = await startInstance({ http: (_, answer) => answer.end("alive") });
      const dead = await freePort();
      await route([dead, instance.port]);
      for (let index = 0; index < 30; index++) {
        assert.match(await exchangeRaw(port, get("/", closing)), /^HTTP\/1\.1 200 [^]*alive$/);
      }
      await route([dead]);
      const text = await exchangeRaw(port, get("/", closing));
      assert.match(text, /^HTTP\/1\.1 503 [^]*plinth-error: connect-failed[^]*ECONNREFUSED/);
      assert.ok(text.includes(`127.0.0.1:${dead}`));
    });

    test("a request waits for its first instance; without one it is told why", async () => {
      await route([], 20_000);
      await using instance = await startInstance({ http: (_, answer) => answer.end("at last") });
      using connection = await RawConnection.open(port);
      connection.send(get());
      while ((await proxy.control.status()).inFlight === 0);
      await route([instance.port], 20_000);
      await connection.until("at last");
      const snapshot = outboundTo(port, [], ++version, 300);
      const callee = { ...snapshot.services["test.callee"]!, notReady: "2 starting" };
      await proxy.control.putSnapshot({ ...snapshot, services: { "test.callee": callee } });
      assert.match(
        await exchangeRaw(port, get("/", closing)),
        /^HTTP\/1\.1 503 [^]*plinth-error: no-instance[^]*plinth: no instance of test\.callee is ready \(2 starting\); waited 0\.3 s\n$/,
      );
    });

    test("a request waits for an instance that refuses connections until it is back", async () => {
      const back = await freePort();
      await route([back], 20_000);
      using connection = await RawConnection.open(port);
      connection.send(get());
      while ((await proxy.control.status()).inFlight === 0);
      const server = createServer((socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback")),
      );
      await new Promise<void>((resolve) => server.listen(back, "127.0.0.1", resolve));
      await connection.until(/back$/);
      server.close();
    });

    test("a kept connection that turns out closed: GET is sent again, POST is not", async () => {
      await using instance = await scripted((socket, _, connection) => {
        if (socket.bytesWritten > 0 && connection % 2 === 1) socket.destroy();
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
      });
      await route([instance.port]);
      using connection = await RawConnection.open(port);
      connection.send(get());
      await connection.until(/ok$/);
      connection.send(get());
      await connection.until(/ok[^]*ok$/);
      assert.equal(instance.connections, 2);
      await using second = await scripted((socket) => {
        if (socket.bytesWritten > 0) socket.destroy();
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`);
      });
      await route([second.port]);
      connection.received = "";
      connection.send(get());
      await connection.until(/ok$/);
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      assert.match(
        await connection.until(/plinth: .*\n$/),
        /ok[^]*HTTP\/1\.1 502 [^]*plinth-error: upstream-closed/,
      );
    });

    test("an answer cut short reaches the client as cut short", async () => {
      await using instance = await scripted((socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", () => socket.destroy());
      });
      await route([instance.port]);
      using connection = await RawConnection.open(port);
      connection.send(get());
      assert.match(await connection.untilEnd(), /Content-Length: 100\r\n\r\n(only this)?$/);
    });

    test("a client that goes away takes its request with it", async () => {
      const gone = Promise.withResolvers<void>();
      const arrived = Promise.withResolvers<void>();
      await using instance = await scripted((socket) => {
        arrived.resolve();
        void ending(socket).then(gone.resolve);
      });
      await route([instance.port]);
      const connection = await RawConnection.open(port);
      connection.send(get());
      await arrived.promise;
      connection.socket.resetAndDestroy();
      await gone.promise;
    });

    test("drain() waits for what is under way at a removed instance, tunnels included", async () => {
      let waiting: Socket | undefined;
      const arrived = Promise.withResolvers<void>();
      await using old = await scripted((socket) => {
        waiting = socket;
        arrived.resolve();
      });
      await using next = await startInstance({ http: (_, answer) => answer.end("new") });
      await route([old.port]);
      using connection = await RawConnection.open(port);
      connection.send(get());
      await arrived.promise;
      await route([next.port]);
      const name = `test.callee.${old.port}`;
      assert.equal(await proxy.control.drain([name], 50), 1);
      assert.match(await exchangeRaw(port, get("/", closing)), /new$/);
      const drained = proxy.control.drain([name], 20_000);
      waiting!.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
      await connection.until(/old$/);
      assert.equal(await drained, 0);
    });

    test("a port that is taken is reported and bound once it is free", async () => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      const { port: second } = taken.address() as { port: number };
      await using instance = await startInstance({ http: (_, answer) => answer.end("ok") });
      const snapshot = outboundTo(port, [instance.port], ++version);
      const both: Snapshot = {
        ...snapshot,
        outbound: [...snapshot.outbound, { ...snapshot.outbound[0]!, port: second, caller: "other" }],
      };
      const { failed } = await proxy.control.putSnapshot(both);
      assert.equal(failed.length, 1);
      assert.equal(failed[0]!.port, second);
      assert.match(failed[0]!.message, /EADDRINUSE|in use/i);
      assert.match(await exchangeRaw(port, get("/", closing)), /ok$/);
      await new Promise((resolve) => taken.close(resolve));
      while ((await proxy.control.status()).failed.length > 0);
      assert.match(await exchangeRaw(second, get("/", closing)), /ok$/);
    });

    test("a wrong snapshot is refused whole", async () => {
      const inForce = (await proxy.control.status()).version;
      const wrong = {
        ...outboundTo(port, []),
        outbound: [{ address: "127.0.0.1", port, app: "a", caller: "b", callee: "c" }],
      };
      await assert.rejects(
        proxy.control.putSnapshot(wrong),
        /outbound\[0\]\.callee is not a key of services/,
      );
      assert.equal((await proxy.control.status()).version, inForce);
    });

    test("counters tell success from failure, and the proxy's own answers by their reason", async () => {
      await using instance = await startInstance({
        http: (question, answer) => {
          answer.statusCode = Number(question.url!.slice(1));
          answer.end();
        },
      });
      await route([instance.port]);
      const start = (await proxy.control.stats()).edges[0]!;
      for (const status of [200, 404, 500]) await exchangeRaw(port, get(`/${status}`, closing));
      await route([]);
      await exchangeRaw(port, get("/", closing));
      const end = (await proxy.control.stats()).edges[0]!;
      assert.deepEqual([end.success - start.success, end.failure - start.failure], [2, 2]);
      assert.equal(sum(end.latencyCounts) - sum(start.latencyCounts), 4);
    });
  });
}
