import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { createLog } from "@plinth/log";
import type { TapEvent } from "@plinth/resource";
import { freePort } from "@plinth/process/testing";
import { DataPlane } from "../data-plane.ts";
import { EDGE_EXPIRY_MS } from "../limits.ts";
import { emptySnapshot, parseSnapshot, type ServiceProtocol } from "../snapshot.ts";
import type { ServiceRoute } from "./service-route.ts";

const limit = { timeout: 30_000 };

const routes: readonly ServiceRoute[] = [
  {
    name: "search",
    match: { path: "/search", methods: ["GET"] },
    policy: { timeout: { requestMs: 500 }, retry: { limit: 2, statuses: [500, 503] } },
  },
  { name: "checkout", match: { pathPrefix: "/checkout" }, policy: { retry: { limit: 0 } } },
  { name: "beta", match: { headers: { "X-Beta": "1" } }, policy: { retry: { limit: 3 } } },
  { name: "add", match: { grpc: "shop.Cart/Add" }, policy: { retry: { limit: 3 } } },
];

/** What an instance has got, and answers by it: 503 to everything, unless its path says something else. */
class Instance implements AsyncDisposable {
  readonly paths: string[] = [];
  /** Answers that are not given yet, by path. */
  readonly waiting: Map<string, () => void> = new Map();
  sessions = 0;
  port = 0;
  #close: () => void = () => {};

