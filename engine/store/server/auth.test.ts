import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import {
  AlarmRequest,
  authService,
  clusterService,
  electionService,
  healthService,
  kvService,
  LeaseGrantRequest,
  leaseService,
  lockService,
  maintenanceService,
  PermissionType,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  UserAddRequest,
} from "@plinth/etcd";
import { GrpcError, type GrpcClient, type Metadata, type Method, Status } from "@plinth/grpc";
import type { Mvcc } from "../mvcc.ts";
import { MvccModel } from "../mvcc-model.ts";
import { openMvcc } from "../mvcc-store.ts";
import { connectTo, startTestServer, type TestServer } from "./test-server.ts";

const PASSWORD = "correct horse";

const refused = (status: number, message: string) => (error: unknown) =>
  error instanceof GrpcError && error.status === status && error.message === message;
const denied = refused(Status.permissionDenied, "etcdserver: permission denied");
const unnamed = refused(Status.invalidArgument, "etcdserver: user name is empty");

interface Started extends AsyncDisposable {
  readonly server: TestServer;
  readonly grpc: GrpcClient;
  /** Asks with what a login gave. */
  as(token: Metadata): Asking;
  login(name: string, password?: string): Promise<Asking>;
}

type Asking = <Request, Response>(method: Method<Request, Response>, request: Request) => Promise<Response>;

async function start(store: Mvcc): Promise<Started> {
  const server = await startTestServer(store);
  const client = connectTo(server.port);
  const { grpc } = client;
  const as =
    (metadata: Metadata): Asking =>
    (method, request) =>
      grpc.unary(method, request, { metadata });
  return {
    server,
    grpc,
    as,
    async login(name, password = PASSWORD) {
      const { token } = await grpc.unary(authService.authenticate, { name, password });
      return as([["token", token]]);
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      assert.deepEqual(server.errors, []);
    },
  };
}

/** Users root and ann; ann may read and write what begins with "k", and read what begins with "r". */
async function setUp({ grpc }: Started): Promise<void> {
  for (const name of ["root", "ann"]) {
    await grpc.unary(authService.userAdd, UserAddRequest.of({ name, password: PASSWORD }));
    await grpc.unary(authService.roleAdd, { role: name });
    await grpc.unary(authService.userGrantRole, { name, role: name });
  }
  for (const [type, key, rangeEnd] of [
    [PermissionType.readWrite, "k", "l"],
    [PermissionType.read, "r", "s"],
  ] as const) {
    await grpc.unary(authService.roleGrantPermission, { name: "ann", permission: { type, key, rangeEnd } });
  }
  await grpc.unary(authService.enable, {});
}

const put = (key: string, fields: Partial<PutRequest> = {}): PutRequest =>
  PutRequest.of({ key, value: Buffer.from("v"), ...fields });
const txn = (...success: Partial<RequestOp>[]): TxnRequest =>
  TxnRequest.of({ success: success.map((each) => RequestOp.of(each)) });

