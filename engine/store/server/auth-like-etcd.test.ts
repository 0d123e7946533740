import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  authService,
  DeleteRangeRequest,
  kvService,
  LeaseGrantRequest,
  leaseService,
  lockService,
  type Permission,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  UserAddRequest,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
  WireCompare,
} from "@plinth/etcd";
import type { GrpcClient, Metadata, Method } from "@plinth/grpc";
import { openMvcc } from "../mvcc-store.ts";
import { ask, type Both, plain, startBoth } from "./beside-etcd.ts";

/** Users, roles and requests of users, put to Debian's etcd and to ours. */

const REQUESTS = 600;
const PASSWORD = "a password";

/** Who asks: nobody, somebody with a token, or with something that is none. */
type Asker = "nobody" | "root" | "ann" | "bob" | "wrong token";

/** One question as both are asked it. */
interface Question {
  readonly asker: Asker;
  readonly method: Method<unknown, unknown>;
  readonly request: unknown;
}

const question = <Request>(
  askers: readonly Asker[],
  method: Method<Request, unknown>,
  request: fc.Arbitrary<Request>,
): fc.Arbitrary<Question> =>
  fc.record({
    asker: fc.constantFrom(...askers),
    method: fc.constant(method as unknown as Method<unknown, unknown>),
    request,
  });

const everybody: readonly Asker[] = ["nobody", "root", "ann", "bob", "ann", "bob", "wrong token"];
const managers: readonly Asker[] = ["root", "root", "root", "root", "root", "ann", "nobody"];

const someKey = fc.constantFrom("a", "b", "ba", "c", "d\xff");
const rangeOf = fc
  .tuple(someKey, fc.constantFrom("", "", "", "\0", "b", "c", "d", "e"))
  .map(([first, end]) => ({
    key: first,
    // etcd takes a range that ends before it begins for one of any keys.
    rangeEnd: end === "" || end === "\0" || end > first ? end : "",
  }));
const someName = fc.constantFrom("ann", "bob", "bob", "nobody", "root");
const role = fc.constantFrom("reader", "writer", "writer", "none");
/** One range for each key: of several, etcd finds only the first again, and keeps what was to be replaced. */
const permittedRange = fc.constantFrom(
  { key: "a", rangeEnd: "" },
  { key: "b", rangeEnd: "c" },
  { key: "ba", rangeEnd: "" },
  { key: "c", rangeEnd: "d" },
  { key: "d\xff", rangeEnd: "\0" },
);
const permission: fc.Arbitrary<Permission> = fc
  .record({ type: fc.nat(2), range: permittedRange })
  .map(({ type, range: permitted }) => ({ type, ...permitted }));
const lease = fc.constantFrom(0n, 0n, 0n, 51n, 52n);
const put = fc.record({ key: someKey, lease, prevKv: fc.boolean() }).map((fields) => PutRequest.of(fields));
const range = rangeOf.map((fields) => RangeRequest.of(fields));
const deleteRange = fc
  .record({ range: rangeOf, prevKv: fc.boolean() })
  .map((fields) => DeleteRangeRequest.of({ ...fields.range, prevKv: fields.prevKv }));
const operation = fc.oneof(
  range.map((each) => RequestOp.of({ range: each })),
  // What Debian's 3.4 does not look at in a transaction: leases, and the value before.
  someKey.map((each) => RequestOp.of({ put: PutRequest.of({ key: each }) })),
);
const txn = fc
  .record({
    compare: fc.array(
      rangeOf.map((each) => WireCompare.of({ ...each, version: 0 })),
      { minLength: 1, maxLength: 2 },
    ),
    success: fc.uniqueArray(operation, { maxLength: 2, selector: ({ put: each }) => each?.key ?? NaN }),
    failure: fc.uniqueArray(operation, { maxLength: 2, selector: ({ put: each }) => each?.key ?? NaN }),
  })
  .map((fields) => TxnRequest.of(fields));
const nothing = fc.constant({});

