import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "@plinth/fault";
import * as fc from "fast-check";
import { ModelStore } from "./model.ts";
import type { Compare, Entry, Operation, Store, WatchEvent } from "./store.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
/** Buffers and plain byte arrays compare equal. */
const plain = (entry: Entry | undefined): unknown =>
  entry && { ...entry, value: Buffer.from(entry.value).toString("base64") };
const plainEvent = ({ type, entry, previous }: WatchEvent): unknown => ({
  type,
  entry: plain(entry),
  previous: plain(previous),
});

interface Subject {
  readonly directory: string;
  store: Store;
}

/** Few keys, so that they meet; some in each other's prefix, one where UTF-16 and UTF-8 order differ. */
const someKey = fc.constantFrom("a", "a/", "a/b", "a/c", "b", "a\u{1F600}", "a\uFFFD");
const somePrefix = fc.constantFrom("", "a", "a/", "b", "none");
const someValue = fc.uint8Array({ maxLength: 40 });
const someOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: someKey, value: someValue }) },
  { weight: 2, arbitrary: fc.record({ delete: someKey }) },
  { weight: 1, arbitrary: fc.record({ deletePrefix: somePrefix }) },
);
const touched = (operation: Operation): string =>
  "put" in operation ? operation.put : "delete" in operation ? operation.delete : operation.deletePrefix;
/** No key twice, which is refused. */
const someOperations = fc.array(someOperation, { maxLength: 4 }).map((operations) => {
  const kept: Operation[] = [];
  for (const operation of operations) {
    const meets = (other: Operation): boolean => {
      const [left, right] = [touched(operation), touched(other)];
      return (
        left === right ||
        ("deletePrefix" in operation && right.startsWith(left)) ||
        ("deletePrefix" in other && left.startsWith(right))
      );
    };
    if (!kept.some(meets)) kept.push(operation);
  }
  return kept;
});
const someCompare: fc.Arbitrary<Compare> = fc.record({
  key: someKey,
  target: fc.constantFrom("version", "createRevision", "modRevision"),
  operator: fc.constantFrom("=", ">", "<", "!="),
  value: fc.nat(6),
});

type Command = fc.AsyncCommand<ModelStore, Subject>;

/** Transactions sent together may share a commit, but are carried out one after the other. */
class TransactTogether implements Command {
  readonly transactions: readonly (readonly [Compare[], Operation[], Operation[]])[];

  constructor(transactions: readonly (readonly [Compare[], Operation[], Operation[]])[]) {
    this.transactions = transactions;
  }

  check = (): boolean => true;

  async run(model: ModelStore, { store }: Subject): Promise<void> {
    const results = await Promise.all(this.transactions.map((parts) => store.transact(...parts)));
    const expected = this.transactions.map((parts) => model.transact(...parts));
    assert.deepEqual(results, expected);
    assert.equal(store.revision, model.revision);
  }

  toString = (): string => `transact(${fc.stringify(this.transactions)})`;
}

class ReadAt implements Command {
  readonly prefix: string;
  readonly age: number;

  constructor(prefix: string, age: number) {
    this.prefix = prefix;
    this.age = age;
  }

  check = (): boolean => true;

  async run(model: ModelStore, { store }: Subject): Promise<void> {
    const revision = Math.max(1, model.revision - this.age);
    if (revision < model.compactedRevision) {
      assert.throws(() => store.range(this.prefix, { revision }), faultOf("gone"));
      return;
    }
    const expected = model.range(this.prefix, revision);
    assert.deepEqual(store.range(this.prefix, { revision }).map(plain), expected.map(plain));
    for (const { key } of expected) {
      assert.deepEqual(plain(store.get(key, { revision })), plain(model.get(key, revision)));
    }
    const after = expected[0]?.key;
    if (after === undefined) return;
    const page = store.range(this.prefix, { revision, after, limit: 2 });
    assert.deepEqual(page.map(plain), expected.slice(1, 3).map(plain));
  }

  toString = (): string => `range(${this.prefix}, ${this.age} ago)`;
}

class WatchFrom implements Command {
  readonly prefix: string;
  readonly age: number;

  constructor(prefix: string, age: number) {
    this.prefix = prefix;
    this.age = age;
  }

  check = (): boolean => true;

  async run(model: ModelStore, { store }: Subject): Promise<void> {
    const fromRevision = Math.max(1, model.revision - this.age);
    const expected = model.events
      .slice(fromRevision)
      .flat()
      .filter((event) => event.entry.key.startsWith(this.prefix));
    const controller = new AbortController();
    const watch = store.watch(this.prefix, { fromRevision, signal: controller.signal });
    const seen: WatchEvent[] = [];
    if (fromRevision <= model.compactedRevision) {
      await assert.rejects(watch[Symbol.asyncIterator]().next(), faultOf("gone"));
      return;
    }
    if (expected.length > 0) {
      for await (const batch of watch) {
        seen.push(...batch);
        if (seen.length >= expected.length) break;
      }
      assert.equal(watch.progress, model.revision);
    }
    controller.abort();
    assert.deepEqual(seen.map(plainEvent), expected.map(plainEvent));
  }

  toString = (): string => `watch(${this.prefix}, from ${this.age} ago)`;
}

class Compact implements Command {
  readonly age: number;

  constructor(age: number) {
    this.age = age;
  }

  check = (): boolean => true;

  async run(model: ModelStore, { store }: Subject): Promise<void> {
    const revision = Math.max(1, model.revision - this.age);
    await store.compact(revision);
    model.compactedRevision = Math.max(model.compactedRevision, revision);
    assert.equal(store.compactedRevision, model.compactedRevision);
  }

