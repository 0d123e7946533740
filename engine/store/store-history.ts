/** Random histories of a Store beside those of the model. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Fault } from "@plinth/fault";
import { OPERATIONS_MAX } from "./limits.ts";
import { MvccModel } from "./mvcc-model.ts";
import type { Compare, Entry, Operation, Store, WatchEvent } from "./store.ts";
import { TextStore } from "./text-store.ts";

/** What a store under test does beyond the contract. */
export interface HistoryTraits {
  /** Opened again, it still tells the events that it told before. */
  readonly keepsHistory: boolean;
  /** Transactions sent together are carried out in the order in which they were sent. */
  readonly keepsOrder: boolean;
}

/** The store under test, and the revisions it had before the model's first. */
interface Subject {
  readonly open: () => Promise<Store>;
  readonly offset: number;
  store: Store;
}

type Transaction = readonly [Compare[], Operation[]];
type Command = fc.AsyncCommand<TextStore, Subject>;

/**
 * Few keys, so that they meet; some in each other's prefix, one where UTF-16 and UTF-8 order differ. All begin with a
 * slash, as the control plane's do: in an etcd cluster others do not.
 */
const someKey = fc.constantFrom("/a", "/a/", "/a/b", "/a/c", "/b", "/a\u{1F600}", "/a\uFFFD");
const somePrefix = fc.constantFrom("", "/", "/a", "/a/", "/b", "/none");
const someAge = fc.nat(12);
const someOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: someKey, value: fc.uint8Array({ maxLength: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ delete: someKey }) },
  { weight: 1, arbitrary: fc.record({ deletePrefix: somePrefix }) },
);
const someCompare: fc.Arbitrary<Compare> = fc.record({
  key: someKey,
  target: fc.constantFrom("version", "createRevision", "modRevision"),
  operator: fc.constantFrom("=", ">", "<", "!="),
  value: fc.nat(6),
});
const someTransaction: fc.Arbitrary<Transaction> = fc.tuple(
  fc.array(someCompare, { maxLength: 2 }),
  fc.array(someOperation, { minLength: 1, maxLength: 4 }),
);

/** In the subject's revisions; 0 stays "none". */
const later = ({ offset }: Subject, revision: number): number => (revision === 0 ? 0 : revision + offset);
const inSubject = (subject: Subject, compare: Compare): Compare =>
  compare.target === "version" ? compare : { ...compare, value: later(subject, compare.value) };
/** Buffers and plain byte arrays compare equal, and revisions are the subject's. */
const plainEntry = (entry: Entry | undefined, offset = 0): unknown =>
  entry && {
    ...entry,
    value: Buffer.from(entry.value).toString("base64"),
    createRevision: entry.createRevision + offset,
    modRevision: entry.modRevision + offset,
  };
const plainEvent = ({ type, entry, previous }: WatchEvent, offset = 0): unknown => ({
  type,
  entry: plainEntry(entry, offset),
  previous: plainEntry(previous, offset),
});

/** What came of a deed: its result, or the Fault's code. */
async function outcome(deed: Promise<unknown>): Promise<unknown> {
  try {
    return await deed;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.code;
  }
}

/** Events from a revision on, until those of `last` have been handed out. */
async function eventsUpTo(
  store: Store,
  prefix: string,
  fromRevision: number,
  last: number,
): Promise<WatchEvent[]> {
  const controller = new AbortController();
  const seen: WatchEvent[] = [];
  for await (const batch of store.watch(prefix, { fromRevision, signal: controller.signal })) {
    seen.push(...batch);
    if (seen.at(-1)!.entry.modRevision >= last) break;
  }
  controller.abort();
  return seen;
}

/** Transactions sent together may share a commit, but are carried out one after the other. */
function transactTogether(transactions: readonly Transaction[], keepsOrder: boolean): Command {
  return {
    check: () => true,
    run: async (model, subject) => {
      const sent: Promise<unknown>[] = [];
      for (const [compares, operations] of transactions) {
        const inTheirs = compares.map((compare) => inSubject(subject, compare));
        const result = outcome(subject.store.transact(inTheirs, operations));
        sent.push(result);
        if (!keepsOrder) await result;
      }
      const results = await Promise.all(sent);
      const expected = await Promise.all(
        transactions.map(async ([compares, operations]) => {
          const result = await outcome(model.transact(compares, operations));
          if (typeof result === "string") return result;
          const { succeeded, revision } = result as { succeeded: boolean; revision: number };
          return { succeeded, revision: later(subject, revision) };
        }),
      );
      assert.deepEqual(results, expected);
      assert.equal(subject.store.revision, later(subject, model.revision));
    },
    toString: () => `transact(${fc.stringify(transactions)})`,
  };
}