suite("createEtcdServer() with users", () => {
  test("answers nobody but to log in, and to say whether it is healthy and has users", async () => {
    await using started = await start(new MvccModel());
    await setUp(started);
    const open = new Set([
      authService.authenticate.path,
      authService.status.path,
      healthService.check.path,
      healthService.watch.path,
    ]);
    const services = [
      authService,
      clusterService,
      electionService,
      healthService,
      kvService,
      leaseService,
      lockService,
      maintenanceService,
    ];
    const methods = services.flatMap((service) => Object.values<Method<unknown, unknown>>(service));
    for (const method of methods) {
      if (open.has(method.path)) continue;
      const call = started.grpc.open(method, { timeoutMs: 5000 });
      // Every field of every request is there in one message or other; what is missing is blank.
      await call.send((method.request as unknown as { of(): unknown }).of());
      call.end();
      await assert.rejects(
        async () => {
          for await (const _ of call.responses) assert.fail(method.path);
        },
        (error) => error instanceof GrpcError && error.message === "etcdserver: user name is empty",
        method.path,
      );
    }
    assert.equal((await started.grpc.unary(authService.status, {})).enabled, true);
    assert.equal((await started.grpc.unary(healthService.check, { service: "" })).status, 1);
  });

  test("lets a user use what its roles say, within transactions in transactions too", async () => {
    await using started = await start(new MvccModel());
    await setUp(started);
    const ann = await started.login("ann");
    await ann(kvService.put, put("k1", { prevKv: true }));
    await ann(kvService.range, RangeRequest.of({ key: "r", rangeEnd: "s" }));
    await assert.rejects(ann(kvService.put, put("r1")), denied);
    await assert.rejects(ann(kvService.range, RangeRequest.of({ key: "k", rangeEnd: "m" })), denied);
    await ann(kvService.txn, txn({ txn: txn({ put: put("k2") }) }));
    for (const forbidden of [{ put: put("r1") }, { range: RangeRequest.of({ key: "a" }) }]) {
      await assert.rejects(ann(kvService.txn, txn({ txn: txn(forbidden) })), denied);
      await assert.rejects(ann(kvService.txn, { ...txn(), failure: txn(forbidden).success }), denied);
    }
    await assert.rejects(ann(maintenanceService.hash, {}), denied);
    await assert.rejects(ann(maintenanceService.alarm, AlarmRequest.of({ action: 1, alarm: 1 })), denied);
    await ann(maintenanceService.alarm, AlarmRequest.of());
    const root = await started.login("root");
    assert.equal((await root(kvService.range, RangeRequest.of({ key: "k2" }))).count, 1);
    await root(authService.roleRevokePermission, { role: "ann", key: "k", rangeEnd: "l" });
    await assert.rejects(ann(kvService.put, put("k1")), denied);
  });

  test("keeps a user's hands from leases whose keys it may not write", async () => {
    await using started = await start(new MvccModel());
    await setUp(started);
    const [root, ann] = [await started.login("root"), await started.login("ann")];
    for (const id of [5n, 6n]) await ann(leaseService.grant, LeaseGrantRequest.of({ id, ttl: 60 }));
    await root(kvService.put, put("secret", { lease: 5n }));
    await ann(kvService.put, put("k6", { lease: 6n }));
    await assert.rejects(ann(kvService.put, put("k5", { lease: 5n })), denied);
    await assert.rejects(ann(kvService.txn, txn({ put: put("k5", { lease: 5n }) })), denied);
    await assert.rejects(ann(leaseService.revoke, { id: 5n }), denied);
    await assert.rejects(ann(leaseService.timeToLive, { id: 5n, keys: true }), denied);
    assert.deepEqual((await ann(leaseService.timeToLive, { id: 5n, keys: false })).keys, []);
    await assert.rejects(ann(leaseService.leases, {}), denied);
    assert.deepEqual((await ann(leaseService.timeToLive, { id: 6n, keys: true })).keys, ["k6"]);
    await ann(leaseService.revoke, { id: 6n });
    assert.equal((await root(leaseService.leases, {})).leases.length, 1);
    // A lock's key has the lease in it, which a server that chooses the lease learns last.
    const permission = { type: PermissionType.write, key: "lock/0", rangeEnd: "" };
    await root(authService.roleGrantPermission, { name: "ann", permission });
    await root(authService.roleGrantPermission, {
      name: "ann",
      permission: { type: PermissionType.read, key: "lock/", rangeEnd: "lock0" },
    });
    const forbidden = refused(Status.unknown, "etcdserver: permission denied");
    await assert.rejects(ann(lockService.lock, { name: "lock", lease: 0n }), forbidden);
  });

  test("keeps users on disk, beside the keys and out of their sight, and logins in memory only", async () => {
    const directory = await mkdtemp(join(tmpdir(), "plinth-auth-"));
    try {
      {
        await using started = await start(await openMvcc(directory));
        await setUp(started);
        const ann = await started.login("ann");
        await ann(kvService.put, put("k"));
        assert.equal((await started.grpc.unary(authService.status, {})).authRevision, 9n);
      }
      const store = await openMvcc(directory);
      assert.equal(Buffer.from(store.note).includes(PASSWORD), false);
      await using started = await start(store);
      assert.equal((await started.grpc.unary(authService.status, {})).authRevision, 9n);
      await assert.rejects(started.grpc.unary(kvService.range, RangeRequest.of({ key: "k" })), unnamed);
      const root = await started.login("root");
      const all = await root(kvService.range, RangeRequest.of({ key: "\0", rangeEnd: "\0" }));
      assert.deepEqual(
        all.kvs.map(({ key }) => key),
        ["k"],
      );
      assert.equal(all.header?.revision, 2);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("is not opened by users and roles that it cannot read", async () => {
    await using store = new MvccModel();
    for (const note of ["no JSON", `{"format":"plinth-auth/9"}`]) {
      await store.setNote(Buffer.from(note));
      await assert.rejects(startTestServer(store), { code: "corrupt" });
    }
  });

  test("tells nothing of a password, wrong or right, and gives none to a user made without", async () => {
    await using started = await start(new MvccModel());
    await setUp(started);
    const wrong = refused(
      Status.invalidArgument,
      "etcdserver: authentication failed, invalid user ID or password",
    );
    await assert.rejects(started.login("ann", "wrong"), wrong);
    await assert.rejects(started.login("nobody"), wrong);
    const root = await started.login("root");
    await root(authService.userAdd, UserAddRequest.of({ name: "certified", options: { noPassword: true } }));
    await root(authService.userChangePassword, { name: "certified", password: PASSWORD, hashedPassword: "" });
    await assert.rejects(started.login("certified"), GrpcError);
    await assert.rejects(started.login("certified", ""), GrpcError);
  });

  test("takes a login's password as it is when the answer is given, not as it was when asked", async () => {
    await using started = await start(new MvccModel());
    await setUp(started);
    const root = await started.login("root");
    const changed = root(authService.userChangePassword, {
      name: "ann",
      password: "new",
      hashedPassword: "",
    });
    const logins = Array.from({ length: 3 }, () =>
      started.login("ann").then(
        (ann) => ann,
        () => undefined,
      ),
    );
    await changed;
    for (const login of logins) {
      const ann = await login;
      if (ann === undefined) continue;
      await assert.rejects(
        ann(kvService.put, put("k")),
        refused(Status.unauthenticated, "etcdserver: invalid auth token"),
      );
    }
    await (
      await started.login("ann", "new")
    )(kvService.put, put("k"));
  });

  test("refuses a permission that is none, or for no range", async () => {
    await using started = await start(new MvccModel());
    await started.grpc.unary(authService.roleAdd, { role: "r" });
    const grant = (
      permission: { type: number; key: string; rangeEnd: string } | undefined,
    ): Promise<unknown> => started.grpc.unary(authService.roleGrantPermission, { name: "r", permission });
    const invalid = refused(Status.invalidArgument, "etcdserver: invalid auth management");
    await assert.rejects(grant({ type: 0, key: "", rangeEnd: "" }), invalid);
    await assert.rejects(grant({ type: 0, key: "b", rangeEnd: "a" }), invalid);
    await assert.rejects(grant({ type: 3, key: "b", rangeEnd: "" }), invalid);
    await assert.rejects(
      grant(undefined),
      refused(Status.invalidArgument, "etcdserver: permission not given"),
    );
    await grant({ type: 0, key: "b", rangeEnd: "c" });
    await grant({ type: 2, key: "b", rangeEnd: "" });
    await grant({ type: 1, key: "b", rangeEnd: "c" });
    const { permissions } = await started.grpc.unary(authService.roleGet, { role: "r" });
    assert.deepEqual(
      permissions.map((each) => ({ ...each })),
      [
        { type: 2, key: "b", rangeEnd: "" },
        { type: 1, key: "b", rangeEnd: "c" },
      ],
    );
  });
});
