import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { processUsage, type RuntimeName } from "@plinth/process";
import {
  CALLEE,
  CALLER,
  certify,
  installedRuntimes,
  RawConnection,
  startInstance,
  TestMesh,
} from "../testing.ts";

const MIB = 1024 * 1024;
const runtimes = installedRuntimes();
const other = (runtime: RuntimeName): RuntimeName => runtimes.find((name) => name !== runtime) ?? runtime;

/** Clients that ask as fast as they are answered, over kept connections; counts answers and failures. */
class Load {
  answered = 0;
  readonly failures: string[] = [];
  #stopped = false;
  readonly #agent: Agent = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[] = [];

  constructor(port: number, clients: number) {
    for (let index = 0; index < clients; index++) this.#clients.push(this.#run(port));
  }

  async #run(port: number): Promise<void> {
    while (!this.#stopped) {
      const failure = await this.#ask(port);
      if (failure === undefined) this.answered++;
      else this.failures.push(failure);
    }
  }

  /** Why it failed, if it did. */
  #ask(port: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const call = request({ port, host: "127.0.0.1", agent: this.#agent }, (answer) => {
        let text = "";
        answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
        answer.on("error", (error) => resolve(error.message));
        answer.on("end", () =>
          resolve(answer.statusCode === 200 && text === "hello" ? undefined : `${answer.statusCode} ${text}`),
        );
      });
      call.on("error", (error) => resolve(error.message));
      call.end();
    });
  }

  /** Resolves once so many more have been answered. */
  async more(signal: AbortSignal, count = 200): Promise<void> {
    const enough = this.answered + count;
    while (this.answered < enough) {
      signal.throwIfAborted();
      await new Promise(setImmediate);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }
}

