import assert from "node:assert/strict";
import { test } from "node:test";
import type { TapEvent } from "@plinth/resource";
import { TAP_ROWS_MAX, TapBuffer } from "./tap-buffer.ts";

const request = (id: string): TapEvent => ({
  type: "request",
  id,
  at: "2026-01-01T00:00:00.000Z",
  callerApp: "shop",
  caller: "web",
  app: "shop",
  callee: "cart",
  client: "127.0.0.1:1",
  protocol: "HTTP/1.1",
  method: "GET",
  authority: "cart",
  path: "/\u001b[31mx",
});

test("TapBuffer puts requests together from their events, newest first", () => {
  const buffer = new TapBuffer();
  buffer.append([
    request("1"),
    request("2"),
    { type: "response", id: "1", status: 503, latencyUs: 900, instance: null, address: null },
    { type: "end", id: "1", durationUs: 1500, responseBytes: 3, grpcStatus: null, retries: 0, error: null },
    { type: "end", id: "0", durationUs: 1, responseBytes: 0, grpcStatus: null, retries: 0, error: null },
    { type: "missed", overRate: 1, dropped: 2 },
  ]);
  assert.deepEqual(
    buffer.rows.map(({ id, what, status, failed, durationMs }) => [id, what, status, failed, durationMs]),
    [
      ["2", "GET /x", undefined, false, undefined],
      ["1", "GET /x", 503, true, 1.5],
    ],
  );
  assert.equal(buffer.missed, 3);
});

test("TapBuffer keeps no more than it says", () => {
  const buffer = new TapBuffer();
  buffer.append(Array.from({ length: 100 }, (_, index) => request(String(index))));
  assert.equal(buffer.rows.length, TAP_ROWS_MAX);
  assert.equal(buffer.rows[0]!.id, "99");
});
