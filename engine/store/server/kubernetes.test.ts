/** What Kubernetes asks of its store, beside Debian's etcd. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  CompactionRequest,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  kvService,
  LeaseGrantRequest,
  leaseService,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
  WireCompare,
} from "@plinth/etcd";
import type { GrpcClient } from "@plinth/grpc";
import { openMvcc } from "../mvcc-store.ts";
import { ask, plain, startBoth } from "./beside-etcd.ts";

const PREFIX = "/registry/pods/";
const PREFIX_END = "/registry/pods0";
const COMPACT_KEY = "compact_rev_key";

const read = (key: string): RequestOp => RequestOp.of({ range: RangeRequest.of({ key }) });
const modIs = (key: string, modRevision: number): WireCompare =>
  WireCompare.of({ key, result: CompareResult.equal, target: CompareTarget.mod, modRevision });
const putOp = (key: string, value: string, lease = 0n): RequestOp =>
  RequestOp.of({ put: PutRequest.of({ key, value: Buffer.from(value), lease }) });

/** The four transactions, and nothing else, write. */
const create = (key: string, value: string, lease = 0n): TxnRequest =>
  TxnRequest.of({ compare: [modIs(key, 0)], success: [putOp(key, value, lease)], failure: [read(key)] });
const update = (key: string, modRevision: number, value: string): TxnRequest =>
  TxnRequest.of({ compare: [modIs(key, modRevision)], success: [putOp(key, value)], failure: [read(key)] });
const remove = (key: string, modRevision: number): TxnRequest =>
  TxnRequest.of({
    compare: [modIs(key, modRevision)],
    success: [RequestOp.of({ deleteRange: DeleteRangeRequest.of({ key }) })],
    failure: [read(key)],
  });
/** Who compacts says so first, so that of several API servers one does. */
const mark = (version: number, revision: number): TxnRequest =>
  TxnRequest.of({
    compare: [
      WireCompare.of({
        key: COMPACT_KEY,
        result: CompareResult.equal,
        target: CompareTarget.version,
        version,
      }),
    ],
    success: [putOp(COMPACT_KEY, `${revision}`)],
    failure: [read(COMPACT_KEY)],
  });

const list = (fields: Partial<RangeRequest>): RangeRequest =>
  RangeRequest.of({ key: PREFIX, rangeEnd: PREFIX_END, ...fields });

/** The same questions to ours and theirs; the answers must be the same. */
async function compare(
  t: TestContext,
  questions: (client: GrpcClient, note: (answer: unknown) => void) => Promise<void>,
): Promise<void> {
  await using both = await startBoth((directory) => openMvcc(directory));
  if (both === undefined) return t.skip("etcd is not installed");
  const said: unknown[][] = [];
  for (const client of [both.ours, both.theirs]) {
    const answers: unknown[] = [];
    await questions(client, (answer) => void answers.push(answer));
    said.push(answers);
  }
  assert.deepEqual(said[0], said[1]);
}

test("Kubernetes' create, update and delete succeed or tell what is there, as etcd's do", (t) =>
  compare(t, async (client, note) => {
    const key = `${PREFIX}default/a`;
    const txn = async (request: TxnRequest): Promise<void> => note(await ask(client, kvService.txn, request));
    await ask(client, leaseService.grant, LeaseGrantRequest.of({ id: 77n, ttl: 3600 }));
    await txn(create(key, "1"));
    await txn(create(key, "another's"));
    await txn(update(key, 2, "2"));
    await txn(update(key, 2, "stale"));
    await txn(remove(key, 2));
    await txn(remove(key, 3));
    await txn(remove(key, 3));
    await txn(update(key, 0, "made by an update"));
    await txn(create(`${PREFIX}default/event`, "with a time to live", 77n));
    await txn(create(`${PREFIX}default/lost`, "", 78n));
    note(await ask(client, leaseService.revoke, { id: 77n }));
    note(await ask(client, kvService.range, list({})));
  }));

test("Kubernetes' lists in pages of one revision, and its counts, are etcd's", (t) =>
  compare(t, async (client, note) => {
    for (let pod = 10; pod < 25; pod++)
      await ask(client, kvService.txn, create(`${PREFIX}ns/${pod}`, `${pod}`));
    const first = await client.unary(kvService.range, list({ limit: 4 }));
    note(plain(first));
    const { revision } = first.header!;
    // What happens meanwhile is not seen.
    await ask(client, kvService.txn, remove(`${PREFIX}ns/12`, 4));
    await ask(client, kvService.txn, create(`${PREFIX}ns/145`, "new"));
    let { kvs, more } = first;
    while (more) {
      const key = `${kvs.at(-1)!.key}\0`;
      const page = await client.unary(kvService.range, list({ key, limit: 4, revision }));
      note(plain(page));
      ({ kvs, more } = page);
    }
    note(await ask(client, kvService.range, list({ countOnly: true })));
    note(await ask(client, kvService.range, list({ limit: 1, revision: revision + 100 })));
  }));

test("Kubernetes' compaction is done by whoever sets the marker, and what is older is gone for lists and watches", (t) =>
  compare(t, async (client, note) => {
    const key = `${PREFIX}ns/a`;
    await ask(client, kvService.txn, create(key, "1"));
    for (let revision = 2; revision < 8; revision++)
      await ask(client, kvService.txn, update(key, revision, "x"));
    note(await ask(client, kvService.txn, mark(0, 6)));
    note(await ask(client, kvService.txn, mark(0, 6)));
    note(await ask(client, kvService.compact, CompactionRequest.of({ revision: 6 })));
    note(await ask(client, kvService.compact, CompactionRequest.of({ revision: 6 })));
    note(await ask(client, kvService.txn, mark(1, 8)));
    note(await ask(client, kvService.range, list({ revision: 5 })));
    note(await ask(client, kvService.range, list({ revision: 6 })));
    const call = client.open(watchService.watch, { timeoutMs: 10_000 });
    await call.send(WatchRequest.of({ create: WatchCreateRequest.of({ key, startRevision: 5 }) }));
    const responses = call.responses[Symbol.asyncIterator]();
    for (let count = 0; count < 2; count++) note(plain((await responses.next()).value));
    call.cancel();
  }));

test("Kubernetes' watch from a list goes on without a gap, with what was before and with bookmarks, as etcd's", (t) =>
  compare(t, async (client, note) => {
    const key = `${PREFIX}ns/a`;
    await ask(client, kvService.txn, create(key, "1"));
    const listed = await client.unary(kvService.range, list({ limit: 500 }));
    const { revision } = listed.header!;
    await ask(client, kvService.txn, update(key, 2, "2"));
    const call = client.open(watchService.watch, { timeoutMs: 10_000 });
    const fields = { key: PREFIX, rangeEnd: PREFIX_END, prevKv: true, progressNotify: true };
    await call.send(
      WatchRequest.of({ create: WatchCreateRequest.of({ ...fields, startRevision: revision + 1 }) }),
    );
    const seen: WatchResponse[] = [];
    for await (const response of call.responses) {
      seen.push(response);
      const events = seen.reduce((total, each) => total + each.events.length, 0);
      if (response.watchId === -1n) break;
      if (seen.length === 1) await ask(client, kvService.txn, remove(key, 3));
      // Other types' writes move the bookmark.
      if (events === 2) {
        await ask(client, kvService.txn, create("/registry/nodes/n", "1"));
        await call.send(WatchRequest.of({ progress: {} }));
      }
    }
    call.cancel();
    note(plain(seen.flatMap(({ events }) => events)));
    note(plain(seen.at(-1)));
  }));
