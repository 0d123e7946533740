import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createLog } from "@plinth/log";
import { freePort } from "@plinth/process/testing";
import { DataPlane } from "./data-plane.ts";
import { emptySnapshot, type ServiceProtocol } from "./snapshot.ts";

const limit = { timeout: 30_000 };

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

interface Instance {
  readonly port: number;
  readonly close: () => void;
}

async function instance(onStream: OnStream, settings: object = {}): Promise<Instance> {
  const server = createServer({ settings });
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

/** A data plane with a service of these instances behind one listener, and a client connected to it. */
class Bench implements AsyncDisposable {
  readonly plane: DataPlane = new DataPlane({ log: createLog({ level: "error" }) });
  #session: ClientHttp2Session | undefined = undefined;
  readonly instances: readonly Instance[];
  readonly port: number;

  private constructor(port: number, instances: readonly Instance[]) {
    this.port = port;
    this.instances = instances;
  }

  get session(): ClientHttp2Session {
    this.#session ??= connect(`http://127.0.0.1:${this.port}`).on("error", () => {});
    return this.#session;
  }

  static async before(instances: readonly Instance[], protocol: ServiceProtocol = "http2"): Promise<Bench> {
    const port = await freePort();
    const bench = new Bench(port, instances);
    await bench.apply(
      instances.map((each) => each.port),
      protocol,
    );
    return bench;
  }

  async apply(ports: readonly number[], protocol: ServiceProtocol = "http2"): Promise<void> {
    const failed = await this.plane.apply({
      ...emptySnapshot,
      version: 1,
      services: {
        "shop.rpc": {
          app: "shop",
          service: "rpc",
          protocol,
          holdMs: 10_000,
          endpoints: ports.map((port) => ({ instance: `shop.rpc.${port}`, address: "127.0.0.1", port })),
        },
      },
      outbound: [{ address: "127.0.0.1", port: this.port, app: "shop", caller: "web", callee: "shop.rpc" }],
      ingress: [],
      metrics: null,
    });
    assert.deepEqual(failed, []);
  }

  request(headers: Record<string, string> = {}, options: object = {}): ClientHttp2Stream {
    const stream = this.session.request({ ":path": "/", ...headers }, options);
    stream.on("error", () => {});
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.destroy();
    for (const each of this.instances) each.close();
    await this.plane[Symbol.asyncDispose]();
  }
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on("response", (fields) => (headers = fields));
  stream.on("trailers", (fields) => (trailers = fields));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => stream.once("close", resolve));
  return { headers, trailers, body: Buffer.concat(chunks) };
}

for (const protocol of ["http2", "auto"] as const) {
  test(`a call passes with its fields, body and trailers (${protocol})`, limit, async () => {
    const rpc = await instance((stream, headers) => {
      stream.respond(
        { ":status": 201, "x-path": headers[":path"], "x-te": headers["te"] },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.pipe(stream);
    });
    await using bench = await Bench.before([rpc], protocol);
    const stream = bench.request({ ":method": "POST", ":path": "/a?b", te: "trailers" });
    stream.end("hello");
    const { headers, trailers, body } = await answerOf(stream);
    assert.equal(headers[":status"], 201);
    assert.equal(headers["x-path"], "/a?b");
    assert.equal(headers["x-te"], "trailers");
    assert.equal(String(body), "hello");
    assert.equal(trailers["grpc-status"], "0");
    const [edge] = bench.plane.stats();
    assert.equal(edge!.requests, 1);
    assert.equal(edge!.success, 1);
  });
}

test("many calls at once share a connection and each gets its own answer", limit, async () => {
  const rpc = await instance((stream, headers) => {
    stream.respond({ ":status": 200 });
    stream.end(headers[":path"]);
  });
  await using bench = await Bench.before([rpc]);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => answerOf(bench.request({ ":path": `/${index}` }))),
  );
  assert.deepEqual(
    answers.map(({ body }) => String(body)),
    answers.map((_, index) => `/${index}`),
  );
});

test(
  "an instance that takes few calls at once gets more connections, and all are answered",
  limit,
  async () => {
    const rpc = await instance(
      (stream) => {
        stream.respond({ ":status": 200 });
        stream.end("ok");
      },
      { maxConcurrentStreams: 3 },
    );
    await using bench = await Bench.before([rpc]);
    await answerOf(bench.request());
    const answers = await Promise.all(Array.from({ length: 60 }, () => answerOf(bench.request())));
    assert.ok(answers.every(({ headers }) => Number(headers[":status"]) === 200));
  },
);

