/** W3C trace context through real proxies, and the spans that a real little collector gets of it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { suite, test } from "node:test";
import type { Snapshot } from "@plinth/connect";
import { freePort, installedRuntimes, outboundTo, startInstance, startProxy } from "../testing.ts";

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: { stringValue?: string; intValue?: string } }[];
  readonly status: { code?: number; message?: string };
  /** From its resource. */
  readonly service: string;
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Takes OTLP over HTTP in JSON; `answer` decides what it says to a request. */
class Collector implements AsyncDisposable {
  readonly spans: OtlpSpan[] = [];
  requests = 0;
  answer: (count: number) => number = () => 200;
  #changed: (() => void)[] = [];
  readonly #server = createServer((question, response) => void this.#take(question, response));

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #take(
    question: import("node:http").IncomingMessage,
    response: import("node:http").ServerResponse,
  ): Promise<void> {
    assert.equal(`${question.method} ${question.url}`, "POST /v1/traces");
    assert.equal(question.headers["content-type"], "application/json");
    const { resourceSpans } = (await json(question)) as OtlpRequest;
    response.statusCode = this.answer(++this.requests);
    response.setHeader("content-type", "application/json");
    response.end("{}");
    if (response.statusCode === 200)
      for (const { resource, scopeSpans } of resourceSpans) {
        const name = resource.attributes.find(({ key }) => key === "service.name");
        for (const { spans } of scopeSpans)
          this.spans.push(...spans.map((span) => ({ ...span, service: name!.value.stringValue! })));
      }
    for (const callback of this.#changed.splice(0)) callback();
  }

  async until(count: number): Promise<readonly OtlpSpan[]> {
    while (this.spans.length < count) await new Promise<void>((resolve) => this.#changed.push(resolve));
    return this.spans;
  }

  async requested(count: number): Promise<void> {
    while (this.requests < count) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

const attribute = (span: OtlpSpan, name: string): string | undefined => {
  const { value } = span.attributes.find(({ key }) => key === name) ?? {};
  return value?.stringValue ?? value?.intValue;
};

const PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

async function get(port: number, headers: Record<string, string> = {}, path = "/"): Promise<string> {
  const call = request({ host: "127.0.0.1", port, path, agent: false, headers });
  call.end();
  const [response] = (await once(call, "response")) as [import("node:http").IncomingMessage];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return body;
}

for (const runtime of installedRuntimes()) {
  suite(`trace context on ${runtime}`, () => {
    /** Ingress → test.front, which calls test.callee through the mesh and hands on the headers of its request. */
    async function twoHops(url: string, ratio: number) {
      const all = new AsyncDisposableStack();
      const seen: Record<string, string>[] = [];
      const port = await freePort();
      const ingress = await freePort();
      const back = all.use(
        await startInstance({
          http: (question, answer) => {
            seen.push(question.headers as Record<string, string>);
            answer.end("back");
          },
        }),
      );
      const front = all.use(
        await startInstance({
          http: (question, answer) => {
            const { traceparent, tracestate } = question.headers as Record<string, string>;
            seen.push(question.headers as Record<string, string>);
            const on = {
              ...(traceparent === undefined ? {} : { traceparent }),
              ...(tracestate === undefined ? {} : { tracestate }),
            };
            void get(port, on).then((text) => answer.end(text));
          },
        }),
      );
      const one = outboundTo(port, [back.port]);
      const snapshot: Snapshot = {
        ...one,
        services: {
          ...one.services,
          "test.front": {
            app: "test",
            service: "front",
            holdMs: 0,
            endpoints: [{ instance: "test.front.1", address: "127.0.0.1", port: front.port }],
          },
        },
        ingress: [{ address: "127.0.0.1", port: ingress, hosts: { "*": "test.front" } }],
        telemetry: { traces: { url, ratio } },
      };
      all.use(await startProxy(runtime, snapshot));
      return { ingress, port, seen, [Symbol.asyncDispose]: () => all.disposeAsync() };
    }

    test("a request without a trace gets one, and its spans hang together over two hops", async () => {
      await using collector = await Collector.start();
      await using hops = await twoHops(collector.url, 1);
      assert.equal(await get(hops.ingress, {}, "/orders?token=secret"), "back");
      const spans = await collector.until(3);
      assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
      const server = spans.find(({ kind }) => kind === 2)!;
      const first = spans.find(({ parentSpanId }) => parentSpanId === server.spanId)!;
      const second = spans.find(({ parentSpanId }) => parentSpanId === first.spanId)!;
      assert.equal(server.parentSpanId, undefined);
      assert.deepEqual([server.service, first.service, second.service], ["ingress", "ingress", "caller"]);
      assert.deepEqual([first.kind, second.kind], [3, 3]);
      // What each instance got is the span of the attempt to have it answer.
      assert.deepEqual(
        hops.seen.map(({ traceparent }) => PARENT.exec(traceparent!)?.slice(1)),
        [
          [server.traceId, first.spanId, "03"],
          [server.traceId, second.spanId, "03"],
        ],
      );
      assert.equal(attribute(first, "plinth.instance"), "test.front.1");
      assert.equal(attribute(first, "http.response.status_code"), "200");
      assert.equal(attribute(server, "url.path"), "/orders");
      assert.doesNotMatch(JSON.stringify(spans), /secret/);
      for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
        const [start, end] = [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)];
        assert.ok(start <= end && start > 1_700_000_000_000_000_000n);
      }
    });

    test("who comes with a decision keeps it, with state and all; what is malformed begins anew", async () => {
      await using collector = await Collector.start();
      await using hops = await twoHops(collector.url, 0);
      const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
      const parent = (flags: string): string => `00-${traceId}-00f067aa0ba902b7-${flags}`;
      const tracestate = "congo=t61rcWkgMzE";
      await get(hops.port, { traceparent: parent("00"), tracestate });
      await get(hops.port, { traceparent: parent("01"), tracestate });
      await get(hops.port, { traceparent: `${parent("01")}-more`, tracestate });
      await get(hops.port);
      const [unsampled, sampled, malformed, none] = hops.seen;
      assert.equal(unsampled!["traceparent"], parent("00"));
      assert.deepEqual([unsampled!["tracestate"], sampled!["tracestate"]], [tracestate, tracestate]);
      const [span] = await collector.until(1);
      assert.deepEqual([span!.traceId, span!.parentSpanId], [traceId, "00f067aa0ba902b7"]);
      assert.equal(sampled!["traceparent"], `00-${traceId}-${span!.spanId}-03`);
      assert.match(malformed!["traceparent"]!, /^00-(?!4bf92f35)[0-9a-f]{32}-[0-9a-f]{16}-02$/);
      assert.equal(malformed!["tracestate"], undefined);
      assert.match(none!["traceparent"]!, PARENT);
      assert.equal(collector.spans.length, 1);
    });

    test("each attempt is a span, and the one that failed says so", async () => {
      await using collector = await Collector.start();
      const parents: string[] = [];
      await using instance = await startInstance({
        http: (question, answer) => {
          parents.push(question.headers["traceparent"] as string);
          answer.statusCode = parents.length === 1 ? 503 : 200;
          answer.end();
        },
      });
      const port = await freePort();
      const one = outboundTo(port, [instance.port]);
      const telemetry = { traces: { url: `${collector.url}/v1/traces`, ratio: 1 } };
      await using _proxy = await startProxy(runtime, { ...one, telemetry });
      await get(port);
      const spans = await collector.until(2);
      assert.deepEqual(
        parents.map((text) => PARENT.exec(text)?.[2]),
        spans.map(({ spanId }) => spanId),
      );
      assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
      assert.deepEqual([spans[0]!.status.code, spans[1]!.status.code], [2, undefined]);
      assert.equal(attribute(spans[1]!, "http.request.resend_count"), "1");
    });

    test("HTTP/2 alike, behind the ingress translated or not", async () => {
      await using collector = await Collector.start();
      const seen: string[] = [];
      await using all = new AsyncDisposableStack();
      const server = createHttp2Server((question, answer) => {
        seen.push(question.headers["traceparent"] as string);
        answer.end("h2");
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const http1 = all.use(
        await startInstance({
          http: (question, answer) => {
            seen.push(question.headers["traceparent"] as string);
            answer.end("h1");
          },
        }),
      );
      const [port, ingress] = [await freePort(), await freePort()];
      const one = outboundTo(port, [(server.address() as AddressInfo).port]);
      all.use(
        await startProxy(runtime, {
          ...one,
          services: {
            "test.callee": { ...one.services["test.callee"]!, protocol: "http2" },
            "test.old": {
              app: "test",
              service: "old",
              holdMs: 0,
              endpoints: [{ instance: "test.old.1", address: "127.0.0.1", port: http1.port }],
            },
          },
          ingress: [{ address: "127.0.0.1", port: ingress, hosts: { "*": "test.old" } }],
          telemetry: { traces: { url: collector.url, ratio: 1 } },
        }),
      );
      for (const at of [port, ingress]) {
        const session = connectHttp2(`http://127.0.0.1:${at}`);
        const stream = session.request({ ":path": "/" });
        stream.resume();
        await once(stream, "close");
        session.close();
        await once(session, "close");
      }
      server.close();
      const spans = await collector.until(3);
      const clients = spans.filter(({ kind }) => kind === 3);
      assert.deepEqual(
        seen.map((text) => PARENT.exec(text)?.slice(1, 3)),
        ["callee", "old"].map((service) => {
          const span = clients.find((each) => attribute(each, "plinth.callee") === `test.${service}`)!;
          return [span.traceId, span.spanId];
        }),
      );
    });

    test("a collector that is away holds nothing back; what it missed is sent again or counted", async () => {
      await using collector = await Collector.start();
      collector.answer = (count) => (count === 1 ? 503 : 200);
      await using hops = await twoHops(collector.url, 1);
      await get(hops.port);
      await collector.requested(2);
      assert.equal((await collector.until(1)).length, 1);
    });
  });
}
