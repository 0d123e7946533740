import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  encodeChunk,
  encodeRequestHead,
  encodeResponseHead,
  hostName,
  LAST_CHUNK,
  MessageDecoder,
  Token,
} from "./index.ts";
import { requestCorpus, responseCorpus } from "./testing.ts";

type Kind = "request" | "response";

interface Message {
  start: string;
  headers: [string, string][];
  body: string;
  raw: string;
  trailers: readonly (readonly [string, string])[];
  ended: boolean;
}

/** Decodes chunks of bytes into messages, as a user of the codec would, and says how it ended. */
function decode(
  kind: Kind,
  chunks: readonly Buffer[],
  close = false,
): { messages: Message[]; verdict: string } {
  const decoder = new MessageDecoder({ kind });
  const messages: Message[] = [];
  let message: Message | undefined;
  const take = (token: number): boolean => {
    const { head, input } = decoder;
    if (token === Token.head) {
      message = {
        start:
          kind === "request" ? `${head.method} ${head.target} ${head.minor}` : `${head.status} ${head.minor}`,
        headers: head.headers(),
        body: "",
        raw: "",
        trailers: [],
        ended: false,
      };
      messages.push(message);
    } else if (token === Token.body) {
      message!.raw += input.toString("latin1", decoder.rawStart, decoder.rawEnd);
      message!.body += input.toString("latin1", decoder.payloadStart, decoder.payloadEnd);
    } else if (token === Token.end) {
      message!.ended = true;
      message!.trailers = decoder.trailers;
    } else {
      return false;
    }
    return true;
  };
  for (const chunk of chunks) {
    decoder.feed(chunk);
    while (take(decoder.next()));
  }
  if (decoder.problem !== undefined) return { messages, verdict: decoder.problem };
  if (decoder.untilClose) {
    if (close) take(decoder.finish());
    return { messages, verdict: "until-close" };
  }
  return { messages, verdict: decoder.atStart && decoder.pending === 0 ? "ok" : "incomplete" };
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : sizes[index % sizes.length]!;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

for (const [kind, corpus] of [
  ["request", requestCorpus()],
  ["response", responseCorpus()],
] as const) {
  test(`MessageDecoder gives each ${kind} of the corpus its verdict, whole and byte by byte`, () => {
    for (const { name, bytes, expect } of corpus) {
      const whole = decode(kind, [bytes]);
      assert.equal(whole.verdict, expect, name);
      assert.deepEqual(decode(kind, cut(bytes, [1])), whole, `${name}, byte by byte`);
    }
  });

  test(`MessageDecoder sees the same ${kind}s however the bytes are cut`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus),
        fc.constantFrom(...corpus),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 12 }),
        ({ bytes: first }, { bytes: second }, sizes) => {
          const bytes = Buffer.concat([first, second]);
          assert.deepEqual(decode(kind, cut(bytes, sizes), true), decode(kind, [bytes], true));
        },
      ),
      { numRuns: 400 },
    );
  });

  test(`MessageDecoder sees the same ${kind}s in damaged bytes however they are cut`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus.filter(({ bytes }) => bytes.length < 2_000)),
        fc.array(fc.tuple(fc.nat(2_000), fc.constantFrom(0, 9, 10, 13, 32, 44, 58, 59, 48, 97, 127, 255)), {
          maxLength: 3,
        }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
        ({ bytes: origin }, damages, sizes) => {
          const bytes = Buffer.from(origin);
          for (const [at, value] of damages) bytes[at % bytes.length] = value;
          assert.deepEqual(decode(kind, cut(bytes, sizes), true), decode(kind, [bytes], true));
        },
      ),
      { numRuns: 1_000 },
    );
  });
}

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}x$/);
const value = fc.stringMatching(/^([!-~]([ -~\x80-\xff]{0,20}[!-~])?)?$/);
const headers = fc.array(fc.tuple(token, value), { maxLength: 8 });
const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 6 });
const sizesOf = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });

