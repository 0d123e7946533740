import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect as tlsConnect, createServer as createTlsServer } from "node:tls";
import { type Clock, systemClock } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { freePort } from "@plinth/process/testing";
import { DataPlane } from "./data-plane.ts";
import { SILENCE_MS, TICK_MS } from "./limits.ts";
import { emptySnapshot, type ServiceProtocol, type Snapshot } from "./snapshot.ts";

const limit = { timeout: 30_000 };

/** A data plane with one service behind an outbound listener and an ingress, before the given instance. */
class Bench implements AsyncDisposable {
  readonly plane: DataPlane;
  readonly outbound: number;
  readonly ingress: number;
  readonly published: number;
  readonly #closers: (() => void)[] = [];

  private constructor([outbound, ingress, published]: readonly [number, number, number], clock: Clock) {
    this.plane = new DataPlane({ log: createLog({ level: "error" }), clock });
    this.outbound = outbound;
    this.ingress = ingress;
    this.published = published;
  }

  static async before(
    onConnection: (socket: Socket) => void,
    options: { protocol?: ServiceProtocol; ready?: boolean; clock?: Clock } = {},
  ): Promise<Bench & { readonly port: number }> {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const bench = new Bench(ports, options.clock ?? systemClock);
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      onConnection(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    bench.#closers.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = server.address() as AddressInfo;
    await bench.apply(options.ready === false ? [] : [port], options.protocol ?? "auto");
    return Object.assign(bench, { port });
  }

  async apply(ports: readonly number[], protocol: ServiceProtocol): Promise<void> {
    const snapshot: Snapshot = {
      ...emptySnapshot,
      version: 1,
      services: {
        "shop.db": {
          app: "shop",
          service: "db",
          protocol,
          holdMs: 20_000,
          endpoints: ports.map((port) => ({ instance: `shop.db.${port}`, address: "127.0.0.1", port })),
        },
      },
      outbound: [
        { address: "127.0.0.1", port: this.outbound, app: "shop", caller: "web", callee: "shop.db" },
      ],
      ingress: [{ address: "127.0.0.1", port: this.ingress, hosts: { "db.example": "shop.db" } }],
      published: [{ address: "127.0.0.1", port: this.published, callee: "shop.db" }],
      metrics: null,
    };
    assert.deepEqual(await this.plane.apply(snapshot), []);
  }

  dial(port: number = this.outbound): Socket {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.#closers.push(() => socket.destroy());
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) close();
    await this.plane[Symbol.asyncDispose]();
  }
}

/** All of one direction; the stream's own consumers would destroy the other with it. */
async function received(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "end");
  return Buffer.concat(chunks);
}

const echo = (socket: Socket): void => {
  socket.pipe(socket);
};

test("an undeclared protocol whose server speaks first works", limit, async () => {
  await using bench = await Bench.before((socket) => {
    socket.write("220 ready\r\n");
    socket.on("data", (chunk: Buffer) => socket.write(`250 ${chunk.toString()}`));
  });
  const client = bench.dial();
  assert.equal(String((await once(client, "data"))[0]), "220 ready\r\n");
  client.write("EHLO x\r\n");
  assert.equal(String((await once(client, "data"))[0]), "250 EHLO x\r\n");
});