  async listen(protocol: "http" | "http2"): Promise<void> {
    const answer = (
      { url = "", headers }: { url?: string; headers: { "content-type"?: string } },
      response: Pick<ServerResponse, "statusCode" | "end" | "setHeader">,
    ): void => {
      this.paths.push(url);
      if (headers["content-type"] === "application/grpc") {
        response.setHeader("content-type", "application/grpc");
        response.setHeader("grpc-status", "14");
        response.end();
        return;
      }
      response.statusCode = url.includes("good") || url.includes("slow") ? 200 : 503;
      if (url.includes("slow")) this.waiting.set(url, () => response.end("late"));
      else response.end("at once");
    };
    const open = new Set<{ destroy(): void }>();
    const server = protocol === "http" ? createServer() : createHttp2Server();
    server.on("request", answer as never);
    server.on(protocol === "http" ? "connection" : "session", (one: { destroy(): void }) => {
      this.sessions++;
      open.add(one);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.port = (server.address() as AddressInfo).port;
    this.#close = () => {
      server.close();
      for (const one of open) one.destroy();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly error: string | undefined;
}

/** A data plane on virtual time before one service with routes, called from a service and at ingress. */
class Bench implements AsyncDisposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly instance: Instance = new Instance();
  readonly plane: DataPlane = new DataPlane({
    clock: this.clock,
    random: seededRandom(1),
    log: createLog({ clock: this.clock, level: "error" }),
  });
  port = 0;
  ingress = 0;
  readonly #context: TestContext;

  private constructor(context: TestContext) {
    this.#context = context;
  }

  static async with(context: TestContext, protocol: "http" | "http2"): Promise<Bench> {
    const bench = new Bench(context);
    await bench.instance.listen(protocol);
    bench.port = await freePort();
    bench.ingress = await freePort();
    await bench.apply(routes, protocol);
    return bench;
  }

  async apply(these: readonly ServiceRoute[] | undefined, protocol: ServiceProtocol = "http"): Promise<void> {
    const at = { address: "127.0.0.1" };
    const snapshot = parseSnapshot({
      ...emptySnapshot,
      version: 1,
      services: {
        "shop.catalog": {
          app: "shop",
          service: "catalog",
          protocol,
          holdMs: 0,
          endpoints: [{ ...at, instance: "shop.catalog.1", port: this.instance.port }],
          policy: { breaker: false },
          ...(these === undefined ? {} : { routes: these }),
        },
      },
      outbound: [{ ...at, port: this.port, app: "shop", caller: "web", callee: "shop.catalog" }],
      ingress: [{ ...at, port: this.ingress, hosts: { "*": "shop.catalog" } }],
    });
    assert.deepEqual(await this.plane.apply(snapshot), []);
  }

  /** Time goes on until the answer is there. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const over = new AbortController();
    const watched = promise.finally(() => over.abort());
    while (!over.signal.aborted) {
      await this.clock.advance(10);
      await setImmediate(undefined, { signal: this.#context.signal });
    }
    return watched;
  }

  async http1({ path, method = "GET", headers = {} }: Asked, port: number = this.port): Promise<Answer> {
    const outgoing = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false });
    outgoing.end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const error = response.headers["plinth-error"] as string | undefined;
    return { status: response.statusCode!, body: await text(response), error };
  }

  async http2({ path, method = "GET", headers = {} }: Asked, port: number = this.port): Promise<Answer> {
    const session = connect(`http://127.0.0.1:${port}`);
    try {
      const stream = session.request({ ":path": path, ":method": method, ...headers });
      stream.end();
      const [fields] = (await once(stream, "response")) as [Record<string, string>];
      const body = await text(stream);
      return { status: Number(fields[":status"]), body, error: fields["plinth-error"] };
    } finally {
      session.destroy();
    }
  }

  /** Requests by route, of one caller. */
  counts(caller = "web"): Record<string, number> {
    const edges = this.plane.stats().filter((edge) => edge.caller === caller);
    return Object.fromEntries(edges.map(({ route, requests }) => [route, requests]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.instance[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
  }
}

for (const [name, ask, protocol, caller] of [
  ["HTTP/1", "http1", "http", "web"],
  ["HTTP/2", "http2", "http2", "web"],
  ["HTTP/1 at ingress", "http1", "http", "ingress"],
  ["HTTP/2 at ingress to HTTP/1", "http2", "http", "ingress"],
  ["HTTP/2 at ingress", "http2", "http2", "ingress"],
] as const) {
  test(`${name}: retries are those of the route that takes a request`, limit, async (context) => {
    await using bench = await Bench.with(context, protocol);
    const port = caller === "web" ? bench.port : bench.ingress;
    let expected = 0;
    for (const [path, tries, headers] of [
      ["/search", 3, {}],
      ["/search?q=/checkout", 3, {}],
      ["/checkout/../search", 3, {}],
      ["//search", 3, {}],
      ["/%73earch", 3, {}],
      ["/checkout", 1, {}],
      ["/checkout/pay?x", 1, {}],
      ["/search/%2e%2e/%63heckout", 1, {}],
      ["/checkouts", 2, {}],
      ["/other", 2, {}],
      ["/other", 4, { "x-beta": "1" }],
      ["/search", 3, { "x-beta": "1" }],
    ] as const) {
      const { status } = await bench.until(bench[ask]({ path, headers }, port));
      assert.equal(status, 503, path);
      const sent = bench.instance.paths.splice(0);
      assert.equal(sent.length, tries, path);
      assert.ok(
        sent.every((url) => url === path),
        "paths are passed on as they came",
      );
      expected += tries - 1;
    }
    assert.deepEqual(bench.counts(caller), { default: 2, search: 6, checkout: 3, beta: 1 });
    const sent = bench.plane.stats().reduce((sum, { retries }) => sum + retries, 0);
    assert.equal(sent, expected);
  });

  test(`${name}: a request over its route's time is given up, others go on`, limit, async (context) => {
    await using bench = await Bench.with(context, protocol);
    const search: ServiceRoute = { ...routes[0]!, match: { pathPrefix: "/search" } };
    await bench.apply([search], protocol);
    const port = caller === "web" ? bench.port : bench.ingress;
    const patient = bench[ask]({ path: "/report/slow" }, port);
    const late = await bench.until(bench[ask]({ path: "/search/slow" }, port));
    assert.deepEqual([late.status, late.error], [504, "request-deadline"]);
    assert.match(late.body, /did not answer within 0\.5 s/);
    bench.instance.waiting.get("/report/slow")!();
    assert.equal((await bench.until(patient)).body, "late");
  });
}

test("gRPC calls have the policy of their method's route", limit, async (context) => {
  await using bench = await Bench.with(context, "http2");
  const headers = { "content-type": "application/grpc", te: "trailers" };
  for (const [path, tries] of [
    ["/shop.Cart/Add", 4],
    ["/shop.Cart/Remove", 2],
  ] as const) {
    await bench.until(bench.http2({ path, method: "POST", headers }));
    assert.equal(bench.instance.paths.splice(0).length, tries, path);
  }
  await bench.until(bench.http2({ path: "/shop.Cart/Add", method: "POST" }));
  assert.deepEqual(bench.counts(), { default: 2, add: 1 });
});

for (const [name, ask, protocol] of [
  ["HTTP/1", "http1", "http"],
  ["HTTP/2", "http2", "http2"],
] as const) {
  test(`${name}: all routes of a pair use the same connections`, limit, async (context) => {
    await using bench = await Bench.with(context, protocol);
    for (const path of ["/good", "/checkout/good", "/checkout", "/good"])
      await bench.until(bench[ask]({ path }));
    assert.deepEqual(bench.counts(), { default: 2, checkout: 2 });
    assert.equal(bench.instance.sessions, 1);
  });
}

test("metrics and taps name the route", limit, async (context) => {
  await using bench = await Bench.with(context, "http");
  const lines: string[] = [];
  using tap = bench.plane.tap({}, { write: (events) => lines.push(events) > 0 })!;
  for (const path of ["/checkout/good", "/good"]) await bench.until(bench.http1({ path }));
  while (lines.join("").split("\n").length < 6) await bench.clock.advance(100);
  tap.resume();
  const events = lines
    .join("")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TapEvent);
  const shown = events.flatMap((event) => (event.type === "request" ? [event.route] : []));
  assert.deepEqual(shown, ["checkout", "default"]);
  const metrics = bench.plane.metricsText();
  assert.match(metrics, /^request_total\{direction="outbound",[^}]*route="checkout"\} 1$/m);
  assert.match(metrics, /route_kind="HTTPRoute",route_name="checkout"/);
  assert.match(metrics, /route_kind="default",route_name="default"/);
});

test("a snapshot changes routes for the requests that begin then", limit, async (context) => {
  await using bench = await Bench.with(context, "http");
  const under = bench.http1({ path: "/checkout/slow" });
  while (!bench.instance.waiting.has("/checkout/slow")) await setImmediate(undefined, context);
  await bench.apply([{ ...routes[1]!, name: "pay", policy: { retry: { limit: 1 } } }]);
  await bench.until(bench.http1({ path: "/checkout" }));
  await bench.apply(undefined);
  await bench.until(bench.http1({ path: "/checkout" }));
  assert.deepEqual(bench.counts(), { default: 1, checkout: 1, pay: 1 });
  bench.instance.waiting.get("/checkout/slow")!();
  assert.equal((await bench.until(under)).status, 200);
  assert.equal(bench.plane.inFlight, 0);
  await bench.apply(routes);
  await bench.clock.advance(EDGE_EXPIRY_MS);
  await bench.apply(routes);
  assert.deepEqual(bench.counts(), { default: 1, checkout: 1 });
});

test("one route's retries do not use up another's budget", limit, async (context) => {
  await using bench = await Bench.with(context, "http");
  const retriesOf = (route: string): number =>
    bench.plane.stats().find((edge) => edge.caller === "web" && edge.route === route)?.retries ?? 0;
  // A hundred within ten seconds are a budget.
  const requests = Array.from({ length: 60 }, () => bench.http1({ path: "/search" }));
  await bench.until(Promise.all(requests));
  assert.equal(retriesOf("search"), 100);
  await bench.until(bench.http1({ path: "/other" }));
  assert.equal(retriesOf("default"), 1);
});