  toString = (): string => `compact(${this.age} ago)`;
}

class Reopen implements Command {
  readonly open: (directory: string) => Promise<Store>;

  constructor(open: (directory: string) => Promise<Store>) {
    this.open = open;
  }

  check = (): boolean => true;

  async run(model: ModelStore, subject: Subject): Promise<void> {
    await subject.store[Symbol.asyncDispose]();
    subject.store = await this.open(subject.directory);
    assert.equal(subject.store.revision, model.revision);
    assert.equal(subject.store.compactedRevision, model.compactedRevision);
  }

  toString = (): string => "reopen";
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-store-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Registers the tests of the contract in store.ts; `runs` is how many random histories are compared with the model. */
export function storeConformance(
  name: string,
  open: (directory: string) => Promise<Store>,
  options: { readonly runs?: number } = {},
): void {
  const withStore = (run: (store: Store) => Promise<void>): Promise<void> =>
    inDirectory(async (directory) => {
      await using store = await open(directory);
      await run(store);
    });

  test(`${name}: any history reads, watches and reopens as the model does`, async () => {
    const age = fc.nat(12);
    const transaction = fc.tuple(fc.array(someCompare, { maxLength: 2 }), someOperations, someOperations);
    const commands = fc.commands(
      [
        fc
          .array(transaction, { minLength: 1, maxLength: 4 })
          .map((transactions) => new TransactTogether(transactions)),
        fc.tuple(somePrefix, age).map(([prefix, ago]) => new ReadAt(prefix, ago)),
        fc.tuple(somePrefix, age).map(([prefix, ago]) => new WatchFrom(prefix, ago)),
        age.map((ago) => new Compact(ago)),
        fc.constant(new Reopen(open)),
      ],
      { size: "medium" },
    );
    await fc.assert(
      fc.asyncProperty(commands, (history) =>
        inDirectory(async (directory) => {
          const subject: Subject = { directory, store: await open(directory) };
          try {
            await fc.asyncModelRun(() => ({ model: new ModelStore(), real: subject }), history);
          } finally {
            await subject.store[Symbol.asyncDispose]();
          }
        }),
      ),
      { numRuns: options.runs ?? 40 },
    );
  });

  test(`${name}: a watcher sees each event once, in order, whatever is committed meanwhile`, () =>
    withStore(async (store) => {
      const controller = new AbortController();
      const seen: number[] = [];
      const total = 300;
      const reading = (async () => {
        for await (const batch of store.watch("n/", { signal: controller.signal })) {
          for (const { entry } of batch) seen.push(Number(Buffer.from(entry.value).toString()));
          if (seen.length === total) return;
        }
      })();
      await Promise.all(
        Array.from({ length: total }, (_, index) =>
          store.transact([], [{ put: `n/${index % 7}`, value: bytes(String(index)) }]),
        ),
      );
      await reading;
      assert.deepEqual(
        seen,
        Array.from({ length: total }, (_, index) => index),
      );
    }));

  test(`${name}: of many compare-and-swaps from one state, exactly one succeeds`, () =>
    withStore(async (store) => {
      const attempts = Array.from({ length: 50 }, (_, index) =>
        store.transact(
          [{ key: "leader", target: "version", operator: "=", value: 0 }],
          [{ put: "leader", value: bytes(String(index)) }],
        ),
      );
      const results = await Promise.all(attempts);
      assert.equal(results.filter((result) => result.succeeded).length, 1);
    }));

  test(`${name}: a watch ends with the signal's reason and with its loop`, () =>
    withStore(async (store) => {
      const controller = new AbortController();
      const waiting = store.watch("", { signal: controller.signal })[Symbol.asyncIterator]().next();
      const reason = new Error("enough");
      controller.abort(reason);
      await assert.rejects(waiting, reason);
    }));

  test(`${name}: an idle watcher of other keys is not overtaken by compaction, a late one is told`, () =>
    withStore(async (store) => {
      const { signal } = new AbortController();
      const idle = store.watch("quiet/", { signal });
      const late = store.watch("busy/", { signal });
      for (let index = 0; index < 5; index++) {
        await store.transact([], [{ put: "busy/key", value: bytes(String(index)) }]);
      }
      await store.compact(store.revision);
      await store.transact([], [{ put: "quiet/key", value: bytes("1") }]);
      const { value } = await idle[Symbol.asyncIterator]().next();
      assert.equal(value[0].entry.key, "quiet/key");
      await assert.rejects(late[Symbol.asyncIterator]().next(), faultOf("gone"));
    }));

  test(`${name}: keys and transactions it cannot keep are refused`, () =>
    withStore(async (store) => {
      const value = bytes("x");
      await assert.rejects(store.transact([], [{ put: "", value }]), faultOf("invalid"));
      await assert.rejects(store.transact([], [{ put: "\ud800", value }]), faultOf("invalid"));
      await assert.rejects(store.transact([], [{ put: "k".repeat(5000), value }]), faultOf("invalid"));
      await assert.rejects(store.transact([], [{ put: "k", value }, { delete: "k" }]), faultOf("invalid"));
      const large = new Uint8Array(2 * 2 ** 20);
      await assert.rejects(store.transact([], [{ put: "k", value: large }]), faultOf("too-large"));
      assert.throws(() => store.get("k", { revision: store.revision + 1 }), faultOf("invalid"));
      assert.equal(store.get("k"), undefined);
    }));
}
