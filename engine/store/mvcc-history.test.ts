/** The engine against the model, through random histories. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import * as fc from "fast-check";
import {
  type Compare,
  type Event,
  type KeyRange,
  type Mvcc,
  type Operation,
  type Put,
  type RangeQuery,
  StoreError,
  type Transaction,
} from "./mvcc.ts";
import { openMvcc } from "./mvcc-store.ts";
import { restoreMvcc } from "./snapshot.ts";
import { MvccModel } from "./testing.ts";

/** Histories compared; the soak run asks for more. */
const RUNS = Number(process.env["PLINTH_RUNS"] ?? 25);

interface Subject {
  readonly clock: VirtualClock;
  readonly log: boolean;
  directory: string;
  store: Mvcc;
}

type Command = fc.AsyncCommand<MvccModel, Subject>;

/** Few keys, so that they meet. */
const someKey = fc.constantFrom("a", "a\0", "ab", "b", "\u00ff", "c");
const someEnd = fc.constantFrom(undefined, "", "a", "ac", "b", "\u00ff");
const someRange: fc.Arbitrary<KeyRange> = fc
  .tuple(fc.constantFrom("\0", "a", "ab", "b"), someEnd)
  .map(([key, end]) => (end === undefined ? { key } : { key, end }));
const someValue = fc.uint8Array({ maxLength: 3 });
const someLease = fc.constantFrom(0n, 0n, 0n, 1n, 2n);
const some = fc.constantFrom(false, false, true);
const someTarget = fc.constantFrom("version", "create", "mod");
const somePut: fc.Arbitrary<Put> = fc
  .record({
    key: someKey,
    value: someValue,
    lease: someLease,
    previous: some,
    ignoreValue: some,
    ignoreLease: some,
  })
  .map((put) => ({
    ...put,
    value: put.ignoreValue ? new Uint8Array(0) : put.value,
    lease: put.ignoreLease ? 0n : put.lease,
  }));