test("large bodies stream both ways at a slow reader's pace", limit, async () => {
  const rpc = await instance((stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  await using bench = await Bench.before([rpc]);
  const sent = randomBytes(6 * 1024 * 1024);
  const stream = bench.request({ ":method": "POST" });
  stream.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    await new Promise(setImmediate);
  }
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test("a call that the client cancels is cancelled at the instance", limit, async () => {
  const cancelled = Promise.withResolvers<number>();
  const begun = Promise.withResolvers<void>();
  const rpc = await instance((stream) => {
    stream.respond({ ":status": 200 });
    stream.on("close", () => cancelled.resolve(stream.rstCode));
    begun.resolve();
  });
  await using bench = await Bench.before([rpc]);
  const stream = bench.request({ ":method": "POST" });
  await begun.promise;
  stream.close(constants.NGHTTP2_CANCEL);
  assert.equal(await cancelled.promise, constants.NGHTTP2_CANCEL);
  const other = bench.request();
  other.close();
});

test("a call the instance refuses as unprocessed goes to another", limit, async () => {
  const busy = await instance((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
  const free = await instance((stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  await using bench = await Bench.before([busy, free]);
  for (let round = 0; round < 10; round += 1) {
    const stream = bench.request({ ":method": "POST" });
    stream.end("body");
    const { headers, body } = await answerOf(stream);
    assert.equal(headers[":status"], 200);
    assert.equal(String(body), "body");
  }
});

test("a call waits for an instance, with the beginning of its body", limit, async () => {
  const rpc = await instance((stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  await using bench = await Bench.before([rpc]);
  await bench.apply([]);
  const stream = bench.request({ ":method": "POST" });
  stream.end(randomBytes(100_000));
  await once(stream, "ready");
  await bench.apply([rpc.port]);
  assert.equal((await answerOf(stream)).body.length, 100_000);
});

test("without an instance a gRPC call gets a gRPC status, and any other an HTTP one", limit, async () => {
  await using bench = await Bench.before([]);
  await using gone = await Bench.before([{ port: await freePort(), close: () => {} }]);
  for (const each of [gone]) {
    await each.plane.apply({
      ...each.plane.snapshot,
      services: { "shop.rpc": { ...each.plane.snapshot.services["shop.rpc"]!, holdMs: 0 } },
    });
    const grpc = each.request({ ":method": "POST", "content-type": "application/grpc" });
    grpc.end("x");
    const answer = await answerOf(grpc);
    assert.equal(answer.headers[":status"], 200);
    assert.equal(answer.headers["grpc-status"], "14");
    assert.match(String(answer.headers["grpc-message"]), /ECONNREFUSED/);
    const plain = await answerOf(each.request());
    assert.equal(plain.headers[":status"], 503);
    assert.equal(plain.headers["plinth-error"], "connect-failed");
  }
  assert.equal(bench.plane.stats()[0]!.requests, 0);
});

test(
  "a call whose instance dies half-way is broken off, and the next one goes elsewhere",
  limit,
  async () => {
    const dying = await instance((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("half", () => stream.session?.destroy());
    });
    await using bench = await Bench.before([dying]);
    const stream = bench.request();
    const { headers } = await answerOf(stream);
    assert.equal(headers[":status"], 200);
    assert.notEqual(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    const well = await instance((each) => {
      each.respond({ ":status": 200 });
      each.end("well");
    });
    await bench.apply([well.port]);
    assert.equal(String((await answerOf(bench.request())).body), "well");
    well.close();
  },
);

test("draining announces the end, lets calls finish and takes no new ones", limit, async () => {
  const release = Promise.withResolvers<void>();
  const rpc = await instance((stream) => {
    stream.respond({ ":status": 200 });
    void release.promise.then(() => stream.end("late"));
  });
  await using bench = await Bench.before([rpc]);
  const stream = bench.request();
  await once(stream, "response");
  const goaway = once(bench.session, "goaway");
  const drained = bench.plane.drain(10_000);
  await goaway;
  release.resolve();
  assert.equal(String((await answerOf(stream)).body), "late");
  await drained;
  assert.equal(bench.plane.connections, 0);
});

for (const protocol of ["http", "auto"] as const) {
  test(`HTTP/2 at the ingress reaches an instance that speaks HTTP/1 (${protocol})`, limit, async () => {
    const heard: string[] = [];
    const server = createHttpServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        heard.push(
          `${request.method} ${request.url} ${request.headers.host} ${request.headers.cookie ?? ""}`,
        );
        response.setHeader("x-from", String(request.headers["x-forwarded-for"]));
        if (request.url === "/sized") response.setHeader("content-length", Buffer.concat(chunks).length);
        response.end(Buffer.concat(chunks));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const web = { port, close: () => server.close().closeAllConnections() };
    await using bench = await Bench.before([web], protocol);
    const ingress = await freePort();
    const listener = { address: "127.0.0.1", port: ingress, hosts: { "*": "shop.rpc" } };
    await bench.plane.apply({ ...bench.plane.snapshot, ingress: [listener] });
    const session = connect(`http://127.0.0.1:${ingress}`);
    const ask = (headers: Record<string, string>, body?: Buffer): Promise<Answer> => {
      const stream = session.request({ ":path": "/", ...headers });
      stream.on("error", () => {});
      stream.end(body);
      return answerOf(stream);
    };
    const large = randomBytes(3_000_000);
    const answers = await Promise.all([
      ask({ cookie: "a=b" }),
      ask({ ":method": "POST", ":path": "/sized" }, large),
      ask({ ":method": "POST", ":path": "/chunked", "content-length": String(large.length) }, large),
      ask({ ":method": "HEAD", ":path": "/head" }),
    ]);
    assert.deepEqual(
      answers.map(({ headers, body }) => [headers[":status"], body.length]),
      [
        [200, 0],
        [200, large.length],
        [200, large.length],
        [200, 0],
      ],
    );
    assert.ok(answers[1].body.equals(large) && answers[2].body.equals(large));
    assert.equal(answers[0].headers["x-from"], "127.0.0.1");
    assert.ok(heard.includes(`GET / 127.0.0.1:${ingress} a=b`));
    await ask({ ":path": "/a b" });
    assert.equal(heard.length, 4, "what HTTP/1 cannot say goes no further");
    session.destroy();
  });
}
