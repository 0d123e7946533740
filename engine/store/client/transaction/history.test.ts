import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { suite, test } from "node:test";
import { type Random, seededRandom } from "@plinth/clock";
import type { OpenBackend } from "../backend-conformance.ts";
import { StoreClient } from "../client.ts";
import { etcdBackends, modelBackend, servedBackend } from "../stores.ts";
import { TransactionAborted } from "./aborted.ts";
import type { BeginOptions, StoreTransaction } from "./transaction.ts";

/**
 * Random transactions of all kinds at once, beside writers that know of none, held against the history that the store
 * itself tells: every read must be what was there at the transaction's revision; what it wrote must have been
 * unchanged until it was committed, and what it read, too, if it is serializable.
 */

const WORKERS = 5;
const TRANSACTIONS_PER_WORKER = Number(process.env["PLINTH_RUNS"] ?? 40);
const KEYS = ["a", "b", "c", "d", "e"];

type State = ReadonlyMap<string, string>;

interface Read {
  /** Keys from `from` to `to` that were looked at, the latter exclusive. */
  readonly from: string;
  readonly to: string;
  readonly found: readonly (readonly [string, string])[];
}

interface Committed {
  readonly start: number;
  readonly commit: number;
  readonly serializable: boolean;
  readonly reads: readonly Read[];
  readonly writes: ReadonlyMap<string, string | undefined>;
}

