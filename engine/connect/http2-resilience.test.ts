import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { freePort } from "@plinth/process/testing";
import { DataPlane } from "./data-plane.ts";
import type { ServicePolicy } from "./policy.ts";
import { emptySnapshot } from "./snapshot.ts";

const limit = { timeout: 30_000 };

/** What an instance does with a call that is there with its body; `count` includes it. */
type Script = (stream: ServerHttp2Stream, body: string, count: number) => void;

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
}

/** A data plane on virtual time before HTTP/2 instances that answer by script. */
class Bench implements AsyncDisposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly plane: DataPlane;
  readonly calls: string[][] = [];
  readonly #context: TestContext;
  readonly #ends: (() => void)[] = [];
  #session: ClientHttp2Session | undefined = undefined;

  private constructor(context: TestContext) {
    this.#context = context;
    this.plane = new DataPlane({
      clock: this.clock,
      random: seededRandom(1),
      log: createLog({ clock: this.clock, level: "error" }),
    });
  }

  static async with(
    context: TestContext,
    scripts: readonly Script[],
    policy: ServicePolicy = {},
  ): Promise<Bench> {
    const bench = new Bench(context);
    const ports: number[] = [];
    for (const script of scripts) ports.push(await bench.#instance(script));
    const port = await freePort();
    const failed = await bench.plane.apply({
      ...emptySnapshot,
      version: 1,
      services: {
        "shop.rpc": {
          app: "shop",
          service: "rpc",
          protocol: "http2",
          holdMs: 0,
          policy,
          endpoints: ports.map((at) => ({ instance: `shop.rpc.${at}`, address: "127.0.0.1", port: at })),
        },
      },
      outbound: [{ address: "127.0.0.1", port, app: "shop", caller: "web", callee: "shop.rpc" }],
      ingress: [],
      metrics: null,
    });
    assert.deepEqual(failed, []);
    bench.#session = connect(`http://127.0.0.1:${port}`).on("error", () => {});
    return bench;
  }

  async #instance(script: Script): Promise<number> {
    const had: string[] = [];
    this.calls.push(had);
    const sessions = new Set<ServerHttp2Session>();
    const server = createServer();
    server.on("session", (session) => sessions.add(session));
    server.on("stream", (stream: ServerHttp2Stream) => {
      let body = "";
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
      stream.on("end", () => {
        had.push(body);
        script(stream, body, had.length);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#ends.push(() => {
      server.close();
      for (const session of sessions) session.destroy();
    });
    return (server.address() as AddressInfo).port;
  }

  /** Calls and waits for the end; time goes on meanwhile. */
  async call(headers: Record<string, string> = {}, body = ""): Promise<Answer> {
    const stream = this.#session!.request({ ":path": "/", ...headers });
    stream.on("error", () => {});
    const answer = { headers: {}, trailers: {}, body: "" };
    stream.on("response", (fields) => (answer.headers = fields));
    stream.on("trailers", (fields) => (answer.trailers = fields));
    stream.on("data", (chunk: Buffer) => (answer.body += chunk.toString("latin1")));
    const over = new AbortController();
    stream.on("close", () => over.abort());
    if (body === "") stream.end();
    else stream.end(body); // a GET has ended already: even empty text would be a write too many
    while (!over.signal.aborted) {
      await this.clock.advance(10);
      await setImmediate(undefined, { signal: this.#context.signal });
    }
    return answer;
  }

  async grpc(body = ""): Promise<Answer> {
    return this.call({ ":method": "POST", "content-type": "application/grpc", te: "trailers" }, body);
  }

  counter(name: string): number {
    const pattern = new RegExp(`^outbound_http_route_retry_${name}_total\\{[^}]*\\} (\\d+)$`, "m");
    return Number(pattern.exec(this.plane.metricsText())?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.destroy();
    for (const end of this.#ends) end();
    await this.plane[Symbol.asyncDispose]();
  }
}

const plain =
  (status: number, headers: Record<string, string> = {}): Script =>
  (stream, body) => {
    stream.respond({ ":status": status, ...headers });
    stream.end(body === "" ? "answer" : body);
  };
const grpcOnly =
  (status: number): Script =>
  (stream) =>
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": String(status) },
      { endStream: true },
    );
const grpcOf =
  (status: number): Script =>
  (stream, body) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }));
    stream.end(body);
  };

