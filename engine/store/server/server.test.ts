import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import {
  healthService,
  kvService,
  leaseService,
  LeaseGrantRequest,
  maintenanceService,
  AlarmAction,
  AlarmRequest,
  AlarmType,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
} from "@plinth/etcd";
import { type ClientCall, GrpcError, Status } from "@plinth/grpc";
import { MvccModel } from "../mvcc-model.ts";
import type { EtcdServerOptions } from "./server.ts";
import { connectTo, startTestServer, type TestClient, type TestServer } from "./test-server.ts";

interface Pair extends AsyncDisposable {
  readonly store: MvccModel;
  readonly server: TestServer;
  readonly client: TestClient;
}

async function start(options: Partial<EtcdServerOptions> = {}): Promise<Pair> {
  const store = new MvccModel();
  const server = await startTestServer(store, options);
  const client = connectTo(server.port);
  return {
    store,
    server,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      assert.deepEqual(server.errors, []);
    },
  };
}

const put = (key: string, value = ""): PutRequest => PutRequest.of({ key, value: Buffer.from(value) });
const refused = (status: number, message: string) => (error: unknown) =>
  error instanceof GrpcError && error.status === status && error.message === message;

async function watching(
  { client }: Pair,
  fields: Partial<WatchCreateRequest>,
): Promise<{ call: ClientCall<WatchRequest, WatchResponse>; next: () => Promise<WatchResponse> }> {
  const call = client.grpc.open(watchService.watch);
  await call.send(WatchRequest.of({ create: WatchCreateRequest.of(fields) }));
  const responses = call.responses[Symbol.asyncIterator]();
  const next = async (): Promise<WatchResponse> => (await responses.next()).value as WatchResponse;
  assert.equal((await next()).created, true);
  return { call, next };
}

