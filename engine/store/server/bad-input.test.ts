/** What clients should not send. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  CompactionRequest,
  DeleteRangeRequest,
  kvService,
  LeaseGrantRequest,
  leaseService,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from "@plinth/etcd";
import { GrpcError, type GrpcClient, type Method, Status } from "@plinth/grpc";
import { MvccModel } from "../mvcc-model.ts";
import { openMvcc } from "../mvcc-store.ts";
import { ask, startBoth } from "./beside-etcd.ts";
import { connectTo, startTestServer } from "./test-server.ts";

const REQUEST_BYTES_MAX = 10_000;
/** etcd's, and ours, for what a message has beside keys and values. */
const MESSAGE_OVERHEAD_BYTES = 512 * 1024;

const put = (fields: Partial<PutRequest>): PutRequest => PutRequest.of({ key: "k", ...fields });

/** A put, so many transactions deep. */
function nested(depth: number): TxnRequest {
  let request = TxnRequest.of({ success: [RequestOp.of({ put: put({}) })] });
  for (let level = 1; level < depth; level++) {
    request = TxnRequest.of({ success: [RequestOp.of({ txn: request })] });
  }
  return request;
}

suite("createEtcdServer() and requests that nobody should send", () => {
  test("odd keys, leases and revisions are answered as by etcd", async (t) => {
    await using both = await startBoth((directory) => openMvcc(directory));
    if (both === undefined) return t.skip("etcd is not installed");
    const note = async (client: GrpcClient): Promise<unknown[]> => {
      const said: unknown[] = [];
      const say = async <Request, Response>(
        method: Method<Request, Response>,
        request: Request,
      ): Promise<void> => void said.push(await ask(client, method, request));
      for (const key of ["", "\0", "\xff", "\xc3\x28", "a\0b", "k".repeat(5000)]) {
        await say(kvService.put, put({ key, value: Buffer.from("v") }));
        await say(kvService.range, RangeRequest.of({ key }));
        await say(kvService.range, RangeRequest.of({ key, rangeEnd: "\0", keysOnly: true }));
        await say(kvService.deleteRange, DeleteRangeRequest.of({ key, prevKv: true }));
        await say(kvService.txn, TxnRequest.of({ success: [RequestOp.of({ put: put({ key }) })] }));
      }
      for (const id of [-1n, -(2n ** 63n), 2n ** 63n - 1n]) {
        await say(leaseService.grant, LeaseGrantRequest.of({ id, ttl: 5000 }));
        await say(kvService.put, put({ lease: id }));
        await say(leaseService.revoke, { id });
        await say(kvService.put, put({ lease: id }));
      }
      for (const ttl of [-1, -1_000_000, 9_000_000_001]) {
        await say(leaseService.grant, LeaseGrantRequest.of({ id: 5n, ttl }));
        await say(leaseService.revoke, { id: 5n });
      }
      for (const revision of [-1, -1_000_000, 1_000_000, 2 ** 53 - 1]) {
        await say(kvService.range, RangeRequest.of({ key: "k", revision }));
        await say(kvService.compact, CompactionRequest.of({ revision }));
        await say(kvService.range, RangeRequest.of({ key: "k", rangeEnd: "l", limit: revision }));
        // Negative ones within transactions: docs/etcd-differences.md.
        if (revision < 0) continue;
        await say(
          kvService.txn,
          TxnRequest.of({
            success: [RequestOp.of({ range: RangeRequest.of({ key: "k", revision }) })],
          }),
        );
      }
      return said;
    };
    assert.deepEqual(await note(both.ours), await note(both.theirs));
  });

  test("refuses transactions nested too deeply, and what is too large, and goes on", async () => {
    await using server = await startTestServer(new MvccModel(), { requestBytesMax: REQUEST_BYTES_MAX });
    using client = connectTo(server.port);
    const refusedWith = (status: number) => (error: unknown) =>
      error instanceof GrpcError && error.status === status;
    const { grpc } = client;
    assert.equal((await grpc.unary(kvService.txn, nested(100))).succeeded, true);
    await assert.rejects(grpc.unary(kvService.txn, nested(200)), refusedWith(Status.invalidArgument));
    await assert.rejects(grpc.unary(kvService.txn, nested(1000)), refusedWith(Status.internal));
    const bytes = REQUEST_BYTES_MAX + MESSAGE_OVERHEAD_BYTES;
    for (const [length, status] of [
      [REQUEST_BYTES_MAX, Status.invalidArgument],
      [bytes, Status.resourceExhausted],
      [20 * bytes, Status.resourceExhausted],
    ] as const) {
      const request = put({ value: Buffer.alloc(length) });
      await assert.rejects(grpc.unary(kvService.put, request), refusedWith(status), `${length} bytes`);
    }
    assert.equal((await grpc.unary(kvService.put, put({}))).header?.revision, 3);
    assert.deepEqual(server.errors, []);
  });
});