for (const runtime of runtimes) {
  suite(`links in upheaval on ${runtime}`, { timeout: 120_000 }, () => {
    test("certificates, roots and both proxies are replaced under load: nothing fails", async (context) => {
      const { signal } = context;
      await using web = await startInstance({ http: (_, answer) => answer.end("hello") });
      await using mesh = await TestMesh.start({ a: runtime, b: runtime });
      const { port, proxy: a } = mesh.host("a");
      const { proxy: b } = mesh.host("b");
      await using echo = await startInstance({ script: (socket) => socket.pipe(socket) });
      await mesh.place([{ port: echo.port, host: "b" }]);
      using stream = await RawConnection.open(port);
      let said = "";
      const stillThere = async (): Promise<void> => {
        said += "*ping\r\n";
        stream.send("*ping\r\n");
        await stream.until(said);
      };
      await stillThere();
      await mesh.place([{ port: web.port, host: "b" }]);
      await using load = new Load(port, 8);
      await load.more(signal);
      const { authority } = mesh.held;
      const links = async (): Promise<number> => await mesh.metric("b", "inbound_peer_links_total");
      const first = await links();
      await mesh.identify("a");
      await load.more(signal);
      await mesh.identify("b");
      await load.more(signal);
      assert.ok((await links()) >= first + 2, "each renewal makes new links");
      for (let round = 0; round < 2; round++) {
        await authority.prepareRoot();
        await mesh.identify("b");
        await load.more(signal);
        await mesh.identify("a");
        await authority.activateRoot();
        await mesh.identify("a");
        await load.more(signal);
        await mesh.identify("b");
        await authority.retireRoot({ force: true });
        await mesh.identify();
        await load.more(signal);
      }
      await stillThere();
      for (const proxy of [a, b]) {
        await proxy.control.upgrade(other(runtime));
        await load.more(signal);
        await stillThere();
        await proxy.control.upgrade(runtime);
        await load.more(signal);
        await stillThere();
      }
      await mesh.identify();
      await load.more(signal);
      await load[Symbol.asyncDispose]();
      assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} of ${load.answered} failed`);

      // No key is anywhere but in memory.
      assert.ok((await certify(mesh.held, [CALLER])).svids[0]!.privateKey.startsWith(KEY_START));
      for (const { proxy } of mesh.hosts.values()) assertHoldsNoKeys(proxy.home, proxy.log);
    });

    test("HTTP/2 calls move to new links as certificates are renewed, and one under way goes on", async (context) => {
      const { signal } = context;
      const server = createHttp2Server();
      server.on("stream", (stream: ServerHttp2Stream, headers) => {
        stream.on("error", () => {});
        stream.respond({ ":status": 200 });
        if (headers[":path"] === "/echo") stream.pipe(stream);
        else stream.end("hello");
      });
      server.listen(0, "127.0.0.1");
      server.unref();
      await once(server, "listening");
      await using mesh = await TestMesh.start({ a: runtime, b: runtime });
      mesh.protocol = "http2";
      await mesh.place([{ port: (server.address() as AddressInfo).port, host: "b" }]);
      const session = connectHttp2(`http://127.0.0.1:${mesh.host("a").port}`);
      const long = session.request({ ":method": "POST", ":path": "/echo" });
      long.write("ping");
      assert.equal(String((await once(long, "data"))[0]), "ping");
      const calls = { answered: 0, goOn: true };
      const failures: string[] = [];
      const clients = Array.from({ length: 8 }, async () => {
        while (calls.goOn) {
          const stream = session.request({ ":path": "/" });
          let text = "";
          stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
          stream.on("error", () => {});
          await new Promise((resolve) => stream.once("close", resolve));
          if (text === "hello") calls.answered++;
          else failures.push(`${stream.rstCode} ${text}`);
        }
      });
      const more = async (): Promise<void> => {
        const enough = calls.answered + 200;
        while (calls.answered < enough && failures.length === 0) {
          signal.throwIfAborted();
          await new Promise(setImmediate);
        }
      };
      const links = async (): Promise<number> => await mesh.metric("b", "inbound_peer_links_total");
      await more();
      for (const name of ["a", "b", "a", "b"]) {
        const made = await links();
        await mesh.identify(name);
        // The next call makes a new link.
        while ((await links()) === made) await more();
        await more();
      }
      calls.goOn = false;
      await Promise.all(clients);
      assert.deepEqual(failures, []);
      long.write("pong");
      assert.equal(String((await once(long, "data"))[0]), "pong");
      session.destroy();
      server.close();
    });

    test("a set of identities that is wrong leaves those there were, and says nothing of keys", async () => {
      await using web = await startInstance({ http: (_, answer) => answer.end("hello") });
      await using mesh = await TestMesh.start({ a: runtime, b: runtime });
      await mesh.place([{ port: web.port, host: "b" }]);
      const { proxy, port } = mesh.host("a");
      const right = await certify(mesh.held, [CALLER, CALLEE]);
      const [svid] = right.svids;
      const secret = "c2VjcmV0LWtleS1ieXRlcw";
      const wrong = [
        { ...right, svids: [{ ...svid!, privateKey: secret }] },
        { ...right, svids: [{ ...svid!, certificates: [] }] },
        { ...right, roots: secret as unknown as string[] },
      ];
      for (const each of wrong) {
        await assert.rejects(proxy.control.putIdentities(each), (error: Error) => {
          assert.ok(!error.message.includes(secret), error.message);
          return (error as { code?: string }).code === "invalid";
        });
      }
      assert.ok(!proxy.log.includes(secret));
      await using load = new Load(port, 1);
      await load.more(AbortSignal.timeout(10_000), 5);
      await load[Symbol.asyncDispose]();
      assert.deepEqual(load.failures, []);
    });

    for (const [how, strike] of [
      ["is killed", "SIGKILL"],
      ["falls silent", "SIGSTOP"],
    ] as const) {
      test(`a proxy that ${how} under load fails nothing where another host has an instance`, async (context) => {
        await using one = await startInstance({ http: (_, answer) => answer.end("hello") });
        await using two = await startInstance({ http: (_, answer) => answer.end("hello") });
        await using mesh = await TestMesh.start({ a: runtime, b: runtime, c: runtime });
        mesh.holdMs = 20_000;
        await mesh.place([
          { port: one.port, host: "b" },
          { port: two.port, host: "c" },
        ]);
        const { port, proxy } = mesh.host("a");
        await using load = new Load(port, 8);
        await load.more(context.signal);
        process.kill(mesh.host("b").proxy.pid, strike);
        await load.more(context.signal, 500);
        if (strike === "SIGSTOP") {
          // Every client has had one request there at most; all go on.
          while (!proxy.log.includes("gives no sign of life")) {
            context.signal.throwIfAborted();
            await load.more(context.signal, 1);
          }
          await load.more(context.signal, 500);
        }
        await load[Symbol.asyncDispose]();
        assert.deepEqual(load.failures.slice(0, 5), [], `${load.failures.length} of ${load.answered} failed`);
      });
    }

    test("a client that does not read, and an instance that does not, keep little memory", async () => {
      const BODY_BYTES = 256 * MIB;
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
      await using mesh = await TestMesh.start({ a: runtime, b: runtime });
      await mesh.place([{ port: instance.port, host: "b" }]);
      const proxies = [mesh.host("a").proxy, mesh.host("b").proxy];
      const memory = (): number => proxies.reduce((sum, { pid }) => sum + processUsage(pid)!.memoryBytes, 0);
      const before = memory();
      const { port } = mesh.host("a");
      using reader = await RawConnection.open(port);
      reader.socket.pause();
      reader.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      using writer = await RawConnection.open(port);
      writer.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
      for (let index = 0; index < 60; index++) writer.socket.write(Buffer.alloc(MIB));
      // All has come to rest when neither side moves any more.
      let last = -1;
      while (last !== sent + writer.socket.writableLength) {
        last = sent + writer.socket.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      assert.ok(sent < 64 * MIB, `the instance was stopped after ${sent / MIB} MiB`);
      assert.ok(writer.socket.writableLength > 20 * MIB, "the client was stopped");
      const grown = memory() - before;
      assert.ok(grown < 96 * MIB, `the proxies grew by ${Math.round(grown / MIB)} MiB`);
      // Others on the same link are not held up.
      using third = await RawConnection.open(port);
      third.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
      await third.until("200 OK");
    });
  });
}

/** PKCS #8 of an ECDSA P-256 key begins like this, in base64. */
const KEY_START = "MIGHAgEAMBMGByqGSM49";

function assertHoldsNoKeys(home: string, log: string): void {
  assert.ok(!log.includes(KEY_START) && !log.includes("PRIVATE KEY"));
  let files = 0;
  for (const name of readdirSync(home, { recursive: true, encoding: "utf8" })) {
    const path = join(home, name);
    if (!statSync(path).isFile()) continue;
    files++;
    const text = readFileSync(path, "latin1");
    assert.ok(!text.includes(KEY_START) && !text.includes("PRIVATE KEY"), path);
  }
  assert.ok(files > 0);
}