const management: fc.Arbitrary<Question> = fc.oneof(
  question(
    managers,
    authService.userAdd,
    someName.map((each) => UserAddRequest.of({ name: each, options: { noPassword: true } })),
  ),
  question(managers, authService.userAdd, fc.constant(UserAddRequest.of({ options: { noPassword: true } }))),
  question(managers, authService.userGet, fc.record({ name: someName })),
  question(["ann", "bob"], authService.userGet, fc.record({ name: someName })),
  question(managers, authService.userList, nothing),
  question(
    managers,
    authService.userDelete,
    fc.record({ name: fc.constantFrom("root", "nobody", "absent") }),
  ),
  question(managers, authService.userGrantRole, fc.record({ name: someName, role })),
  question(managers, authService.userGrantRole, fc.record({ name: someName, role })),
  question(managers, authService.userRevokeRole, fc.record({ name: someName, role })),
  question(["root"], authService.userRevokeRole, fc.constant({ name: "root", role: "root" })),
  question(managers, authService.roleAdd, fc.record({ role })),
  question(managers, authService.roleAdd, fc.constant({ role: "" })),
  question(managers, authService.roleGet, fc.record({ role })),
  question(["ann", "bob"], authService.roleGet, fc.record({ role })),
  question(managers, authService.roleList, nothing),
  question(
    managers,
    authService.roleDelete,
    fc.record({ role: fc.constantFrom("root", "none", "none", "reader") }),
  ),
  question(managers, authService.roleGrantPermission, fc.record({ name: role, permission })),
  question(managers, authService.roleGrantPermission, fc.record({ name: role, permission })),
  question(managers, authService.roleGrantPermission, fc.record({ name: role, permission })),
  question(
    managers,
    authService.roleRevokePermission,
    fc.tuple(role, permittedRange).map(([each, one]) => ({ role: each, ...one })),
  ),
);
const use: fc.Arbitrary<Question> = fc.oneof(
  question(everybody, kvService.range, range),
  question(everybody, kvService.put, put),
  question(everybody, kvService.deleteRange, deleteRange),
  question(everybody, kvService.txn, txn),
  question(
    ["root", "ann", "bob"],
    leaseService.grant,
    fc.constantFrom(51n, 52n).map((id) => LeaseGrantRequest.of({ id, ttl: 5000 })),
  ),
  question(["root", "ann", "bob"], leaseService.revoke, fc.constantFrom({ id: 51n }, { id: 52n })),
);
const questions = fc.oneof({ weight: 1, arbitrary: management }, { weight: 2, arbitrary: use });

type Tokens = ReadonlyMap<Asker, Metadata>;

/** What each user's calls carry. */
async function tokensOf<User extends string>(
  client: GrpcClient,
  ...users: User[]
): Promise<Record<User, Metadata>> {
  const tokens: [User, Metadata][] = [];
  for (const name of users) {
    const { token } = await client.unary(authService.authenticate, { name, password: PASSWORD });
    tokens.push([name, [["token", token]]]);
  }
  return Object.fromEntries(tokens) as Record<User, Metadata>;
}

async function login(client: GrpcClient): Promise<Tokens> {
  const users = await tokensOf(client, "root", "ann", "bob");
  return new Map<Asker, Metadata>([
    ["nobody", []],
    ["wrong token", [["token", "not.1"]]],
    ...(Object.entries(users) as [Asker, Metadata][]),
  ]);
}

async function startWithUsers(): Promise<
  (Both & { readonly tokens: { ours: Tokens; theirs: Tokens } }) | undefined
> {
  await using setup = new AsyncDisposableStack();
  const both = await startBoth((directory) => openMvcc(directory));
  if (both === undefined) return undefined;
  setup.use(both);
  for (const client of [both.ours, both.theirs]) {
    for (const each of ["root", "ann", "bob"]) {
      await client.unary(authService.userAdd, UserAddRequest.of({ name: each, password: PASSWORD }));
    }
    for (const each of ["root", "reader", "writer"]) await client.unary(authService.roleAdd, { role: each });
    await client.unary(authService.userGrantRole, { name: "root", role: "root" });
    await client.unary(authService.enable, {});
  }
  const tokens = { ours: await login(both.ours), theirs: await login(both.theirs) };
  const lifetime = setup.move();
  return { ...both, tokens, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

test("users' random requests are answered as etcd answers them", async (t) => {
  await using both = await startWithUsers();
  if (both === undefined) return t.skip("etcd is not installed");
  const { ours, theirs, tokens } = both;
  const seed = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));
  t.diagnostic(`seed ${seed}`);
  const refusals = new Set<string>();
  for (const { asker, method, request } of fc.sample(questions, { seed, numRuns: REQUESTS })) {
    const expected = await ask(theirs, method, request, tokens.theirs.get(asker));
    const actual = await ask(ours, method, request, tokens.ours.get(asker));
    const asked = `seed ${seed}: ${asker} asks ${method.path} ${JSON.stringify(plain(request))}`;
    assert.deepEqual(actual, expected, asked);
    refusals.add((expected as { message?: string }).message ?? "");
  }
  // Else the requests would be about nothing.
  assert.ok(refusals.has("") && refusals.has("etcdserver: permission denied"));
});

