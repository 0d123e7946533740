import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MessageDecoder, Token } from "@plinth/http1";
import { requestNeedsRewrite, rewriteRequest } from "../rewrite.ts";
import { findTraceParent, parseTraceParent, TraceIds, traceParentText } from "./trace-context.ts";
import { setTraceParent, traceParentOf } from "./trace-fields.ts";

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef".split("")), { minLength: digits, maxLength: digits })
    .map((all) => all.join(""))
    .filter((text) => /[^0]/.test(text));

test("parseTraceParent() reads what traceParentText() writes", () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, parentId, sampled) => {
      assert.deepEqual(parseTraceParent(traceParentText(traceId, parentId, sampled)), {
        traceId,
        parentId,
        sampled,
      });
    }),
  );
});

test("parseTraceParent() refuses what W3C's rules refuse, and takes what later versions add", () => {
  const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  assert.equal(parseTraceParent(good)?.sampled, true);
  assert.equal(parseTraceParent(`01${good.slice(2)}-what-comes`)?.sampled, true);
  for (const bad of [
    "",
    `${good}-more`,
    `ff${good.slice(2)}`,
    good.toUpperCase(),
    good.replace(/4bf9[0-9a-f]*/, "0".repeat(32)),
    good.replace(/00f0[0-9a-f]*/, "0".repeat(16)),
    good.slice(0, -1),
    ` ${good}`,
  ])
    assert.equal(parseTraceParent(bad), undefined, bad);
});

test("TraceIds never cuts the same one twice, and only of the right length", () => {
  const ids = new TraceIds();
  const all = Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? ids.trace() : ids.span()));
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.every((id) => /^([0-9a-f]{32}|[0-9a-f]{16})$/.test(id)));
});

const NEW = `00-${"5".repeat(32)}-${"6".repeat(16)}-02`;

/** What a head becomes with a line of our own. */
function rewritten(text: string, dropsTrace: "nothing" | "parent" | "all"): string {
  const decoder = new MessageDecoder({ kind: "request" });
  decoder.feed(Buffer.from(text));
  assert.equal(decoder.next(), Token.head);
  const rewrite = {
    origin: undefined,
    host: "h",
    upgrade: false,
    traceLine: Buffer.from(`traceparent: ${NEW}\r\n`),
    dropsTrace,
    traceAt: 0,
  };
  assert.ok(requestNeedsRewrite(decoder.head, rewrite));
  const bytes = rewriteRequest(decoder.head, decoder.head.start + decoder.head.length, rewrite);
  assert.equal(bytes.toString("latin1", rewrite.traceAt, rewrite.traceAt + 55), NEW);
  return bytes.toString("latin1");
}

test("rewriteRequest() puts its own traceparent in the place of what was there", () => {
  const head = "GET / HTTP/1.1\r\nHost: h\r\nTraceParent: OLD\r\ntracestate: a=b\r\nTrace-ID-X: 1\r\n\r\n";
  assert.equal(
    rewritten(head, "parent"),
    `GET / HTTP/1.1\r\nHost: h\r\ntracestate: a=b\r\nTrace-ID-X: 1\r\ntraceparent: ${NEW}\r\n\r\n`,
  );
  assert.equal(
    rewritten(head, "all"),
    `GET / HTTP/1.1\r\nHost: h\r\nTrace-ID-X: 1\r\ntraceparent: ${NEW}\r\n\r\n`,
  );
});

test("findTraceParent() knows one, none and too many", () => {
  const found = (lines: string): number => {
    const decoder = new MessageDecoder({ kind: "request" });
    decoder.feed(Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\n${lines}\r\n`));
    decoder.next();
    return findTraceParent(decoder.head);
  };
  assert.equal(found(""), -1);
  assert.equal(found("transparent: x\r\nTRACEPARENT: x\r\n"), 2);
  assert.equal(found("traceparent: x\r\ntraceparent: x\r\n"), -2);
});

test("setTraceParent() keeps the state of a trace that goes on, and drops that of another", () => {
  const fields = (): string[] => [":path", "/", "traceparent", "old", "tracestate", "a=b"];
  assert.deepEqual(setTraceParent(fields(), "new", true), [
    ":path",
    "/",
    "tracestate",
    "a=b",
    "traceparent",
    "new",
  ]);
  assert.deepEqual(setTraceParent(fields(), "new", false), [":path", "/", "traceparent", "new"]);
  assert.deepEqual(setTraceParent([":path", "/"], "new", false), [":path", "/", "traceparent", "new"]);
  assert.deepEqual(setTraceParent(["tracestate", "x"], "new", false), ["traceparent", "new"]);
});

test("traceParentOf() takes several for none", () => {
  assert.equal(traceParentOf([":path", "/"]), undefined);
  assert.equal(traceParentOf(["traceparent", "one"]), "one");
  assert.equal(traceParentOf(["traceparent", "one", "traceparent", "two"]), "");
});
