import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import type { ProbeSettings } from "@plinth/resource";
import { askProbe, type ProbeAnswer, type ProbeTarget } from "./probe.ts";
import { untilStarted } from "./probe-loop.ts";

const limit = { timeout: 30_000 };
const NEVER = new AbortController().signal;
const options = { timeoutMs: 20_000, clock: systemClock, signal: NEVER };

interface Serving extends AsyncDisposable {
  readonly target: ProbeTarget;
}

async function serve(server: Server): Promise<Serving> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    target: { address: "127.0.0.1", port, exec: undefined },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const serveHttp = (listener: RequestListener): Promise<Serving> => serve(createHttpServer(listener));
const withoutTime = (answer: ProbeAnswer): string => answer.text.replace(/\d+ ms/, "N ms");

test(
  "askProbe() takes 200 to 399 for a yes, and shows the status and first line of anything else",
  limit,
  async () => {
    for (const [status, body, yes, text] of [
      [200, "fine", true, "HTTP 200 after N ms"],
      [204, "", true, "HTTP 204 after N ms"],
      [302, "", true, "HTTP 302 after N ms"],
      [404, "", false, "HTTP 404 after N ms"],
      [503, "warming\u001b[2J up\nsecond line", false, "HTTP 503 after N ms: warming?[2J up"],
      [500, "x".repeat(10_000), false, `HTTP 500 after N ms: ${"x".repeat(200)}…`],
    ] as const) {
      await using server = await serveHttp((request, response) => {
        assert.equal(request.url, "/health?a=b");
        response.writeHead(status);
        response.end(body);
      });
      const answer = await askProbe({ http: "/health?a=b" }, server.target, options);
      assert.equal(answer.yes, yes);
      assert.equal(withoutTime(answer), text);
    }
  },
);

test("askProbe() says that nobody listens, hangs up or talks nonsense", limit, async () => {
  const gone = await serve(createServer());
  await gone[Symbol.asyncDispose]();
  const { port } = gone.target;
  const refused = { yes: false, text: `connection refused at 127.0.0.1:${port}`, refused: true };
  assert.deepEqual(await askProbe({ http: "/" }, gone.target, options), refused);
  assert.deepEqual(await askProbe({ tcp: true }, gone.target, options), refused);

  await using hangsUp = await serve(createServer((socket) => socket.destroy()));
  const cut = await askProbe({ http: "/" }, hangsUp.target, options);
  assert.equal(cut.yes, false);
  assert.equal(cut.refused, false);

  await using nonsense = await serve(createServer((socket) => socket.end("hello\n")));
  const odd = await askProbe({ http: "/" }, nonsense.target, options);
  assert.equal(odd.yes, false);
  assert.match(odd.text, /Parse Error/);
});

test(
  "askProbe() does not wait for the end of a yes, nor longer than its timeout for a no",
  limit,
  async () => {
    await using endless = await serveHttp((_, response) => {
      response.writeHead(200);
      response.write("data: 1\n\n");
    });
    assert.equal((await askProbe({ http: "/" }, endless.target, { ...options, timeoutMs: 100 })).yes, true);

    await using silent = await serve(createServer());
    const late = await askProbe({ http: "/" }, silent.target, { ...options, timeoutMs: 30 });
    assert.equal(late.text, `no answer to GET / at 127.0.0.1:${silent.target.port} within 30 ms`);
    assert.equal((await askProbe({ tcp: true }, silent.target, options)).yes, true);

    const abort = new AbortController();
    const asking = askProbe({ http: "/" }, silent.target, { ...options, signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(asking, /enough/);
  },
);

const target = (code: number, output: string): ProbeTarget => ({
  address: "",
  port: 1,
  exec: () => Promise.resolve({ code, output }),
});

test("askProbe() runs a command and takes 0 for a yes", limit, async () => {
  assert.equal((await askProbe({ exec: ["check"] }, target(0, ""), options)).yes, true);
  const no = await askProbe({ exec: ["check"] }, target(2, "queue is full\nmore"), options);
  assert.equal(withoutTime(no), "exit code 2 after N ms: queue is full");
  let aborted = false;
  const hangs: ProbeTarget = {
    address: "",
    port: 1,
    exec: (_, signal) => {
      signal.addEventListener("abort", () => (aborted = true));
      return new Promise(() => {});
    },
  };
  const late = await askProbe({ exec: ["check"] }, hangs, { ...options, timeoutMs: 20 });
  assert.equal(late.text, "check did not end within 20 ms");
  assert.equal(aborted, true);
});

const settings: ProbeSettings = {
  question: { http: "/" },
  periodMs: 200,
  timeoutMs: 2000,
  successThreshold: 1,
  failureThreshold: 150,
};

test("untilStarted() asks often while nobody listens, so that a port is seen soon after it opens", async () => {
  const clock = new VirtualClock(0);
  const askedAt: number[] = [];
  const started = untilStarted({
    settings,
    clock,
    signal: NEVER,
    onAnswer: () => {},
    ask: () => {
      askedAt.push(clock.monotonic());
      return Promise.resolve({ yes: clock.monotonic() >= 130, text: "", refused: clock.monotonic() < 100 });
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(1000);
  assert.equal(await started, true);
  assert.deepEqual(askedAt, [0, 20, 40, 60, 80, 100, 300]);
});

test("untilStarted() gives a server that hangs no more time than one that says no", async () => {
  const clock = new VirtualClock(0);
  const started = untilStarted({
    settings: { ...settings, failureThreshold: 10 },
    clock,
    signal: NEVER,
    onAnswer: () => {},
    ask: async (timeoutMs) => {
      await clock.sleep(timeoutMs);
      return { yes: false, text: "late", refused: false };
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(2200);
  assert.equal(await started, false);
});
