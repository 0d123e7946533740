/** Live requests as a real proxy process tells them, over its control socket. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { after, before, suite, test } from "node:test";
import type { TapEvent, TapFilter } from "@plinth/resource";
import {
  freePort,
  installedRuntimes,
  outboundTo,
  RawConnection,
  startInstance,
  startProxy,
  type TestInstance,
  type TestProxy,
} from "../testing.ts";

/** A tap whose events are read when asked for. */
class Reader implements AsyncDisposable {
  readonly #events: Promise<AsyncGenerator<TapEvent>>;
  readonly #abort: AbortController = new AbortController();

  constructor(proxy: TestProxy, filter: TapFilter) {
    this.#events = proxy.control.tap(filter, this.#abort.signal);
  }

  async next(): Promise<TapEvent> {
    const { value } = await (await this.#events).next();
    return value as TapEvent;
  }

  /** Ends it; what waits for an event is rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error("enough"));
    await this.next().catch(() => undefined);
  }
}

/** Reads on until the tap says what was not shown. */
async function missed(
  tap: Reader & { readonly first: Promise<TapEvent> },
): Promise<Extract<TapEvent, { type: "missed" }>> {
  let event = await tap.first;
  while (event.type !== "missed") event = await tap.next();
  return event;
}

for (const runtime of installedRuntimes()) {
  suite(`tap on ${runtime}`, () => {
    let proxy: TestProxy;
    let web: TestInstance;
    let port: number;
    let tcpPort: number;
    let echo: TestInstance;
    const agent = new Agent({ keepAlive: true });

    before(async () => {
      web = await startInstance({
        http: (question, answer) => {
          answer.statusCode = Number(/\d+/.exec(question.url ?? "")?.[0] ?? 200);
          answer.end(answer.statusCode === 204 ? undefined : "hello");
        },
      });
      echo = await startInstance({
        script: (socket) => socket.on("data", (chunk: Buffer) => socket.end(chunk)),
      });
      [port, tcpPort] = [await freePort(), await freePort()];
      const one = outboundTo(port, [web.port]);
      proxy = await startProxy(runtime, {
        ...one,
        services: {
          ...one.services,
          "test.echo": {
            app: "test",
            service: "echo",
            protocol: "tcp",
            holdMs: 0,
            endpoints: [{ instance: "test.echo.1", address: "127.0.0.1", port: echo.port }],
          },
        },
        outbound: [
          ...one.outbound,
          { address: "127.0.0.1", port: tcpPort, app: "test", caller: "other", callee: "test.echo" },
        ],
      });
    });

    after(async () => {
      agent.destroy();
      await proxy[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    });

    async function get(path: string, method = "GET"): Promise<number> {
      const call = request({ host: "127.0.0.1", port, path, method, agent, headers: { "x-secret": "hush" } });
      call.end();
      const [response] = (await once(call, "response")) as [import("node:http").IncomingMessage];
      response.resume();
      await once(response, "end");
      return response.statusCode!;
    }

    /** Resolves once the proxy has taken up just so many taps. */
    async function tapsAre(count: number): Promise<void> {
      for (;;) {
        const { taps } = await proxy.control.status();
        if (taps === count) return;
      }
    }

    /** A tap that is in force when this resolves; `first` is its first event to come. */
    async function tapping(filter: TapFilter): Promise<Reader & { first: Promise<TapEvent> }> {
      const { taps } = await proxy.control.status();
      const reader = new Reader(proxy, filter);
      const first = reader.next();
      first.catch(() => undefined);
      await tapsAre(taps + 1);
      return Object.assign(reader, { first });
    }

    test("nothing is made for requests while nobody taps", async () => {
      for (let count = 0; count < 20; count++) await get("/");
      assert.equal((await proxy.control.status()).sightings, 0);
    });

    test("a request is told when it begins, is answered and ends, without headers and query", async () => {
      await using tap = await tapping({});
      assert.equal(await get("/orders/201?token=secret", "POST"), 201);
      const events = [await tap.first, await tap.next(), await tap.next()];
      const [begun, answered, ended] = events;
      assert.ok(begun?.type === "request" && answered?.type === "response" && ended?.type === "end");
      assert.deepEqual(
        { ...begun, id: "", at: "", client: "" },
        {
          type: "request",
          id: "",
          at: "",
          callerApp: "test",
          caller: "caller",
          app: "test",
          callee: "callee",
          client: "",
          protocol: "HTTP/1.1",
          route: "default",
          method: "POST",
          authority: `127.0.0.1:${port}`,
          path: "/orders/201",
        },
      );
      assert.equal(answered.status, 201);
      assert.equal(answered.instance, `test.callee.${web.port}`);
      assert.equal(ended.error, null);
      assert.ok(ended.responseBytes >= 5 && ended.durationUs >= answered.latencyUs);
      assert.equal(new Set(events.map((event) => "id" in event && event.id)).size, 1);
      assert.doesNotMatch(JSON.stringify(events), /secret|hush/);
    });

    test("filters are kept by the proxy: caller, callee, method, path and status", async () => {
      const first = async (filter: TapFilter): Promise<TapEvent> => {
        await using tap = await tapping(filter);
        for (const [path, method] of [
          ["/a/200", "GET"],
          ["/b/404", "GET"],
          ["/c/503", "DELETE"],
          ["/a/204", "PUT"],
        ] as const)
          await get(path, method);
        return await tap.first;
      };
      const pathOf = async (filter: TapFilter): Promise<string> => {
        const event = await first(filter);
        return event.type === "request" ? event.path : event.type;
      };
      assert.equal(await pathOf({ path: "/b" }), "/b/404");
      assert.equal(await pathOf({ method: "delete" }), "/c/503");
      assert.equal(await pathOf({ status: "404" }), "/b/404");
      assert.equal(await pathOf({ status: "5xx" }), "/c/503");
      assert.equal(
        await pathOf({ path: "/a", method: "PUT", from: "caller", to: "callee", app: "test" }),
        "/a/204",
      );
    });

    test("connections that pass through unread are told when they open and close", async () => {
      await using tap = await tapping({ from: "other" });
      using client = await RawConnection.open(tcpPort);
      client.send("ping");
      assert.equal(await client.untilEnd(), "ping");
      client.socket.end();
      const opened = await tap.first;
      const closed = await tap.next();
      assert.ok(opened.type === "open" && closed.type === "close");
      assert.equal(opened.callee, "echo");
      assert.deepEqual([closed.readBytes, closed.writeBytes, closed.instance], [4, 4, "test.echo.1"]);
    });

    test("beyond the rate requests are counted, not shown", async () => {
      await using tap = await tapping({ maxRps: 1 });
      for (let count = 0; count < 50; count++) await get("/");
      assert.ok((await missed(tap)).overRate > 0);
    });

    test("a reader that does not read holds no request back, and learns how much it has missed", async () => {
      await using tap = await tapping({ maxRps: 100_000 });
      const path = `/${"x".repeat(900)}`;
      for (let round = 0; round < 60; round++) await Promise.all(Array.from({ length: 50 }, () => get(path)));
      // Nobody has read but the first event, and all were answered.
      assert.ok((await missed(tap)).dropped > 0);
    });

    test("a tap ends with its client, and nothing is made any more", async () => {
      await (await tapping({}))[Symbol.asyncDispose]();
      await tapsAre(0);
      const { sightings } = await proxy.control.status();
      await get("/");
      assert.equal((await proxy.control.status()).sightings, sightings);
    });

    test("a wrong filter and one tap too many are refused", async () => {
      const { signal } = new AbortController();
      const refusal = (filter: object): Promise<unknown> => proxy.control.tap(filter, signal);
      await assert.rejects(refusal({ status: "9" }), /neither a status/);
      await assert.rejects(refusal({ maxRps: 0 }), /maxRps/);
      await using all = new AsyncDisposableStack();
      for (let count = 0; count < 32; count++) all.use(await tapping({ path: "/none" }));
      await assert.rejects(refusal({}), /too many taps/);
    });

    test("a tap ends when the proxy hands over", { timeout: 30_000 }, async () => {
      await using tap = await tapping({});
      await proxy.control.upgrade(runtime);
      assert.equal(await tap.first, undefined);
    });
  });
}
