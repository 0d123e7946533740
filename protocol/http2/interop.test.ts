import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import http2 from "node:http2";
import { type AddressInfo, connect as dial, createServer, type Server } from "node:net";
import { test } from "node:test";
import {
  connect,
  ErrorCode,
  type Http2Session,
  type Http2Stream,
  serve,
  type StreamHandler,
} from "./index.ts";

/** Sends back what it gets, with a trailer; "/reset" is reset; "/large" has 5 MB. */
class Echo implements StreamHandler {
  readonly stream: Http2Stream;
  #path = "";
  #rest = 0;

  constructor(stream: Http2Stream) {
    this.stream = stream;
  }

  onHeaders(fields: string[], endStream: boolean): void {
    this.#path = fields[fields.indexOf(":path") + 1]!;
    if (this.#path === "/reset") return this.stream.reset(ErrorCode.internalError);
    this.stream.headers([":status", "103", "link", "</a>"]);
    this.stream.headers([":status", "200", "x-path", this.#path]);
    if (this.#path.startsWith("/large")) this.#rest = 5_000_000;
    if (endStream) this.#end();
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    this.stream.data(bytes);
    this.stream.consume(bytes.length);
    if (endStream) this.#end();
  }

  onTrailers(): void {
    this.#end();
  }

  onReset(): void {}

  onWritable(): void {
    this.#end();
  }

  #end(): void {
    while (this.#rest > 0) {
      const size = Math.min(this.#rest, 30_000);
      this.#rest -= size;
      if (!this.stream.data(Buffer.alloc(size, "x")) && this.#rest > 0) return;
    }
    if (!this.stream.closed && !this.stream.localEnded && !this.stream.endQueued)
      this.stream.trailers(["x-end", "yes"]);
  }
}

interface Serving extends AsyncDisposable {
  readonly port: number;
  readonly sessions: Set<Http2Session>;
}

async function startEcho(): Promise<Serving> {
  const sessions = new Set<Http2Session>();
  const server = createServer((socket) => {
    const session = serve(socket, {
      onStream: (stream) => new Echo(stream),
      onEnd: () => sessions.delete(session),
    });
    sessions.add(session);
  });
  return { port: await listen(server), sessions, [Symbol.asyncDispose]: () => closed(server) };
}

async function listen(server: Server | http2.Http2Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function closed(server: Server | http2.Http2Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

interface Answer {
  headers: http2.IncomingHttpHeaders;
  trailers: http2.IncomingHttpHeaders;
  informational: number;
  body: Buffer;
}

async function ask(client: http2.ClientHttp2Session, path: string, body?: Buffer): Promise<Answer> {
  const stream = client.request({ ":path": path, ":method": body === undefined ? "GET" : "POST" });
  const answer: Answer = { headers: {}, trailers: {}, informational: 0, body: Buffer.alloc(0) };
  stream.on("headers", () => answer.informational++);
  stream.on("response", (headers) => (answer.headers = headers));
  stream.on("trailers", (trailers) => (answer.trailers = trailers));
  stream.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  answer.body = Buffer.concat(chunks);
  return answer;
}

test("serve() answers node:http2's client: bodies both ways, 103, trailers, many at once, resets, GOAWAY", async () => {
  await using echo = await startEcho();
  const client = http2.connect(`http://127.0.0.1:${echo.port}`);
  const large = await ask(client, "/large");
  assert.equal(large.body.length, 5_000_000);
  assert.equal(large.informational, 1);
  assert.equal(large.trailers["x-end"], "yes");
  const body = Buffer.alloc(3_000_000, "abcdefg");
  assert.ok((await ask(client, "/echo", body)).body.equals(body));
  const many = await Promise.all(
    Array.from({ length: 200 }, (_, index) => ask(client, `/${index}`, Buffer.from(String(index)))),
  );
  assert.deepEqual(
    many.map((answer) => String(answer.body)),
    many.map((_, index) => String(index)),
  );
  await assert.rejects(ask(client, "/reset"), /INTERNAL_ERROR/);
  const last = ask(client, "/large");
  await new Promise<void>((resolve) => client.ping(() => resolve())); // the request has arrived
  for (const session of echo.sessions) session.close();
  assert.equal((await last).body.length, 5_000_000);
  if (!client.closed) await once(client, "close");
});

class Collector implements StreamHandler {
  readonly done: Promise<string>;
  stream: Http2Stream | undefined = undefined;
  bytes = 0;
  fields: string[] = [];
  trailers: string[] = [];
  onWritable: () => void = () => {};
  #settle!: (how: string) => void;

  constructor() {
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  onHeaders(fields: string[], endStream: boolean): void {
    this.fields = fields;
    if (endStream) this.#settle("end");
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    this.bytes += bytes.length;
    this.stream?.consume(bytes.length);
    if (endStream) this.#settle("end");
  }

  onTrailers(fields: string[]): void {
    this.trailers = fields;
    this.#settle("end");
  }

  onReset(code: number, cause: number): void {
    this.#settle(`reset ${code} ${cause}`);
  }
}

function ourRequest(session: Http2Session, path: string, bodyBytes: number): Collector {
  const collector = new Collector();
  const fields = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "a"];
  const stream = session.request(fields, bodyBytes === 0, collector);
  assert.ok(stream);
  collector.stream = stream;
  let rest = bodyBytes;
  const send = (): void => {
    while (rest > 0) {
      const size = Math.min(rest, 20_000);
      rest -= size;
      if (!stream.data(Buffer.alloc(size, "y"), rest === 0)) return;
    }
  };
  collector.onWritable = send;
  send();
  return collector;
}

test("connect() talks to node:http2's server: bodies both ways, trailers, resets, GOAWAY", async () => {
  const server = http2.createServer();
  const sessions: http2.ServerHttp2Session[] = [];
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    if (headers[":path"] === "/reset") return stream.close(http2.constants.NGHTTP2_CANCEL);
    stream.on("error", () => {});
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "yes" }));
    stream.pipe(stream);
  });
  const port = await listen(server);
  const socket = dial(port, "127.0.0.1");
  const ended = Promise.withResolvers<number>();
  const session = connect(socket, { onEnd: (code) => ended.resolve(code) });
  const echo = ourRequest(session, "/echo", 4_000_000);
  assert.equal(await echo.done, "end");
  assert.equal(echo.bytes, 4_000_000);
  assert.deepEqual(echo.trailers, ["x-end", "yes"]);
  assert.equal(await ourRequest(session, "/reset", 0).done, "reset 8 0");
  const many = Array.from({ length: 90 }, (_, index) => ourRequest(session, `/${index}`, index));
  for (const [index, one] of many.entries()) {
    assert.equal(await one.done, "end");
    assert.equal(one.bytes, index);
  }
  for (const each of sessions) each.close();
  assert.equal(await ended.promise, ErrorCode.noError);
  assert.equal(session.request([":method", "GET"], true, new Collector()), undefined);
  await closed(server);
});

test("streams still open hear of a lost connection", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.destroy());
  });
  const port = await listen(server);
  const session = connect(dial(port, "127.0.0.1"));
  const asked = ourRequest(session, "/", 0);
  assert.equal(await asked.done, "reset 8 3");
  await closed(server);
});