test("an HTTP/2 request whose answer is 503 goes to another instance", limit, async (context) => {
  await using bench = await Bench.with(context, [plain(503), plain(200)], { breaker: false });
  for (let round = 0; round < 20; round++) {
    const { headers, body } = await bench.call({ ":method": "PUT" }, "whole body");
    assert.equal(headers[":status"], 200);
    assert.equal(body, "whole body");
  }
  assert.ok(bench.calls[0]!.length > 0);
  assert.equal(bench.counter("successes"), bench.calls[0]!.length);
});

test(
  "a gRPC call answered with nothing but unavailable goes to another instance, body and all",
  limit,
  async (context) => {
    await using bench = await Bench.with(context, [grpcOnly(14), grpcOf(0)], { breaker: false });
    const message = "m".repeat(40_000);
    for (let round = 0; round < 20; round++) {
      const { trailers, body } = await bench.grpc(message);
      assert.equal(trailers["grpc-status"], "0");
      assert.equal(body, message);
    }
    assert.ok(bench.calls[0]!.length > 0);
    assert.equal(bench.counter("requests"), bench.calls[0]!.length);
  },
);

test(
  "a gRPC call that was answered with more than a status, or another status, is not made again",
  limit,
  async (context) => {
    for (const script of [grpcOf(14), grpcOnly(13), grpcOnly(5)]) {
      await using bench = await Bench.with(context, [script, script]);
      const { headers, trailers } = await bench.grpc("message");
      assert.notEqual(trailers["grpc-status"] ?? headers["grpc-status"], "0");
      assert.equal(bench.calls.flat().length, 1);
    }
    await using named = await Bench.with(context, [grpcOnly(13), grpcOf(0)], {
      retry: { grpc: [13] },
      breaker: false,
    });
    for (let round = 0; round < 10; round++) assert.equal((await named.grpc()).trailers["grpc-status"], "0");
  },
);

test("a POST that is not gRPC and a body that is too long are sent once", limit, async (context) => {
  await using bench = await Bench.with(context, [plain(503), plain(503)]);
  assert.equal((await bench.call({ ":method": "POST" }, "x")).headers[":status"], 503);
  assert.equal(bench.calls.flat().length, 1);
  assert.equal((await bench.call({ ":method": "PUT" }, "x".repeat(200_000))).headers[":status"], 503);
  assert.equal(bench.calls.flat().length, 2);
});

test("the only instance is called again after a moment", limit, async (context) => {
  const second: Script = (stream, body, count) =>
    (count === 1 ? grpcOnly(14) : grpcOf(0))(stream, body, count);
  await using bench = await Bench.with(context, [second]);
  const { trailers, body } = await bench.grpc("message");
  assert.equal(trailers["grpc-status"], "0");
  assert.equal(body, "message");
});

test("a gRPC call beyond its time ends as deadline exceeded, any other in 504", limit, async (context) => {
  for (const timeout of [{ requestMs: 300 }, { responseMs: 2_000 }, { idleMs: 2_000 }]) {
    await using bench = await Bench.with(context, [() => {}], { timeout, retry: { limit: 0 } });
    const grpc = await bench.grpc("message");
    assert.equal(grpc.headers["grpc-status"], "4");
    const other = await bench.call();
    assert.equal(other.headers[":status"], 504);
    assert.match(other.body, /did not (answer within|begin its answer within|go on in time)/);
    assert.equal(bench.plane.inFlight, 0);
  }
});

test(
  "a gRPC stream whose time is over after its first message ends with its status in trailers",
  limit,
  async (context) => {
    const begins: Script = (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write("first");
    };
    await using bench = await Bench.with(context, [begins], { timeout: { requestMs: 1_000 } });
    const { trailers, body } = await bench.grpc();
    assert.equal(body, "first");
    assert.equal(trailers["grpc-status"], "4");
  },
);

test("an instance whose gRPC calls fail is left out", limit, async (context) => {
  await using bench = await Bench.with(context, [grpcOf(13), grpcOf(0)]);
  for (let round = 0; round < 100; round++) await bench.grpc();
  assert.ok(bench.calls[0]!.length < 40, String(bench.calls[0]!.length));
});
