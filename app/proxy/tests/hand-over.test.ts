import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { isRunning, processIdentity, type RuntimeName } from "@plinth/process";
import {
  exchangeRaw,
  freePort,
  installedRuntimes,
  outboundTo,
  RawConnection,
  startInstance,
  startProxy,
} from "../testing.ts";

const run = promisify(execFile);
const runtimes = installedRuntimes();
const other = (runtime: RuntimeName): RuntimeName => runtimes.find((name) => name !== runtime) ?? runtime;

/** Clients that ask as fast as they are answered, over kept connections; counts answers and failures. */
class Load {
  answered = 0;
  readonly failures: string[] = [];
  #stopped = false;
  readonly #agent: Agent = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[] = [];
  readonly #port: number;

  constructor(port: number, clients: number) {
    this.#port = port;
    for (let index = 0; index < clients; index++)
      this.#clients.push(this.#ask(index % 2 === 0 ? "GET" : "POST"));
  }

  async #ask(method: string): Promise<void> {
    while (!this.#stopped) {
      await new Promise<void>((resolve) => {
        const fail = (reason: string): void => {
          this.failures.push(`${method}: ${reason}`);
          resolve();
        };
        const call = request(
          { port: this.#port, host: "127.0.0.1", method, agent: this.#agent },
          (answer) => {
            let text = "";
            answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
            answer.on("error", (error) => fail(error.message));
            answer.on("end", () => {
              if (answer.statusCode === 200 && text === "hello") {
                this.answered++;
                resolve();
              } else fail(`${answer.statusCode} ${text}`);
            });
          },
        );
        call.on("error", (error) => fail(error.message));
        call.end(method === "POST" ? "body" : undefined);
      });
    }
  }

  /** Resolves once this many more have been answered. */
  async more(count: number): Promise<void> {
    const goal = this.answered + count;
    while (this.answered < goal && this.failures.length === 0)
      await new Promise((resolve) => setImmediate(resolve));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }
}

for (const runtime of runtimes) {
  suite(`hand-over on ${runtime}`, () => {
    test("no request fails while one proxy follows another, on either runtime", async () => {
      await using instance = await startInstance({ http: (_, answer) => answer.end("hello") });
      const port = await freePort();
      await using proxy = await startProxy(runtime, outboundTo(port, [instance.port]));
      const load = new Load(port, 12);
      const wrk = run("wrk", ["-t1", "-c16", "-d3s", `http://127.0.0.1:${port}/`]);
      await load.more(200);
      for (const next of [runtime, other(runtime), runtime]) {
        const before = processIdentity(proxy.pid)!;
        const pid = await proxy.control.upgrade(next);
        assert.equal((await proxy.control.status()).pid, pid);
        assert.equal(proxy.pid, pid);
        await load.more(300);
        const ends = async (): Promise<void> => {
          while (isRunning(before)) await new Promise((resolve) => setImmediate(resolve));
        };
        await ends();
      }
      const { stdout } = await wrk;
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.doesNotMatch(stdout, /Socket errors|Non-2xx/);
      assert.equal((await proxy.control.status()).runtime, runtime);
    });

    test("an answer under way and a tunnel end in the old process, idle connections are closed", async () => {
      let release: (() => void) | undefined;
      await using instance = await startInstance({
        script: (socket) => {
          socket.on("end", () => socket.end());
          socket.on("data", (chunk: Buffer) => {
            if (chunk.includes("/slow")) {
              socket.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
              release = () => socket.write("half");
            } else if (chunk.includes("Upgrade")) {
              socket.write(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
              );
            } else socket.write(chunk);
          });
        },
      });
      const port = await freePort();
      await using proxy = await startProxy(runtime, outboundTo(port, [instance.port]));
      using slow = await RawConnection.open(port);
      slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      await slow.until("half");
      using tunnel = await RawConnection.open(port);
      tunnel.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      await tunnel.until("101");
      using idle = await RawConnection.open(port);
      const before = processIdentity(proxy.pid)!;
      await proxy.control.upgrade();
      await idle.untilEnd();
      tunnel.send("still here");
      await tunnel.until("still here");
      assert.ok(isRunning(before));
      release!();
      await slow.until("halfhalf");
      slow.socket.end();
      tunnel.socket.destroy();
      while (isRunning(before)) await new Promise((resolve) => setImmediate(resolve));
    });

    test("a new proxy that cannot start leaves the old one serving, and says why", async () => {
      await using instance = await startInstance({ http: (_, answer) => answer.end("hello") });
      const port = await freePort();
      await using proxy = await startProxy(runtime, outboundTo(port, [instance.port]));
      const { pid } = proxy;
      writeFileSync(join(proxy.home, "proxy", "snapshot.json"), "{ damaged");
      await assert.rejects(proxy.control.upgrade(), /the new proxy says: Cannot read .*snapshot\.json/);
      assert.equal((await proxy.control.status()).pid, pid);
      assert.equal(proxy.pid, pid);
      assert.match(
        await exchangeRaw(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        /hello$/,
      );
      await proxy.control.putSnapshot(outboundTo(port, [instance.port], 2));
      assert.notEqual(await proxy.control.upgrade(), pid);
    });

    test("after kill -9 a new proxy serves the stored snapshot; SIGTERM lets answers end", async () => {
      let release: (() => void) | undefined;
      await using instance = await startInstance({
        http: (_, answer) => {
          answer.write("a");
          release = () => answer.end("b");
        },
      });
      const port = await freePort();
      await using killed = await startProxy(runtime, outboundTo(port, [], 1));
      await killed.control.putSnapshot(outboundTo(port, [instance.port], 7));
      killed.first.kill("SIGKILL");
      await using proxy = await startProxy(runtime, outboundTo(port, []), killed.home);
      assert.equal((await proxy.control.status()).version, 7);
      using client = await RawConnection.open(port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.until("a\r\n");
      const exited = new Promise<unknown>((resolve) => proxy.first.once("exit", resolve));
      proxy.first.kill("SIGTERM");
      await assert.rejects(async () => {
        for (;;) await exchangeRaw(port, "");
      });
      release!();
      assert.match(await client.until("0\r\n\r\n"), /b/);
      client.socket.end();
      assert.equal(await exited, 0);
    });
  });
}