const someQuery: fc.Arbitrary<RangeQuery> = fc
  .tuple(
    someRange,
    fc.record(
      {
        revision: fc.nat(12),
        limit: fc.nat(3),
        sort: fc.record({
          target: fc.constantFrom("key", "version", "create", "mod", "value"),
          descending: fc.boolean(),
        }),
        keysOnly: fc.boolean(),
        countOnly: some,
        minModRevision: fc.nat(8),
        maxModRevision: fc.nat(12),
        minCreateRevision: fc.nat(8),
        maxCreateRevision: fc.nat(12),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([range, options]) => ({ ...options, ...range }));
const operator = fc.constantFrom("=", "!=", "<", ">");
const someCompare: fc.Arbitrary<Compare> = fc
  .tuple(
    someRange,
    fc.oneof(
      fc.record({ operator, target: someTarget, operand: fc.nat(6) }),
      fc.record({ operator, target: fc.constant("lease"), operand: someLease }),
      fc.record({ operator, target: fc.constant("value"), operand: someValue }),
    ),
  )
  .map(([range, condition]) => ({ ...range, ...condition }));
const { transaction: someTransaction } = fc.letrec<{ transaction: Transaction; operation: Operation }>(
  (tie) => ({
    operation: fc.oneof(
      { depthSize: "small", maxDepth: 2 },
      fc.record({ kind: fc.constant("put"), put: somePut }),
      fc
        .tuple(someRange, fc.boolean())
        .map(([range, previous]): Operation => ({ kind: "delete", delete: { ...range, previous } })),
      fc.record({ kind: fc.constant("range"), range: someQuery }),
      fc.record({ kind: fc.constant("transaction"), transaction: tie("transaction") }),
    ),
    transaction: fc.record({
      compares: fc.array(someCompare, { maxLength: 2 }),
      success: fc.array(tie("operation"), { maxLength: 3 }),
      failure: fc.array(tie("operation"), { maxLength: 3 }),
    }),
  }),
);

/** Buffers and plain byte arrays compare equal; refusals by their code. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof StoreError) return [value.code, value.compactedRevision];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

async function outcome(run: () => unknown): Promise<unknown> {
  try {
    return plain(await run());
  } catch (error) {
    if (error instanceof StoreError) return plain(error);
    throw error;
  }
}

/** Does the same to both, several things at once, and compares what comes of it. */
class Both implements Command {
  readonly name: string;
  readonly actions: readonly ((store: Mvcc) => unknown)[];

  constructor(name: string, actions: readonly ((store: Mvcc) => unknown)[]) {
    this.name = name;
    this.actions = actions;
  }

  check = (): boolean => true;

  async run(model: MvccModel, { store }: Subject): Promise<void> {
    const actual = await Promise.all(this.actions.map((action) => outcome(() => action(store))));
    const expected: unknown[] = [];
    for (const action of this.actions) expected.push(await outcome(() => action(model)));
    assert.deepEqual(actual, expected);
    assert.equal(store.revision, model.revision);
    assert.equal(store.compactedRevision, model.compactedRevision);
  }

  toString = (): string => this.name;
}

const doing = <Input>(name: string, input: Input, action: (store: Mvcc, input: Input) => unknown): Both =>
  new Both(`${name} ${fc.stringify(input)}`, [(store) => action(store, input)]);

/** What a watch from a revision hands out, up to now. */
async function eventsOf(
  store: Mvcc,
  range: KeyRange,
  fromRevision: number,
  previous: boolean,
): Promise<Event[]> {
  const controller = new AbortController();
  const watch = store.watch(range, { fromRevision, previous, signal: controller.signal });
  const iterator = watch[Symbol.asyncIterator]();
  const events: Event[] = [];
  for (;;) {
    const next = iterator.next();
    // One that has nothing more waits; it has taken a turn of the loop at most to find out.
    const idle = new Promise<undefined>((resolve) => setImmediate(() => setImmediate(resolve, undefined)));
    const batch = await Promise.race([next, idle]);
    if (batch === undefined) {
      controller.abort();
      await next.catch(() => {});
      return events;
    }
    events.push(...(batch.value as Event[]));
  }
}

class Reopen implements Command {
  check = (): boolean => true;

  async run(model: MvccModel, subject: Subject): Promise<void> {
    await subject.store[Symbol.asyncDispose]();
    model.restart();
    subject.store = await openMvcc(subject.directory, subject);
    assertSame(model, subject.store);
  }

  toString = (): string => "reopen";
}

class Restore implements Command {
  check = (): boolean => true;

  async run(model: MvccModel, subject: Subject): Promise<void> {
    const restored = `${subject.directory}+`;
    await restoreMvcc(restored, subject.store.snapshot());
    await subject.store[Symbol.asyncDispose]();
    model.restart();
    subject.directory = restored;
    subject.store = await openMvcc(restored, subject);
    assertSame(model, subject.store);
  }

  toString = (): string => "snapshot and restore";
}

class Advance implements Command {
  readonly seconds: number;

  constructor(seconds: number) {
    this.seconds = seconds;
  }

  check = (): boolean => true;

  async run(model: MvccModel, { store, clock }: Subject): Promise<void> {
    await clock.advance(this.seconds * 1000);
    // Behind every lease's end that is under way.
    await assert.rejects(store.revokeLease(404n));
    assertSame(model, store);
  }

  toString = (): string => `advance ${this.seconds} s`;
}

function assertSame(model: MvccModel, store: Mvcc): void {
  const all = { key: "\0", end: "" };
  assert.deepEqual(plain(store.range(all)), plain(model.range(all)));
  assert.equal(store.hash(0), model.hash(0));
  assert.deepEqual(store.leases(), model.leases());
  for (const id of model.leases()) assert.deepEqual(store.lease(id, true), model.lease(id, true));
  assert.equal(store.compactedRevision, model.compactedRevision);
}

/** What only reads does not wait for writes under way, so it is not compared among them. */
const canWrite = ({ success, failure }: Transaction): boolean =>
  [...success, ...failure].some((operation) =>
    operation.kind === "transaction" ? canWrite(operation.transaction) : operation.kind !== "range",
  );

const someCommand: fc.Arbitrary<Command>[] = [
  fc.array(someTransaction.filter(canWrite), { minLength: 1, maxLength: 4 }).map(
    (transactions) =>
      new Both(
        `transact ${fc.stringify(transactions)}`,
        transactions.map((transaction) => (store) => store.transact(transaction)),
      ),
  ),
  fc.array(somePut, { minLength: 1, maxLength: 4 }).map(
    (puts) =>
      new Both(
        `put ${fc.stringify(puts)}`,
        puts.map((put) => (store) => store.put(put)),
      ),
  ),
  someRange.map((range) => doing("delete", range, (store) => store.delete({ ...range, previous: true }))),
  someQuery.map((query) => doing("range", query, (store) => store.range(query))),
  fc.nat(12).map((revision) => doing("hash", revision, (store) => store.hash(revision))),
  fc
    .tuple(fc.nat(14), fc.boolean())
    .map((input) =>
      doing("compact", input, (store, [revision, physical]) => store.compact(revision, physical)),
    ),
  fc
    .tuple(fc.constantFrom(1n, 2n), fc.integer({ min: 1, max: 5 }))
    .map((input) => doing("grant", input, (store, [id, ttl]) => store.grantLease(id, ttl))),
  fc.constantFrom(1n, 2n).map((id) => doing("revoke", id, (store) => store.revokeLease(id))),
  fc.constantFrom(1n, 2n).map((id) => doing("keep alive", id, (store) => store.keepLeaseAlive(id))),
  fc
    .tuple(someRange, fc.integer({ min: 1, max: 12 }), fc.boolean())
    .map((input) =>
      doing("watch", input, (store, [range, from, previous]) => eventsOf(store, range, from, previous)),
    ),
  fc.integer({ min: 1, max: 4 }).map((seconds) => new Advance(seconds)),
  fc.constant(new Reopen()),
  fc.constant(new Restore()),
];

for (const log of [true, false]) {
  test(`openMvcc() ${log ? "with" : "without"} a log does as the model does, through any history`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(someCommand, { size: "medium" }), async (history) => {
        const parent = mkdtempSync(join(tmpdir(), "plinth-mvcc-"));
        const clock = new VirtualClock();
        const directory = join(parent, "store");
        const subject: Subject = { clock, log, directory, store: await openMvcc(directory, { clock, log }) };
        await using model = new MvccModel({ clock });
        try {
          await fc.asyncModelRun(() => ({ model, real: subject }), history);
        } finally {
          await subject.store[Symbol.asyncDispose]();
          rmSync(parent, { recursive: true, force: true });
        }
      }),
      { numRuns: RUNS },
    );
  });
}