test("a published port leads outside callers to the service, whatever is spoken", limit, async () => {
  await using bench = await Bench.before((socket) => {
    socket.write("220 ready\r\n");
  });
  assert.equal(String((await once(bench.dial(bench.published), "data"))[0]), "220 ready\r\n");

  await using web = await Bench.before((socket) => {
    socket.once("data", (chunk: Buffer) => {
      const origin = /x-forwarded-for: (.*)\r\n/i.exec(chunk.toString())?.[1] ?? "nobody";
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${origin.length}\r\n\r\n${origin}`);
    });
  });
  const client = web.dial(web.published);
  client.write("GET / HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n");
  assert.match(String(await received(client)), /^HTTP\/1.1 200 OK[^]*\r\n\r\n127\.0\.0\.1$/);
  assert.match(
    web.plane.metricsText(),
    /request_total\{direction="inbound",app="shop",src_app="shop",src_service="ingress"/,
  );
});

test("an undeclared protocol whose client speaks first works at once", limit, async () => {
  await using bench = await Bench.before(echo);
  const client = bench.dial();
  client.write("*1\r\n$4\r\nPING\r\n");
  assert.equal(String((await once(client, "data"))[0]), "*1\r\n$4\r\nPING\r\n");
  assert.equal(bench.plane.stats()[0]!.requests, 0);
  assert.equal(bench.plane.stats()[0]!.tcpOpen, 1);
});

test("HTTP without a declaration is counted by request, also after a silence", limit, async () => {
  const asked = Promise.withResolvers<void>();
  await using bench = await Bench.before((socket) => {
    asked.resolve();
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
  });
  const client = bench.dial();
  // The instance is asked whether it speaks first: only then does the client.
  await asked.promise;
  client.write("GET / HTTP/1.1\r\nHost: db\r\n\r\n");
  assert.match(String((await once(client, "data"))[0]), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(bench.plane.stats()[0]!.success, 1);
});

test("a silent client has one connection to an instance, however late it speaks", limit, async () => {
  const clock = new VirtualClock();
  const asked: Socket[] = [];
  await using bench = await Bench.before(
    (socket) => {
      asked.push(socket);
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    },
    { clock },
  );
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  };
  // The tick finds it silent since the tick before; its own timer comes later.
  await clock.advance(TICK_MS - 1);
  const client = bench.dial();
  await until(() => bench.plane.connections === 1);
  await clock.advance(1);
  await until(() => asked.length === 1);
  await clock.advance(SILENCE_MS);
  client.write("GET / HTTP/1.1\r\nHost: db\r\n\r\n");
  assert.match(String((await once(client, "data"))[0]), /^HTTP\/1\.1 200 OK\r\n/);
  assert.equal(await bench.plane.drainEndpoints([`shop.db.${bench.port}`], 0), 0);
  // An instance that ends takes along nobody who does not wait for it.
  for (const socket of asked) socket.end();
  client.write("GET / HTTP/1.1\r\nHost: db\r\n\r\n");
  assert.match(String((await once(client, "data"))[0]), /^HTTP\/1\.1 200 OK\r\n/);
});

test("a silent client does not hold up an instance that leaves", limit, async () => {
  const clock = new VirtualClock();
  const asked = Promise.withResolvers<Socket>();
  const bench = await Bench.before(asked.resolve, { clock });
  await using _bench = bench;
  const client = bench.dial();
  while (bench.plane.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(SILENCE_MS);
  await asked.promise;
  await bench.apply([], "auto");
  const drained = bench.plane.drainEndpoints([`shop.db.${bench.port}`], 60_000);
  await clock.advance(TICK_MS);
  assert.equal(await drained, 0);
  assert.ok(!client.destroyed);
});

test("bytes that could still become a request are decided soon", limit, async () => {
  await using bench = await Bench.before(echo);
  const client = bench.dial();
  client.write("GE");
  assert.equal(String((await once(client, "data"))[0]), "GE");
});

for (const protocol of ["auto", "tcp"] as const) {
  test(`each direction ends by itself (${protocol})`, limit, async () => {
    await using bench = await Bench.before(
      (socket) => {
        void received(socket).then((all) => socket.end(`got ${all.length}`));
      },
      { protocol },
    );
    const client = bench.dial();
    client.end(Buffer.concat([Buffer.from([0, 0, 0, 8]), randomBytes(100_000)]));
    assert.equal(String(await received(client)), "got 100004");
  });
}

test("a server that ends first still reads to the end", limit, async () => {
  const heard = Promise.withResolvers<Buffer>();
  await using bench = await Bench.before(
    (socket) => {
      socket.end("bye");
      void received(socket).then(heard.resolve);
    },
    { protocol: "tcp" },
  );
  const client = bench.dial();
  assert.equal(String(await received(client)), "bye");
  client.end("late words");
  assert.equal(String(await heard.promise), "late words");
});

test("large transfers arrive whole at a slow reader, both ways", limit, async () => {
  await using bench = await Bench.before(echo, { protocol: "tcp" });
  const client = bench.dial();
  const sent = randomBytes(8 * 1024 * 1024);
  client.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of client) {
    chunks.push(chunk as Buffer);
    await new Promise(setImmediate);
  }
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test("a connection waits for an instance, and bytes with it", limit, async () => {
  const bench = await Bench.before(echo, { protocol: "tcp", ready: false });
  await using _bench = bench;
  const client = bench.dial();
  client.write("early");
  await once(client, "connect");
  await bench.apply([bench.port], "tcp");
  assert.equal(String((await once(client, "data"))[0]), "early");
});

test("a reset by the instance reaches the client as one", limit, async () => {
  await using bench = await Bench.before((socket) => socket.once("data", () => socket.resetAndDestroy()), {
    protocol: "tcp",
  });
  const client = bench.dial();
  client.write("x");
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
});

test("an endpoint that refuses is passed over for one that does not", limit, async () => {
  const bench = await Bench.before(echo, { protocol: "tcp" });
  await using _bench = bench;
  await bench.apply([await freePort(), bench.port], "tcp");
  for (let round = 0; round < 8; round += 1) {
    const client = bench.dial();
    client.write("x");
    assert.equal(String((await once(client, "data"))[0]), "x");
    client.destroy();
  }
});

test("TLS behind the ingress goes by its server name, unopened", limit, async () => {
  const identity = { psk: Buffer.from("0123456789abcdef"), identity: "test" };
  const server = createTlsServer({ ciphers: "PSK", maxVersion: "TLSv1.2", pskCallback: () => identity.psk });
  server.on("secureConnection", (socket) => socket.pipe(socket));
  await using bench = await Bench.before((socket) => void server.emit("connection", socket));
  const dial = (servername: string): ReturnType<typeof tlsConnect> =>
    tlsConnect({
      port: bench.ingress,
      host: "127.0.0.1",
      servername,
      ciphers: "PSK",
      pskCallback: () => identity,
      checkServerIdentity: () => undefined,
    });
  const client = dial("db.example");
  await once(client, "secureConnect");
  client.write("through");
  assert.equal(String((await once(client, "data"))[0]), "through");
  client.destroy();
  const stranger = dial("other.example");
  await assert.rejects(once(stranger, "secureConnect"));
});