test("watches, locks, logins and the way in and out are answered as etcd answers them", async (t) => {
  await using both = await startBoth((directory) => openMvcc(directory));
  if (both === undefined) return t.skip("etcd is not installed");
  const answers: unknown[][] = [];
  for (const client of [both.ours, both.theirs]) {
    const said: unknown[] = [];
    const note = async <Request, Response>(
      method: Method<Request, Response>,
      request: Request,
      token?: Metadata,
    ): Promise<void> => {
      const { token: _, ...answer } = (await ask(client, method, request, token)) as { token?: string };
      said.push(answer);
    };
    const watch = async (key: string, rangeEnd: string, token?: Metadata): Promise<void> => {
      const call = client.open(watchService.watch, { timeoutMs: 10_000, metadata: token ?? [] });
      await call.send(WatchRequest.of({ create: WatchCreateRequest.of({ key, rangeEnd }) }));
      const { canceled, created, cancelReason } = (await call.responses[Symbol.asyncIterator]().next())
        .value as WatchResponse;
      said.push([canceled, created, cancelReason]);
      call.cancel();
    };
    await note(authService.authenticate, { name: "root", password: PASSWORD });
    await note(authService.enable, {});
    for (const each of ["root", "ann"]) {
      await note(authService.userAdd, UserAddRequest.of({ name: each, password: PASSWORD }));
    }
    await note(authService.userAdd, UserAddRequest.of({ name: "certified", options: { noPassword: true } }));
    await note(authService.enable, {});
    await note(authService.userGrantRole, { name: "root", role: "root" });
    for (const each of ["root", "some"]) await note(authService.roleAdd, { role: each });
    await note(authService.userGrantRole, { name: "ann", role: "some" });
    for (const [key, rangeEnd] of [
      ["k", "l"],
      ["lock/", "lock0"],
    ] as const) {
      await note(authService.roleGrantPermission, { name: "some", permission: { type: 2, key, rangeEnd } });
    }
    await note(authService.roleRevokePermission, { role: "some", key: "k", rangeEnd: "m" });
    await note(authService.enable, {});
    await note(authService.enable, {}, (await tokensOf(client, "ann")).ann);
    for (const each of ["root", "ann", "certified", "nobody"]) {
      await note(authService.authenticate, { name: each, password: "wrong" });
    }
    const { root, ann } = await tokensOf(client, "root", "ann");
    await watch("k1", "k2", ann);
    await watch("k", "l\0", ann);
    await watch("a", "", root);
    await watch("a", "");
    await note(leaseService.grant, LeaseGrantRequest.of({ id: 51n, ttl: 5000 }), ann);
    await note(lockService.lock, { name: "lock", lease: 51n }, ann);
    await note(lockService.lock, { name: "other", lease: 51n }, ann);
    await note(lockService.unlock, { key: "other/33" }, ann);
    await note(lockService.unlock, { key: "lock/33" }, ann);
    await note(authService.userChangePassword, { name: "nobody", password: "new", hashedPassword: "" }, root);
    await note(authService.userChangePassword, { name: "ann", password: "new", hashedPassword: "" }, root);
    await note(kvService.range, RangeRequest.of({ key: "k" }), ann);
    await note(authService.authenticate, { name: "ann", password: PASSWORD });
    await note(authService.authenticate, { name: "ann", password: "new" });
    await note(authService.userDelete, { name: "root" }, root);
    await note(authService.roleDelete, { role: "root" }, root);
    await note(authService.disable, {}, ann);
    await note(authService.disable, {}, root);
    await note(authService.disable, {});
    await note(kvService.range, RangeRequest.of({ key: "k" }));
    await note(authService.roleDelete, { role: "some" });
    await note(authService.userGet, { name: "ann" });
    await note(authService.userDelete, { name: "root" });
    await note(authService.userList, {});
    answers.push(said);
  }
  const [ours, theirs] = answers;
  assert.deepEqual(ours, theirs);
});
