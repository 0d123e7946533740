import assert from "node:assert/strict";
import { test } from "node:test";
import type { TapEvent } from "@plinth/resource";
import { RequestTable } from "./request-table.ts";

function request(id: string, path: string): TapEvent {
  return {
    type: "request",
    id,
    at: "2026-01-01T00:00:00.000Z",
    callerApp: "shop",
    caller: "web",
    app: "shop",
    callee: "catalog",
    client: "127.0.0.1:4000",
    protocol: "HTTP/1.1",
    route: "default",
    method: "GET",
    authority: "catalog",
    path,
  };
}

const response = (id: string, status: number): TapEvent => ({
  type: "response",
  id,
  status,
  latencyUs: 1,
  instance: null,
  address: null,
});

const end = (
  id: string,
  durationUs: number,
  error: string | null = null,
  grpcStatus: number | null = null,
): TapEvent => ({
  type: "end",
  id,
  durationUs,
  responseBytes: 0,
  grpcStatus,
  retries: 0,
  error,
});

test("RequestTable counts by path, with the best, the worst and the last time", () => {
  const table = new RequestTable();
  const one = (id: string, path: string, status: number, durationUs: number): void => {
    table.add(request(id, path));
    table.add(response(id, status));
    table.add(end(id, durationUs));
  };
  one("1", "/a", 200, 30);
  one("2", "/a", 503, 10);
  one("3", "/b", 404, 5);
  one("4", "/a", 200, 20);
  table.add(request("5", "/a"));
  table.add(response("5", 200));
  table.add(end("5", 40, null, 14));
  table.add(end("6", 1)); // its beginning was not shown
  table.add({ type: "missed", overRate: 2, dropped: 3 });
  assert.deepEqual(
    table.rows().map(({ path, count, bestUs, worstUs, lastUs, successRate }) => ({
      path,
      count,
      bestUs,
      worstUs,
      lastUs,
      successRate,
    })),
    [
      { path: "/a", count: 4, bestUs: 10, worstUs: 40, lastUs: 40, successRate: 0.5 },
      { path: "/b", count: 1, bestUs: 5, worstUs: 5, lastUs: 5, successRate: 1 },
    ],
  );
  assert.equal(table.missed, 5);
});

test("RequestTable keeps no more rows than a bound, whatever paths clients make up", () => {
  const table = new RequestTable();
  for (let id = 0; id < 2000; id++) {
    table.add(request(String(id), `/${id}`));
    table.add(end(String(id), 1));
  }
  const rows = table.rows();
  assert.equal(rows.length, 501);
  assert.deepEqual([rows[0]!.path, rows[0]!.count], ["(others)", 1500]);
});
