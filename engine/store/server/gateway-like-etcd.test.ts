import assert from "node:assert/strict";
import { test } from "node:test";
import { openMvcc } from "../mvcc-store.ts";
import { startBoth } from "./beside-etcd.ts";

/** Requests of JSON, put to the gateways of Debian's etcd and of ours. */

const IDENTITY = new Set(["cluster_id", "member_id", "raft_term", "ID", "memberID"]);
const base64 = (text: string): string => Buffer.from(text, "latin1").toString("base64");

/** Without who answers, and without the words for JSON that is none, which are the parsers' own. */
function plain(text: string): unknown {
  const answer = JSON.parse(text, (name, value: unknown) =>
    IDENTITY.has(name) && typeof value !== "object" ? undefined : value,
  ) as { code?: number; message?: string };
  const { code, message } = answer;
  return code === 3 && message?.startsWith("etcdserver:") !== true ? { code } : answer;
}

type Body = string | Buffer | object;

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

async function post(
  port: number,
  path: string,
  body: Body,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = typeof body === "string" || body instanceof Buffer ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${port}/v3/${path}`, {
    method: "POST",
    body: sent,
    headers,
  });
  const text = await response.text();
  // 3.4 answers so where later versions do not.
  const status = response.status === 412 ? 400 : response.status;
  return { status, type: response.headers.get("content-type"), body: plain(text) };
}

/** The first lines of a stream. */
async function lines(port: number, path: string, body: Body, count: number): Promise<unknown[]> {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  const leave = new AbortController();
  const init = { method: "POST", body: sent, signal: leave.signal };
  const response = await fetch(`http://127.0.0.1:${port}/v3/${path}`, init);
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    if (text.split("\n").length > count) break;
  }
  leave.abort();
  const found = text.split("\n").slice(0, count);
  return found.map((line) => plain(line));
}

test("the gateway's requests are answered as etcd's answers them", async (t) => {
  await using both = await startBoth((directory) => openMvcc(directory));
  if (both === undefined) return t.skip("etcd is not installed");
  const [k, v] = [base64("k"), base64("v")];
  const all = { key: "AA==", range_end: "AA==" };
  const requests: readonly (readonly [path: string, body: Body])[] = [
    ["kv/put", { key: k, value: v }],
    ["kv/put", { key: k, value: v, prev_kv: true }],
    ["kv/put", { key: k, value: v, prevKv: true }],
    ["kv/put", { key: base64("\xff\0"), value: base64("\x80") }],
    ["kv/put", { value: v }],
    ["kv/put", { key: k, lease: "404" }],
    ["kv/put", ""],
    ["kv/put", "{}"],
    ["kv/put", "[]"],
    ["kv/put", "7"],
    ["kv/put", '{"key":'],
    ["kv/put", "no JSON"],
    ["kv/put", { key: 7 }],
    ["kv/put", { key: "not base64!" }],
    ["kv/put", { key: k, lease: "x" }],
    ["kv/put", { key: k, lease: 1.5 }],
    ["kv/put", { key: k, lease: "9223372036854775808" }],
    ["kv/put", { key: k, prev_kv: "true" }],
    ["kv/put", { key: k, unknown: { field: [1] } }],
    ["kv/put", { key: k, value: null }],
    ["kv/range", { key: k }],
    ["kv/range", all],
    ["kv/range", { ...all, sort_order: "DESCEND", sort_target: "MOD", limit: "1" }],
    ["kv/range", { ...all, sort_order: 2, sort_target: 3, limit: 1 }],
    ["kv/range", { ...all, sort_order: "SIDEWAYS" }],
    ["kv/range", { ...all, keys_only: true }],
    ["kv/range", { ...all, count_only: true }],
    ["kv/range", { key: k, revision: 99 }],
    ["kv/range", { key: k, revision: "2" }],
    [
      "kv/txn",
      {
        compare: [{ result: "EQUAL", target: "VERSION", key: base64("t"), version: "0" }],
        success: [{ request_put: { key: base64("t"), value: v } }, { requestRange: { key: k } }],
        failure: [{ request_delete_range: { key: base64("t"), prev_kv: true } }],
      },
    ],
    [
      "kv/txn",
      {
        compare: [{ target: "CREATE", key: base64("t"), create_revision: "0" }],
        success: [{ request_range: { key: k } }],
        failure: [{ request_delete_range: { key: base64("t"), prev_kv: true } }],
      },
    ],
    ["kv/txn", { success: [{ request_txn: { success: [{ request_put: { key: k } }] } }] }],
    ["kv/txn", { success: {} }],
    ["kv/txn", { success: ["x"] }],
    ["kv/deleterange", { key: k, prev_kv: true }],
    ["kv/compaction", { revision: "3" }],
    ["kv/compaction", { revision: "3" }],
    ["lease/grant", { TTL: "5000", ID: "77" }],
    ["lease/grant", { TTL: 5000, ID: 77 }],
    ["kv/put", { key: base64("leased"), lease: "77" }],
    ["lease/leases", {}],
    ["kv/lease/leases", {}],
    ["kv/lease/revoke", { ID: "404" }],
    ["lease/revoke", { ID: 77 }],
    ["lease/keepalive", { ID: "404" }],
    ["cluster/member/remove", { ID: "1" }],
    ["maintenance/alarm", {}],
    ["maintenance/alarm", { action: "ACTIVATE", alarm: "NOSPACE", memberID: "0" }],
    ["kv/put", { key: k, value: v }],
    ["maintenance/alarm", { action: "DEACTIVATE", alarm: "NOSPACE" }],
    ["maintenance/defragment", {}],
    ["auth/authenticate", { name: "root", password: "x" }],
    ["auth/user/add", { name: "" }],
    ["auth/user/add", { name: "ann", options: { no_password: true } }],
    ["auth/user/add", { name: "ann", options: { no_password: true } }],
    ["auth/role/add", { name: "some" }],
    ["auth/role/grant", { name: "some", perm: { permType: "READWRITE", key: k, range_end: base64("l") } }],
    ["auth/role/get", { role: "some" }],
    ["auth/user/grant", { user: "ann", role: "some" }],
    ["auth/user/get", { name: "ann" }],
    ["auth/user/list", {}],
    ["auth/role/list", {}],
    ["auth/enable", {}],
    ["election/leader", { name: base64("e") }],
  ];
  const { ports } = both;
  const ask = async (port: number, path: string, body: Body): Promise<Answer> => {
    const answer = await post(port, path, body);
    if (path !== "maintenance/alarm") return answer;
    // 3.4 sends no header here.
    const { header: _, ...rest } = answer.body as { header?: unknown };
    return { ...answer, body: rest };
  };
  for (const [path, body] of requests) {
    const expected = await ask(ports.theirs, path, body);
    const actual = await ask(ports.ours, path, body);
    assert.deepEqual(actual, expected, `${path} ${JSON.stringify(body)}`);
  }
  const streams: readonly (readonly [string, Body, number])[] = [
    ["watch", { create_request: { ...all, start_revision: "4", prev_kv: true } }, 2],
    ["watch", '{"create_request":{"key":"aw=="}} \n {"createRequest":{"key":"aw==","watch_id":"9"}}', 2],
    ["watch", { create_request: { key: k, start_revision: "1" } }, 2],
  ];
  for (const [path, body, count] of streams) {
    const expected = await lines(ports.theirs, path, body, count);
    const actual = await lines(ports.ours, path, body, count);
    assert.deepEqual(actual, expected, `${path} ${JSON.stringify(body)}`);
  }
});
