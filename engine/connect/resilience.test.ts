import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import { DataPlane } from "./data-plane.ts";
import { RESEND_BYTES_MAX } from "./limits.ts";
import type { ServicePolicy } from "./policy.ts";
import { emptySnapshot, type Snapshot } from "./snapshot.ts";

const limit = { timeout: 30_000 };

/** What an instance does with a request: its text, and how many requests it has had, this one included. */
type Script = (socket: Socket, request: string, count: number) => void;

interface Options {
  readonly policy?: ServicePolicy;
  readonly holdMs?: number;
}

async function listening(onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** A data plane on virtual time before instances that answer by script. */
class Bench implements AsyncDisposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly plane: DataPlane;
  readonly signal: AbortSignal;
  /** Whole requests that each instance has had. */
  readonly requests: string[][] = [];
  readonly #sockets: Socket[] = [];
  readonly #servers: Server[] = [];
  #ports: number[] = [];
  #port = 0;

  private constructor(signal: AbortSignal) {
    this.signal = signal;
    this.plane = new DataPlane({
      clock: this.clock,
      random: seededRandom(1),
      log: createLog({ clock: this.clock, level: "error" }),
    });
  }

  static async with(context: TestContext, scripts: readonly Script[], options: Options = {}): Promise<Bench> {
    const bench = new Bench(context.signal);
    for (const script of scripts) await bench.#addInstance(script);
    const free = await listening(() => {});
    bench.#port = free.port;
    free.server.close();
    await once(free.server, "close");
    await bench.apply(bench.#ports, options);
    return bench;
  }

  async #addInstance(script: Script): Promise<void> {
    const had: string[] = [];
    this.requests.push(had);
    const { server, port } = await listening((socket) => {
      this.#sockets.push(socket);
      socket.on("error", () => {});
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        const head = text.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < head + 4 + length) return;
        had.push(text);
        const request = text;
        text = "";
        script(socket, request, had.length);
      });
    });
    this.#servers.push(server);
    this.#ports.push(port);
  }

  get ports(): readonly number[] {
    return this.#ports;
  }

  async apply(ports: readonly number[], { policy, holdMs = 0 }: Options): Promise<void> {
    const snapshot: Snapshot = {
      ...emptySnapshot,
      version: 1,
      services: {
        "app.callee": {
          app: "app",
          service: "callee",
          holdMs,
          endpoints: ports.map((at) => ({ instance: `app.callee.${at}`, address: "127.0.0.1", port: at })),
          ...(policy === undefined ? {} : { policy }),
        },
      },
      outbound: [
        { address: "127.0.0.1", port: this.#port, app: "app", caller: "caller", callee: "app.callee" },
      ],
      ingress: [],
      metrics: null,
    };
    assert.deepEqual(await this.plane.apply(snapshot), []);
  }

  async client(): Promise<Client> {
    const socket = connect({ port: this.#port, host: "127.0.0.1" });
    this.#sockets.push(socket);
    await once(socket, "connect");
    return new Client(socket, this.signal);
  }

  /** Time goes on until the promise is there. */
  async until<T>(promise: Promise<T>, stepMs = 10): Promise<T> {
    const over = new AbortController();
    const watched = promise.finally(() => over.abort());
    while (!over.signal.aborted) {
      await this.clock.advance(stepMs);
      await setImmediate(undefined, { signal: this.signal });
    }
    return watched;
  }

  counter(name: string): number {
    const match = new RegExp(`^outbound_http_route_retry_${name}_total\\{[^}]*\\} (\\d+)$`, "m").exec(
      this.plane.metricsText(),
    );
    return Number(match?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }
}

class Client {
  readonly socket: Socket;
  readonly #signal: AbortSignal;
  #text = "";
  #isOver = false;

  constructor(socket: Socket, signal: AbortSignal) {
    this.socket = socket;
    this.#signal = signal;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => (this.#text += chunk.toString("latin1")));
    socket.on("close", () => (this.#isOver = true));
  }

  async ask(request: string): Promise<string> {
    this.#text = "";
    this.socket.write(request);
    return await this.answer();
  }

  /** The answer with its body, or what there was of it when the connection ended. */
  async answer(): Promise<string> {
    for (;;) {
      const head = this.#text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
      if (this.#isOver || (head >= 0 && this.#text.length >= head + 4 + length)) return this.#text;
      await setImmediate(undefined, { signal: this.#signal });
    }
  }
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const ok = (body = "ok"): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const failing = (status: number, headers = ""): string =>
  `HTTP/1.1 ${status} Bad\r\n${headers}Content-Length: 3\r\n\r\nbad`;
const good: Script = (socket) => socket.write(ok());
const bad: Script = (socket) => socket.write(failing(503));

test(
  "a request whose answer is 503 goes to another instance, and only the good answer is passed on",
  limit,
  async (context) => {
    await using bench = await Bench.with(context, [bad, good], { policy: { breaker: false } });
    const client = await bench.client();
    for (let round = 0; round < 20; round++) assert.match(await client.ask(GET), /^HTTP\/1\.1 200 [^]*ok$/);
    const [failed, answered] = bench.requests;
    assert.equal(answered!.length, 20);
    assert.ok(failed!.length > 0);
    assert.equal(bench.counter("requests"), failed!.length);
    assert.equal(bench.counter("successes"), failed!.length);
    const [edge] = bench.plane.stats();
    assert.deepEqual([edge!.requests, edge!.success, edge!.failure], [20, 20, 0]);
  },
);

test("an answer whose retry fails as well is passed on as it is", limit, async (context) => {
  await using bench = await Bench.with(context, [bad, bad]);
  const client = await bench.client();
  assert.match(await client.ask(GET), /^HTTP\/1\.1 503 [^]*bad$/);
  assert.equal(bench.requests.flat().length, 2);
  assert.deepEqual(
    ["requests", "successes", "limit_exceeded", "overflow"].map((name) => bench.counter(name)),
    [1, 0, 1, 0],
  );
});

test("500, POST, a limit of 0 and statuses beyond the policy are not tried again", limit, async (context) => {
  const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
  const cases: [string, Script, ServicePolicy][] = [
    [GET, (socket) => socket.write(failing(500)), {}],
    [post, bad, {}],
    [GET, bad, { retry: { limit: 0 } }],
    [GET, bad, { retry: { statuses: [502] } }],
    [GET, bad, { retry: { methods: ["HEAD"] } }],
  ];
  for (const [request, script, policy] of cases) {
    await using bench = await Bench.with(context, [script, script], { policy });
    assert.match(await (await bench.client()).ask(request), /^HTTP\/1\.1 50[03] /);
    assert.equal(bench.requests.flat().length, 1);
  }
});

test("the only instance is asked again after a moment", limit, async (context) => {
  const once503: Script = (socket, _request, count) => socket.write(count === 1 ? failing(503) : ok());
  await using bench = await Bench.with(context, [once503]);
  const client = await bench.client();
  const answer = client.ask(GET);
  while (bench.requests[0]!.length === 0) await setImmediate(undefined, context);
  for (let turn = 0; turn < 50; turn++) await setImmediate(undefined, context);
  assert.equal(bench.requests[0]!.length, 1); // no time has gone by yet
  assert.match(await bench.until(answer), /^HTTP\/1\.1 200 /);
  assert.equal(bench.requests[0]!.length, 2);
});

test("a client that leaves during the wait before another try ends the request", limit, async (context) => {
  await using bench = await Bench.with(context, [bad]);
  const client = await bench.client();
  client.socket.write(GET);
  while (bench.counter("requests") === 0) await setImmediate(undefined, context);
  client.socket.resetAndDestroy();
  while (bench.plane.connections > 0) await setImmediate(undefined, context);
  await bench.clock.advance(1_000);
  assert.equal(bench.requests[0]!.length, 1);
  assert.equal(bench.plane.inFlight, 0);
});

for (const [bytes, tries] of [
  [RESEND_BYTES_MAX / 2, 2],
  [RESEND_BYTES_MAX * 4, 1],
] as const) {
  test(
    `a body of ${bytes} bytes that came in parts is sent ${tries === 2 ? "again whole" : "once"}`,
    limit,
    async (context) => {
      const once503: Script = (socket, _request, count) => socket.write(count === 1 ? failing(503) : ok());
      await using bench = await Bench.with(context, [once503]);
      const client = await bench.client();
      const body = Array.from({ length: bytes }, (_, index) => String.fromCharCode(97 + (index % 26))).join(
        "",
      );
      client.socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`);
      const part = Math.ceil(bytes / 4);
      for (let at = 0; at < bytes; at += part) {
        const before = client.socket.bytesWritten;
        client.socket.write(body.slice(at, at + part));
        while (client.socket.bytesWritten === before) await setImmediate(undefined, context);
        for (let turn = 0; turn < 20; turn++) await setImmediate(undefined, context);
      }
      const answer = await bench.until(client.answer());
      assert.match(answer, tries === 2 ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 503 /);
      assert.equal(bench.requests[0]!.length, tries);
      for (const request of bench.requests[0]!) assert.ok(request.endsWith(`\r\n\r\n${body}`));
    },
  );
}

test("retries end with the budget, however many requests fail", limit, async (context) => {
  await using bench = await Bench.with(context, [bad, bad], { policy: { breaker: false } });
  const client = await bench.client();
  for (let round = 0; round < 300; round++) assert.match(await client.ask(GET), /^HTTP\/1\.1 503 /);
  assert.equal(bench.counter("requests"), 100);
  assert.equal(bench.counter("overflow"), 200);
  assert.equal(bench.requests.flat().length, 400);
});

test("an instance that asks for less gets less, while others are there", limit, async (context) => {
  const tired: Script = (socket) => socket.write(failing(429, "Retry-After: 7\r\n"));
  await using bench = await Bench.with(context, [tired, good]);
  const client = await bench.client();
  for (let round = 0; round < 100; round++) await client.ask(GET);
  assert.ok(bench.requests[0]!.length <= 3, String(bench.requests[0]!.length));
});

test(
  "a response timeout ends in 504, or in another instance's answer where that does no harm",
  limit,
  async (context) => {
    const silent: Script = () => {};
    const policy = { timeout: { responseMs: 2_000 } };
    await using alone = await Bench.with(context, [silent], { policy: { ...policy, retry: { limit: 0 } } });
    const client = await alone.client();
    const answer = await alone.until(client.ask(GET), 250);
    assert.match(
      answer,
      /^HTTP\/1\.1 504 [^]*plinth-error: response-timeout[^]*did not begin its answer within 2 s/,
    );
    await using two = await Bench.with(context, [silent, good], { policy });
    const other = await two.client();
    for (let round = 0; round < 10; round++)
      assert.match(await two.until(other.ask(GET), 250), /^HTTP\/1\.1 200 /);
  },
);

test(
  "a request timeout holds for all tries and for waiting, and a short one is exact",
  limit,
  async (context) => {
    await using bench = await Bench.with(context, [() => {}], { policy: { timeout: { requestMs: 100 } } });
    const client = await bench.client();
    const answer = client.ask(GET);
    while (bench.requests[0]!.length === 0) await setImmediate(undefined, context);
    await bench.clock.advance(99);
    assert.equal(bench.plane.inFlight, 1);
    await bench.clock.advance(1);
    assert.match(await answer, /^HTTP\/1\.1 504 [^]*request-deadline[^]*did not answer within 0\.1 s/);
    await bench.apply([], { policy: { timeout: { requestMs: 1_000 } }, holdMs: 60_000 });
    const waits = await bench.until((await bench.client()).ask(GET), 250);
    assert.match(waits, /^HTTP\/1\.1 504 [^]*app\.callee did not answer within 1 s/);
    assert.equal(bench.plane.inFlight, 0);
  },
);

test("an answer that is not whole in time is broken off, and an idle one as well", limit, async (context) => {
  const half: Script = (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  for (const timeout of [{ requestMs: 3_000 }, { idleMs: 2_000 }]) {
    await using bench = await Bench.with(context, [half], { policy: { timeout } });
    const client = await bench.client();
    assert.match(await bench.until(client.ask(GET), 250), /^HTTP\/1\.1 200 [^]*half$/);
    const [edge] = bench.plane.stats();
    assert.equal(edge!.failure, 1);
  }
});

test(
  "after a hold of nothing but waiting requests are refused at once, until an instance is there",
  limit,
  async (context) => {
    await using bench = await Bench.with(context, [good], { holdMs: 5_000 });
    await bench.apply([], { holdMs: 5_000 });
    const first = (await bench.client()).ask(GET);
    while (bench.plane.inFlight === 0) await setImmediate(undefined, context);
    await bench.clock.advance(4_000);
    const second = (await bench.client()).ask(GET);
    while (bench.plane.inFlight < 2) await setImmediate(undefined, context);
    assert.match(await bench.until(first, 250), /503 [^]*waited 5\.0 s/);
    await bench.clock.advance(500);
    const late = await (await bench.client()).ask(GET); // no time goes by
    assert.match(
      late,
      /503 [^]*plinth-error: failfast[^]*no instance of app\.callee is ready for [56]\.\d s/,
    );
    assert.equal(bench.plane.inFlight, 1); // the second is still held
    await bench.apply(bench.ports, { holdMs: 5_000 });
    assert.match(await second, /^HTTP\/1\.1 200 /);
    assert.match(await (await bench.client()).ask(GET), /^HTTP\/1\.1 200 /);
  },
);

test(
  "an instance that answers 500 is left out, and two of two that do so stay in",
  limit,
  async (context) => {
    const broken: Script = (socket) => socket.write(failing(500));
    await using one = await Bench.with(context, [broken, good]);
    const client = await one.client();
    for (let round = 0; round < 200; round++) await client.ask(GET);
    assert.ok(one.requests[0]!.length < 60, String(one.requests[0]!.length));
    assert.match(one.plane.metricsText(), /endpoint_state="ejected"\} 1\n/);
    await using both = await Bench.with(context, [broken, broken]);
    const other = await both.client();
    for (let round = 0; round < 200; round++) await other.ask(GET);
    assert.match(both.plane.metricsText(), /endpoint_state="ejected"\} 0\n/);
  },
);