function found(state: State, { from, to }: Pick<Read, "from" | "to">): (readonly [string, string])[] {
  return [...state]
    .filter(([key]) => key >= from && key < to)
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

/** One transaction; undefined where it was aborted. */
async function runOne(
  transaction: StoreTransaction,
  random: Random,
  at: string,
  name: string,
  serializable: boolean,
): Promise<Committed | undefined> {
  const reads: Read[] = [];
  const writes = new Map<string, string | undefined>();
  const anyKey = (): string => `${at}${KEYS[Math.floor(random() * KEYS.length)]!}`;
  try {
    const steps = 1 + Math.floor(random() * 5);
    for (let step = 0; step < steps; step++) {
      const key = anyKey();
      const dice = random();
      if (dice < 0.45) {
        const item = await (dice < 0.25 ? transaction.get(key) : transaction.getForUpdate(key));
        if (writes.has(key)) assert.equal(item?.text, writes.get(key));
        else reads.push({ from: key, to: `${key}\0`, found: item === undefined ? [] : [[key, item.text]] });
      } else if (dice < 0.6 && writes.size === 0) {
        const limit = 1 + Math.floor(random() * 3);
        const items = await transaction.scan({ from: key, to: `${at}z` }, { limit });
        const to = items.length < limit ? `${at}z` : `${items.at(-1)!.key}\0`;
        reads.push({ from: key, to, found: items.map((item) => [item.key, item.text]) });
      } else if (dice < 0.85) {
        await transaction.put(key, `${name}.${step}`);
        writes.set(key, `${name}.${step}`);
      } else {
        await transaction.delete(key);
        writes.set(key, undefined);
      }
      if (random() < 0.5) await turn();
    }
    const commit = await transaction.commit();
    return { start: transaction.startRevision, commit, serializable, reads, writes };
  } catch (error) {
    if (error instanceof TransactionAborted) return undefined;
    throw error;
  }
}

/** The state after each revision, as a watch tells it. */
async function statesOf(store: StoreClient, at: string, first: number): Promise<Map<number, State>> {
  const end = await store.put(`${at}zz`, "end");
  // One that deletes what never was commits at the first revision: what was before it is asked for, too.
  const states = new Map<number, State>([
    [first - 1, new Map()],
    [first, new Map()],
  ]);
  const state = new Map<string, string>();
  let told = first;
  const signal = new AbortController().signal;
  for await (const each of await store.watch({ prefix: at }, { fromRevision: first + 1, signal })) {
    if (each.kind === "relist") throw new Error("nothing was compacted");
    for (const { kind, item } of each.changes) {
      for (; told < item.modRevision; told++) states.set(told, new Map(state));
      if (kind === "put") state.set(item.key, item.text);
      else state.delete(item.key);
    }
    if (each.revision === end) break;
  }
  return states.set(end, state);
}

function check(transaction: Committed, states: Map<number, State>): void {
  const { start, commit, reads, writes } = transaction;
  for (const read of reads) assert.deepEqual(read.found, found(states.get(start)!, read), `read at ${start}`);
  for (const [key, value] of writes) {
    const wroteNothing = value === undefined && !states.get(commit - 1)!.has(key);
    if (!wroteNothing) assert.equal(states.get(commit)!.get(key), value, `written at ${commit}`);
  }
  // Deletions of what is not there make no revision: the transaction is behind that of another then.
  const mayBeBehind = [...writes.values()].every((value) => value === undefined);
  const problem = changedMeanwhile(transaction, states, commit - 1);
  if (problem !== undefined && mayBeBehind) {
    assert.equal(changedMeanwhile(transaction, states, commit), undefined);
  } else assert.equal(problem, undefined);
}

/** What is not at revision `before` as it was at the start, and should be. */
function changedMeanwhile(
  { start, serializable, reads, writes }: Committed,
  states: Map<number, State>,
  before: number,
): string | undefined {
  const [then, now] = [states.get(start)!, states.get(before)!];
  for (const key of writes.keys()) {
    if (now.get(key) !== then.get(key)) return `${key} was overwritten at ${before + 1}, read at ${start}`;
  }
  if (!serializable || writes.size === 0) return undefined;
  for (const read of reads) {
    const same = JSON.stringify(found(now, read)) === JSON.stringify(read.found);
    if (!same) return `${read.from} had changed before ${before + 1}, read at ${start}`;
  }
  return undefined;
}

async function runHistory(open: OpenBackend, seed: number): Promise<{ committed: number; aborted: number }> {
  await using fixture = await open();
  const random = seededRandom(seed);
  const store = new StoreClient(fixture.backend);
  const at = `h${seed}/`;
  const first = (await store.range(at)).revision;
  const committed: Committed[] = [];
  let aborted = 0;
  const worker = async (index: number): Promise<void> => {
    for (let count = 0; count < TRANSACTIONS_PER_WORKER; count++) {
      const serializable = random() < 0.5;
      const mode = random() < 0.5 ? "optimistic" : "pessimistic";
      const isolation = serializable ? "serializable" : "snapshot";
      const options: BeginOptions = { mode, isolation, lockTtlS: 60, lockWaitMs: 60_000 };
      await using transaction = await store.begin(options);
      const outcome = await runOne(transaction, random, at, `${index}.${count}`, serializable);
      if (outcome === undefined) aborted++;
      else if (outcome.start > 0) committed.push(outcome);
    }
  };
  const stranger = async (): Promise<void> => {
    for (let count = 0; count < TRANSACTIONS_PER_WORKER; count++) {
      const key = `${at}${KEYS[Math.floor(random() * KEYS.length)]!}`;
      if (random() < 0.7) await store.put(key, `s.${count}`);
      else await store.delete(key);
      await turn();
    }
  };
  await Promise.all([stranger(), ...Array.from({ length: WORKERS }, (_, index) => worker(index))]);
  const states = await statesOf(store, at, first);
  for (const each of committed) check(each, states);
  return { committed: committed.length, aborted };
}

const seed = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));
const title = `transactions are what their isolation promises, in a random history`;

async function hold(open: OpenBackend, tell: (message: string) => void): Promise<void> {
  tell(`PLINTH_SEED=${seed}`);
  const { committed, aborted } = await runHistory(open, seed);
  tell(`${committed} committed, ${aborted} aborted`);
  // Both outcomes must have been met for this to say anything.
  assert.ok(committed > WORKERS && aborted > 0);
}

suite(title, () => {
  test("MvccModel in process", (t) => hold(modelBackend, (message) => t.diagnostic(message)));
  test("openMvcc() by gRPC", (t) => hold(servedBackend, (message) => t.diagnostic(message)));
  test("etcd", async (t) => {
    const etcd = await etcdBackends();
    if (etcd === undefined) return t.skip("etcd is not installed");
    await using _process = etcd.etcd;
    await hold(
      () => etcd.open(),
      (message) => t.diagnostic(message),
    );
  });
});
