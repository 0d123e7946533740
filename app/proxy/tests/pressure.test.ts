import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { processUsage } from "@plinth/process";
import {
  freePort,
  installedRuntimes,
  outboundTo,
  RawConnection,
  startInstance,
  startProxy,
} from "../testing.ts";

const MIB = 1024 * 1024;
const BODY_BYTES = 256 * MIB;

for (const runtime of installedRuntimes()) {
  suite(`pressure on ${runtime}`, { concurrency: true }, () => {
    test("a client that does not read, and an instance that does not, keep little memory", async () => {
      let sent = 0;
      await using instance = await startInstance({
        http: (question, answer) => {
          if (question.method === "POST") return; // never reads
          answer.writeHead(200, { "content-length": BODY_BYTES });
          const chunk = Buffer.alloc(MIB);
          const more = (): void => {
            while (sent < BODY_BYTES) {
              sent += chunk.length;
              if (!answer.write(chunk)) return;
            }
            answer.end();
          };
          answer.on("drain", more);
          more();
        },
      });
      const port = await freePort();
      await using proxy = await startProxy(runtime, outboundTo(port, [instance.port]));
      const before = processUsage(proxy.pid)!.memoryBytes;

      using reader = await RawConnection.open(port);
      reader.socket.pause();
      reader.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      using writer = await RawConnection.open(port);
      writer.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
      const piece = Buffer.alloc(MIB);
      let written = 0;
      while (written < 64 * MIB && writer.socket.write(piece)) written += piece.length;
      for (let index = 0; index < 60; index++) writer.socket.write(piece);

      // All has come to rest when neither side moves any more.
      let last = -1;
      while (last !== sent + writer.socket.writableLength) {
        last = sent + writer.socket.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      assert.ok(sent < 64 * MIB, `the instance was stopped after ${sent / MIB} MiB`);
      assert.ok(writer.socket.writableLength > 30 * MIB, "the client was stopped");
      const grown = processUsage(proxy.pid)!.memoryBytes - before;
      assert.ok(grown < 64 * MIB, `the proxy grew by ${Math.round(grown / MIB)} MiB`);

      // Once read, all of it arrives.
      let received = 0;
      reader.socket.removeAllListeners("data");
      const whole = new Promise<void>((resolve) =>
        reader.socket.on("data", (chunk: Buffer) => {
          received += chunk.length;
          if (received >= BODY_BYTES) resolve();
        }),
      );
      reader.socket.resume();
      await whole;
    });

    test("a head that trickles in is given up after ten seconds, others are served meanwhile", async () => {
      await using instance = await startInstance({ http: (_, answer) => answer.end("ok") });
      const port = await freePort();
      await using proxy = await startProxy(runtime, outboundTo(port, [instance.port]));
      const started = performance.now();
      const trickling = await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(port)));
      for (const connection of trickling) connection.send("GET / HTTP/1.1\r\nHost: a\r\n");
      const timer = setInterval(() => {
        for (const connection of trickling) if (!connection.ended) connection.send("X: y\r\n");
      }, 500);
      using honest = await RawConnection.open(port);
      honest.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await honest.until(/ok$/);
      for (const connection of trickling) {
        assert.match(await connection.untilEnd(), /^HTTP\/1\.1 408 [^]*plinth-error: request-timeout/);
        connection.socket.destroy();
      }
      clearInterval(timer);
      assert.ok(performance.now() - started > 9_000);
      assert.equal((await proxy.control.status()).inFlight, 0);
    });
  });
}
