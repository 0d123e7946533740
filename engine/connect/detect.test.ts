import assert from "node:assert/strict";
import { test } from "node:test";
import { detect, isLikelyRequest, Spoken } from "./detect.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

const cases: readonly [string, number][] = [
  ["", Spoken.undecided],
  ["GET / HTTP/1.1\r\nHost: a\r\n", Spoken.http1],
  ["GET / HTTP/1.0\n", Spoken.http1],
  ["get /x HTTP/1.1\r\n", Spoken.http1],
  ["M-SEARCH * HTTP/1.1\r\n", Spoken.http1],
  ["CONNECT a.example:443 HTTP/1.1\r\n", Spoken.http1],
  ["OPTIONS http://a.example/ HTTP/1.1\r\n", Spoken.http1],
  ["GE", Spoken.undecided],
  ["GET /a/long/path", Spoken.undecided],
  [`GET /${"a".repeat(5000)}`, Spoken.http1],
  ["GET / HTTP/1.1\r", Spoken.undecided],
  ["get key\r\n", Spoken.other], // memcached
  ["GET /key\r\n", Spoken.other], // Redis, inline
  ["PING\r\n", Spoken.other],
  ["*1\r\n$4\r\nPING\r\n", Spoken.other], // Redis
  ["\x00\x00\x00\x08\x04\xd2\x16\x2f", Spoken.other], // PostgreSQL asks for TLS
  ["SSH-2.0-x\r\n", Spoken.other],
  ["EHLO there\r\n", Spoken.other],
  ["PRI", Spoken.undecided],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00", Spoken.http2],
  ["PRI * HTTP/2.0\r\n\r\nXX", Spoken.other],
  ["\x16\x03\x01", Spoken.tls],
  ["\x16", Spoken.undecided],
  ["\x16\x04", Spoken.other],
  ["GET / HTTP/3.0\r\n", Spoken.other],
  ["a".repeat(25), Spoken.other],
];

test("detect() tells protocols by what clients send first", () => {
  for (const [text, expected] of cases) assert.equal(detect(bytes(text)), expected, JSON.stringify(text));
});

test("detect() never takes back what it said when more bytes come", () => {
  for (const [text, expected] of cases) {
    for (let cut = 0; cut < Math.min(text.length, 64); cut += 1) {
      const early = detect(bytes(text.slice(0, cut)));
      assert.ok(early === Spoken.undecided || early === expected, `${JSON.stringify(text)} cut at ${cut}`);
    }
  }
});

test("isLikelyRequest() knows a request that comes slowly", () => {
  assert.ok(isLikelyRequest(bytes("GET /slow")));
  assert.ok(!isLikelyRequest(bytes("GET key")));
  assert.ok(!isLikelyRequest(bytes("GE")));
});
