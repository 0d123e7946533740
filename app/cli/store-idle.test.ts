/** What clients that do nothing, or do not read, cost `plinth store serve`. */
import assert from "node:assert/strict";
import { connect as dial } from "node:net";
import { test } from "node:test";
import {
  CompactionRequest,
  kvService,
  PutRequest,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
} from "@plinth/etcd";
import { GrpcClient } from "@plinth/grpc";
import { connect } from "@plinth/http2";
import { processUsage } from "@plinth/process";
import { Member } from "@plinth/store/testing";
import { plinthMember } from "./plinth-member.ts";

const IDLE = 10_000;
const CONNECTIONS = 4;
/** Created before their answers are awaited. */
const TOGETHER = 500;
/** Measured: 13,000 to 17,000 bytes. */
const IDLE_BYTES_MAX = 24_000;
/** What a heap grows by from other causes. */
const MARGIN_BYTES: number = 64 * 2 ** 20;

const SLOW = 200;
const WRITES = 1500;
const VALUE_BYTES = 10_000;
/** What HTTP/2 has queued, 16 responses, a batch of events, and what waits to be collected. Measured: 470,000 bytes. */
const SLOW_BYTES_MAX = 600_000;

/** Of the client: what is not read of one watch keeps nothing from another. */
const LIMITS = { streamsMax: IDLE, streamWindowBytes: 65_536, connectionWindowBytes: SLOW * 65_536 };

interface Client extends Disposable {
  put(key: string, bytes?: number): Promise<number>;
  compact(revision: number): Promise<void>;
  /** What the watch answers, beginning with that it was created. */
  watch(fields: Partial<WatchCreateRequest>): Promise<AsyncIterator<WatchResponse>>;
}

async function clientOf(port: number): Promise<Client> {
  const socket = dial(port, "127.0.0.1");
  const session = connect(socket, {}, { limits: LIMITS });
  const grpc = new GrpcClient(session, { authority: "a" });
  const put = async (key: string, bytes = 0): Promise<number> => {
    const request = PutRequest.of({ key, value: Buffer.alloc(bytes) });
    return (await grpc.unary(kvService.put, request)).header!.revision;
  };
  // Its settings, which say how many streams there may be, have come with the answer.
  await put("first");
  return {
    put,
    async compact(revision) {
      await grpc.unary(kvService.compact, CompactionRequest.of({ revision, physical: true }));
    },
    async watch(fields) {
      const call = grpc.open(watchService.watch);
      await call.send(WatchRequest.of({ create: WatchCreateRequest.of(fields) }));
      return call.responses[Symbol.asyncIterator]();
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

async function startMember(): Promise<Member & { readonly memoryBytes: () => number }> {
  const member = (await Member.start(plinthMember))!;
  return Object.assign(member, { memoryBytes: () => processUsage(member.pid!)!.memoryBytes });
}

const next = async (responses: AsyncIterator<WatchResponse>): Promise<WatchResponse> =>
  (await responses.next()).value as WatchResponse;

test(`plinth store serve holds ${IDLE} idle streams in little memory`, async (t) => {
  await using member = await startMember();
  using client = await clientOf(member.port);
  const before = member.memoryBytes();
  using clients = new DisposableStack();
  const opened: Client[] = [];
  for (let count = 0; count < CONNECTIONS; count++) opened.push(clients.use(await clientOf(member.port)));
  const streams: AsyncIterator<WatchResponse>[] = [];
  for (let number = 0; number < IDLE; number++) {
    streams.push(await opened[number % CONNECTIONS]!.watch({ key: `k/${number}` }));
    if (streams.length % TOGETHER > 0) continue;
    for (const created of await Promise.all(streams.slice(-TOGETHER).map(next))) assert.ok(created.created);
  }
  const each = Math.round((member.memoryBytes() - before) / IDLE);
  t.diagnostic(`${each} bytes each`);
  assert.ok(each <= IDLE_BYTES_MAX, `${each} bytes each`);
  const revision = await client.put("k/77");
  const { events } = await next(streams[77]!);
  assert.deepEqual(
    events.map(({ kv }) => kv?.modRevision),
    [revision],
  );
});

test(`plinth store serve keeps little for ${SLOW} watchers that do not read, and tells them why they end`, async (t) => {
  await using member = await startMember();
  using slow = await clientOf(member.port);
  using client = await clientOf(member.port);
  const watches: AsyncIterator<WatchResponse>[] = [];
  for (let count = 0; count < SLOW; count++) {
    const watch = await slow.watch({ key: "k" });
    assert.ok((await next(watch)).created);
    watches.push(watch);
  }
  const before = member.memoryBytes();
  let revision = 0;
  for (let write = 0; write < WRITES; write++) revision = await client.put("k", VALUE_BYTES);
  const grown = member.memoryBytes() - before;
  t.diagnostic(`${Math.round(grown / SLOW)} bytes each`);
  assert.ok(grown <= SLOW * SLOW_BYTES_MAX + MARGIN_BYTES, `${grown} bytes`);

  await client.compact(revision);
  let last = 1;
  for (;;) {
    const { events, canceled, compactRevision } = await next(watches[0]!);
    for (const { kv } of events) {
      if (last > 1) assert.equal(kv!.modRevision, last + 1);
      last = kv!.modRevision;
    }
    if (!canceled) continue;
    assert.equal(compactRevision, revision);
    break;
  }
  assert.ok(last > 1 && last < revision, `it was told up to revision ${last} of ${revision}`);
});