test("decoding undoes encoding of requests, with a length or chunked", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Z_-]{1,12}$/).filter((method) => method !== "CONNECT" && method !== "PRI"),
      fc.stringMatching(/^\/[!"$&-~]{0,30}$/).filter((target) => !target.includes("..")),
      headers,
      payloads,
      fc.boolean(),
      sizesOf,
      (method, target, extra, parts, chunked, sizes) => {
        const body = Buffer.concat(parts);
        const framing: [string, string] = chunked
          ? ["transfer-encoding", "chunked"]
          : ["content-length", String(body.length)];
        const all: [string, string][] = [["host", "a"], ...extra, framing];
        const bytes = Buffer.concat([
          encodeRequestHead(method, target, all),
          ...(chunked ? [...parts.map(encodeChunk), LAST_CHUNK] : [body]),
        ]);
        const { messages, verdict } = decode("request", cut(bytes, sizes));
        assert.equal(verdict, "ok");
        assert.equal(messages.length, 1);
        assert.equal(messages[0]!.start, `${method} ${target} 1`);
        assert.deepEqual(messages[0]!.headers, all);
        assert.equal(messages[0]!.body, body.toString("latin1"));
        assert.ok(messages[0]!.ended);
      },
    ),
  );
});

test("decoding undoes encoding of responses", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
      fc.stringMatching(/^[ -~]{0,20}$/),
      headers,
      payloads,
      sizesOf,
      (status, reason, extra, parts, sizes) => {
        const body = Buffer.concat(parts);
        const all: [string, string][] = [...extra, ["content-length", String(body.length)]];
        const bytes = Buffer.concat([encodeResponseHead(status, reason, all), body]);
        const { messages, verdict } = decode("response", cut(bytes, sizes));
        assert.equal(verdict, "ok");
        assert.deepEqual(messages[0]!.headers, all);
        assert.equal(messages[0]!.start, `${status} 1`);
        assert.equal(messages[0]!.body, body.toString("latin1"));
      },
    ),
  );
});

test("encoding refuses what would become another message", () => {
  for (const [name, text] of [
    ["a b", "x"],
    ["", "x"],
    ["x", "a\r\nb: c"],
    ["x", "a\u0000"],
    ["x", "☃"],
    ["x", " a"],
  ]) {
    assert.throws(() => encodeRequestHead("GET", "/", [[name!, text!]]), { code: "invalid" });
  }
  assert.throws(() => encodeRequestHead("GET /", "/", []), { code: "invalid" });
  assert.throws(() => encodeRequestHead("GET", "/ HTTP/1.1", []), { code: "invalid" });
  assert.throws(() => encodeResponseHead(99, "", []), { code: "invalid" });
  assert.throws(() => encodeResponseHead(200, "a\nb", []), { code: "invalid" });
});

test("a response to HEAD has no body whatever its headers say", () => {
  const decoder = new MessageDecoder({ kind: "response" });
  decoder.toHead = true;
  decoder.feed(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"));
  assert.deepEqual([decoder.next(), decoder.next(), decoder.next()], [Token.head, Token.end, Token.more]);
});

function ask(text: string): MessageDecoder["head"] {
  const decoder = new MessageDecoder({ kind: "request" });
  decoder.feed(Buffer.from(text));
  assert.equal(decoder.next(), Token.head);
  return decoder.head;
}

test("Head says what the sender wants of the connection", () => {
  const upgrade = ask(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  assert.deepEqual([upgrade.upgrade, upgrade.close, upgrade.keepAlive], [true, false, true]);
  assert.equal(ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n").upgrade, false);
  assert.equal(ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n").close, true);
  assert.equal(ask("GET / HTTP/1.0\r\n\r\n").close, true);
  assert.equal(ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").close, false);
  const nominated = ask("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nConnection: x-a, host\r\nX-B: 2\r\n\r\n");
  assert.deepEqual([...nominated.kinds.subarray(0, 4)], [1, 11, 4, 0]);
  assert.equal(nominated.find("x-b"), "2");
});

test("finish() ends a body that only the connection's end delimits, and finds a message cut short", () => {
  const decoder = new MessageDecoder({ kind: "response" });
  decoder.feed(Buffer.from("HTTP/1.1 200 OK\r\n\r\nhel"));
  assert.deepEqual([decoder.next(), decoder.next(), decoder.next()], [Token.head, Token.body, Token.more]);
  assert.equal(decoder.finish(), Token.end);
  const short = new MessageDecoder({ kind: "response" });
  short.feed(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"));
  while (short.next() !== Token.more);
  assert.equal(short.finish(), Token.fault);
  assert.equal(short.problem, "truncated");
});

test("hostName() drops port, case and trailing dot", () => {
  assert.equal(hostName("Shop.LOCALHOST:8080"), "shop.localhost");
  assert.equal(hostName("shop.localhost."), "shop.localhost");
  assert.equal(hostName("[::1]:80"), "[::1]");
  assert.equal(hostName("[::1]"), "[::1]");
});