const missing = (path: string, debianPackage: string): string | false =>
  existsSync(path) ? false : `${path} is missing: apt-get install ${debianPackage}`;

async function output(command: string, ...parameters: string[]): Promise<string> {
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return text;
}

test("serve() answers curl", { skip: missing("/usr/bin/curl", "curl") }, async () => {
  await using echo = await startEcho();
  const text = await output(
    "/usr/bin/curl",
    "-sS",
    "--max-time",
    "20",
    "--http2-prior-knowledge",
    "-d",
    "hello",
    "-w",
    " %{http_version} %{http_code}",
    `http://127.0.0.1:${echo.port}/curl`,
  );
  assert.equal(text, "hello 2 200");
});

test(
  "serve() answers nghttp and h2load",
  { skip: missing("/usr/bin/h2load", "nghttp2-client") },
  async () => {
    await using echo = await startEcho();
    const url = `http://127.0.0.1:${echo.port}/large`;
    assert.equal((await output("/usr/bin/nghttp", url, `${url}?2`)).length, 10_000_000);
    const load = await output(
      "/usr/bin/h2load",
      "-n",
      "2000",
      "-c",
      "3",
      "-m",
      "50",
      `http://127.0.0.1:${echo.port}/`,
    );
    assert.match(load, /2000 succeeded, 0 failed/);
  },
);

test("connect() talks to nghttpd", { skip: missing("/usr/sbin/nghttpd", "nghttp2-server") }, async () => {
  const probe = createServer();
  const port = await listen(probe);
  await closed(probe);
  const child = spawn("/usr/sbin/nghttpd", ["--no-tls", "-a", "127.0.0.1", "--echo-upload", String(port)], {
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  try {
    for (;;) {
      const attempt = dial(port, "127.0.0.1");
      const connected = await once(attempt, "connect").then(
        () => true,
        () => false,
      );
      if (!connected) continue;
      const session = connect(attempt);
      const echo = ourRequest(session, "/", 1_000_000);
      assert.equal(await echo.done, "end");
      assert.equal(echo.bytes, 1_000_000);
      session.close();
      break;
    }
  } finally {
    child.kill();
    await exited;
  }
});

test("the package works on Bun", { skip: process.versions["bun"] !== undefined }, async (context) => {
  const bun = ["x64", "aarch64"]
    .map((arch) => `node_modules/@oven/bun-linux-${arch}/bin/bun`)
    .find(existsSync);
  if (bun === undefined) return context.skip("Bun is missing");
  const script = `
    import { createServer, connect as dial } from "node:net";
    import { serve, connect } from ${JSON.stringify(`${import.meta.dirname}/index.ts`)};
    const handler = (stream, done) => ({
      onHeaders: (fields, end) => { if (stream) { stream.headers([":status", "200"]); if (end) stream.data(Buffer.alloc(200000), true); } },
      onInformational() {}, onTrailers() {}, onWritable() {}, onReset(code) { throw new Error("reset " + code); },
      onData(bytes, end) { done?.(bytes.length, end); },
    });
    const server = createServer((socket) => serve(socket, { onStream: (stream) => handler(stream) }));
    server.listen(0, "127.0.0.1", () => {
      const session = connect(dial(server.address().port, "127.0.0.1"));
      let bytes = 0;
      session.request([":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"], true, handler(undefined, (length, end) => {
        bytes += length;
        if (!end) return;
        console.log(bytes);
        session.close();
        server.close();
      }));
    });`;
  const { stdout, stderr } = spawnSync(bun, ["-e", script], { encoding: "utf8", timeout: 20_000 });
  assert.equal(stdout, "200000\n", stderr);
});