function read(prefix: string, limit: number): Command {
  return {
    check: () => true,
    run: async (model, { store, offset }) => {
      const expected = model.range(prefix);
      assert.deepEqual(
        store.range(prefix).map((entry) => plainEntry(entry)),
        expected.map((entry) => plainEntry(entry, offset)),
      );
      for (const { key } of expected) {
        assert.deepEqual(plainEntry(store.get(key)), plainEntry(model.get(key), offset));
      }
      assert.deepEqual(
        store.range(prefix, { limit }).map(({ key }) => key),
        model.range(prefix, { limit }).map(({ key }) => key),
      );
    },
    toString: () => `range(${prefix}, ${limit})`,
  };
}

function watch(prefix: string, age: number): Command {
  return {
    check: () => true,
    run: async (model, subject) => {
      const { store, offset } = subject;
      const from = Math.max(1, model.revision - age);
      // Both watches have an event to end with.
      const last: Operation = { put: `${prefix || "/"}end`, value: Buffer.of(1) };
      const { revision } = await model.transact([], [last]);
      await store.transact([], [last]);
      const expected = await outcome(eventsUpTo(model, prefix, from, revision));
      const seen = await outcome(eventsUpTo(store, prefix, from + offset, revision + offset));
      if (typeof expected === "string") {
        assert.equal(seen, expected);
      } else {
        assert.deepEqual(
          (seen as WatchEvent[]).map((event) => plainEvent(event)),
          (expected as WatchEvent[]).map((event) => plainEvent(event, offset)),
        );
      }
    },
    toString: () => `watch(${prefix}, from ${age} ago)`,
  };
}

function compact(age: number): Command {
  return {
    check: () => true,
    run: async (model, subject) => {
      const revision = Math.max(1, model.revision - age);
      await subject.store.compact(later(subject, revision));
      await model.compact(revision);
      assert.equal(subject.store.compactedRevision, later(subject, model.compactedRevision));
    },
    toString: () => `compact(${age} ago)`,
  };
}

function reopen(keepsHistory: boolean): Command {
  return {
    check: () => true,
    run: async (model, subject) => {
      await subject.store[Symbol.asyncDispose]();
      subject.store = await subject.open();
      assert.equal(subject.store.revision, later(subject, model.revision));
      if (!keepsHistory) await model.compact(subject.store.compactedRevision - subject.offset);
      assert.equal(subject.store.compactedRevision, later(subject, model.compactedRevision));
    },
    toString: () => "reopen",
  };
}

/** Runs one history. A store that does not keep its history may begin a new one whenever it is opened. */
export async function runHistory(
  history: Iterable<Command>,
  open: () => Promise<Store>,
  { keepsHistory }: HistoryTraits,
): Promise<void> {
  const model = new TextStore(new MvccModel({ operationsMax: OPERATIONS_MAX }));
  const store = await open();
  const subject: Subject = { open, store, offset: store.revision - model.revision };
  if (!keepsHistory) await model.compact(store.compactedRevision - subject.offset);
  try {
    await fc.asyncModelRun(() => ({ model, real: subject }), history);
  } finally {
    await subject.store[Symbol.asyncDispose]();
  }
}

export function someHistory({ keepsHistory, keepsOrder }: HistoryTraits): fc.Arbitrary<Iterable<Command>> {
  return fc.commands(
    [
      fc
        .array(someTransaction, { minLength: 1, maxLength: 4 })
        .map((transactions) => transactTogether(transactions, keepsOrder)),
      fc.tuple(somePrefix, fc.nat(3)).map(([prefix, limit]) => read(prefix, limit)),
      fc.tuple(somePrefix, someAge).map(([prefix, age]) => watch(prefix, age)),
      someAge.map(compact),
      fc.constant(reopen(keepsHistory)),
    ],
    { size: "medium" },
  );
}