suite("createEtcdServer()", () => {
  test("refuses a request whose keys and values are larger than allowed", async () => {
    await using pair = await start({ requestBytesMax: 1000 });
    const { grpc } = pair.client;
    await grpc.unary(kvService.put, put("k", "v".repeat(999)));
    const tooLarge = refused(Status.invalidArgument, "etcdserver: request is too large");
    await assert.rejects(grpc.unary(kvService.put, put("k", "v".repeat(1000))), tooLarge);
    const half = RequestOp.of({ put: put("a", "v".repeat(500)) });
    const other = RequestOp.of({ put: put("b", "v".repeat(500)) });
    const txn = TxnRequest.of({
      success: [RequestOp.of({ txn: TxnRequest.of({ success: [half, other] }) })],
    });
    await assert.rejects(grpc.unary(kvService.txn, txn), tooLarge);
  });

  test("refuses a sort, and an operation, that is none", async () => {
    await using pair = await start();
    const { grpc } = pair.client;
    await assert.rejects(
      grpc.unary(kvService.range, RangeRequest.of({ key: "a", sortTarget: 9 })),
      refused(Status.invalidArgument, "etcdserver: invalid sort option"),
    );
    await assert.rejects(
      grpc.unary(kvService.txn, TxnRequest.of({ success: [RequestOp.of()] })),
      refused(Status.invalidArgument, "etcdserver: key not found"),
    );
  });

  test("divides a revision for a watcher that takes fragments, and for no other", async () => {
    await using pair = await start({ requestBytesMax: 1000 });
    const keys = Array.from({ length: 6 }, (_, index) => `k${index}`);
    const divided = await watching(pair, { key: "k", rangeEnd: "l", fragment: true });
    const whole = await watching(pair, { key: "k", rangeEnd: "l" });
    // Together below the limit of a request, and above it with what events cost beside keys and values.
    const success = keys.map((key) => RequestOp.of({ put: put(key, "v".repeat(150)) }));
    await pair.client.grpc.unary(kvService.txn, TxnRequest.of({ success }));
    const parts = [await divided.next(), await divided.next()];
    assert.deepEqual(
      parts.map(({ fragment }) => fragment),
      [true, false],
    );
    assert.deepEqual(
      parts.flatMap(({ events }) => events.map(({ kv }) => kv!.key)),
      keys,
    );
    const response = await whole.next();
    assert.deepEqual([response.events.length, response.fragment], [6, false]);
    divided.call.cancel();
    whole.call.cancel();
  });

  test("tells quiet watchers of progress from time to time, if they asked", async () => {
    const clock = new VirtualClock();
    await using pair = await start({ clock, progressIntervalMs: 1000 });
    const watch = await watching(pair, { key: "mine", progressNotify: true });
    await pair.client.grpc.unary(kvService.put, put("other"));
    await clock.advance(1000);
    await clock.advance(0);
    const { header, events, watchId } = await watch.next();
    assert.deepEqual([header?.revision, events.length, watchId], [2, 0, 0n]);
    watch.call.cancel();
  });

  test("does not pile up progress for a client that does not read", async () => {
    const clock = new VirtualClock();
    await using pair = await start({ clock, progressIntervalMs: 1000 });
    const { grpc } = pair.client;
    const watch = await watching(pair, { key: "idle", progressNotify: true });
    await watch.call.send(WatchRequest.of({ create: WatchCreateRequest.of({ key: "busy" }) }));
    const created = await watch.next();
    const [puts, ticks] = [100, 30];
    for (let count = 0; count < puts; count++)
      await grpc.unary(kvService.put, put("busy", "v".repeat(20_000)));
    for (let tick = 0; tick < ticks; tick++) await clock.advance(1000);
    let told = 0;
    for (let events = 0; events < puts;) {
      const response = await watch.next();
      if (response.watchId === created.watchId) events += response.events.length;
      else told++;
    }
    assert.equal(told, 0);
    watch.call.cancel();
  });

  test("never tells of progress to before an event that it has sent", async () => {
    const clock = new VirtualClock();
    await using pair = await start({ clock });
    const watch = await watching(pair, { key: "a" });
    await watch.call.send(WatchRequest.of({ progress: {} }));
    // Its answer says that the request before it has arrived, too.
    await pair.client.grpc.unary(kvService.range, RangeRequest.of({ key: "a" }));
    const advanced = clock.advance(0);
    await pair.store.put({ key: "a", value: Buffer.from(""), lease: 0n });
    await advanced;
    const first = await watch.next();
    const second = await watch.next();
    assert.deepEqual([first.header?.revision, first.events.length], [1, 0]);
    assert.deepEqual([second.header?.revision, second.events.length], [2, 1]);
    watch.call.cancel();
  });

  test("tells a watcher of a revision to come nothing before that", async () => {
    const clock = new VirtualClock();
    await using pair = await start({ clock, progressIntervalMs: 1000 });
    const watch = await watching(pair, { key: "a", startRevision: 4, progressNotify: true });
    await watch.call.send(WatchRequest.of({ progress: {} }));
    for (let revision = 2; revision <= 4; revision++) {
      await pair.client.grpc.unary(kvService.put, put("a"));
      await clock.advance(1000);
    }
    const response = await watch.next();
    assert.deepEqual(
      response.events.map(({ kv }) => kv!.modRevision),
      [4],
    );
    watch.call.cancel();
  });

  test("leaves watchers without deletions or puts that they do not want", async () => {
    await using pair = await start();
    const { grpc } = pair.client;
    const noPut = await watching(pair, { key: "k", filters: [0] });
    const noDelete = await watching(pair, { key: "k", filters: [1] });
    await grpc.unary(kvService.put, put("k", "1"));
    await grpc.unary(kvService.deleteRange, { key: "k", rangeEnd: "", prevKv: false });
    await grpc.unary(kvService.put, put("k", "2"));
    const deletion = await noPut.next();
    assert.deepEqual(
      deletion.events.map(({ type, kv }) => [type, kv?.modRevision]),
      [[1, 3]],
    );
    const puts = [await noDelete.next(), await noDelete.next()];
    assert.deepEqual(
      puts.flatMap(({ events }) => events.map(({ kv }) => kv?.modRevision)),
      [2, 4],
    );
    noPut.call.cancel();
    noDelete.call.cancel();
  });

  test("ends streams when it stops, with etcd's words", async () => {
    await using pair = await start();
    const watch = await watching(pair, { key: "k" });
    const keepAlive = pair.client.grpc.open(leaseService.keepAlive);
    await keepAlive.send({ id: 404n });
    const renewed = keepAlive.responses[Symbol.asyncIterator]();
    assert.equal(((await renewed.next()).value as { ttl: number }).ttl, 0);
    const stopped = refused(Status.unavailable, "etcdserver: server stopped");
    const ended = [assert.rejects(watch.next(), stopped), assert.rejects(renewed.next(), stopped)];
    await pair.server[Symbol.asyncDispose]();
    await Promise.all(ended);
  });

  test("raises and lifts alarms, and refuses all keys and leases while CORRUPT is raised", async () => {
    await using pair = await start();
    const { grpc } = pair.client;
    const alarm = (action: number, kind: number): Promise<unknown> =>
      grpc.unary(maintenanceService.alarm, AlarmRequest.of({ action, alarm: kind }));
    await alarm(AlarmAction.activate, AlarmType.corrupt);
    const corrupt = refused(Status.dataLoss, "etcdserver: corrupt cluster");
    await assert.rejects(grpc.unary(kvService.range, RangeRequest.of({ key: "a" })), corrupt);
    await assert.rejects(grpc.unary(leaseService.grant, LeaseGrantRequest.of({ ttl: 60 })), corrupt);
    const { errors } = await grpc.unary(maintenanceService.status, {});
    assert.deepEqual(errors, ["memberID:65261 alarm:CORRUPT "]);
    await alarm(AlarmAction.deactivate, AlarmType.corrupt);
    await grpc.unary(kvService.put, put("a"));
    await alarm(AlarmAction.activate, AlarmType.noSpace);
    const { alarms } = await grpc.unary(maintenanceService.alarm, AlarmRequest.of());
    assert.deepEqual(
      alarms.map((each) => ({ ...each })),
      [{ memberId: 0xfeedn, alarm: AlarmType.noSpace }],
    );
    await alarm(AlarmAction.deactivate, AlarmType.noSpace);
    await grpc.unary(kvService.put, put("a"));
  });

  test("is healthy as a whole, and knows no other service", async () => {
    await using pair = await start();
    const { grpc } = pair.client;
    assert.equal((await grpc.unary(healthService.check, { service: "" })).status, 1);
    await assert.rejects(
      grpc.unary(healthService.check, { service: "x" }),
      refused(Status.notFound, "unknown service"),
    );
  });
});
