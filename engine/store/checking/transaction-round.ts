/** One round of transactions over a server that is killed and cut off, and whether they were isolated as they asked. */
import { type Random, seededRandom, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { OutcomeUnknownError } from "../client/backend.ts";
import type { StoreClient } from "../client/client.ts";
import { openClient } from "../client/open-client.ts";
import { TransactionAborted } from "../client/transaction/aborted.ts";
import type { BeginOptions, StoreTransaction } from "../client/transaction/transaction.ts";
import { startCutter } from "./cutter.ts";
import { checkListAppend } from "./isolation/list-append.ts";
import type { AnomalyName, ListOperation, TransactionRecord } from "./isolation/record.ts";
import { Member, type MemberProgram } from "./member.ts";

const CLIENTS = 5;
const KEYS = ["x", "y", "z"];
const OPERATIONS_MAX = 4;
const CALL_TIMEOUT_MS = 5_000;
/** What a crashed client's locks may cost the others; etcd's shortest leases are 2 s. */
const LOCKS = { lockTtlS: 3, lockWaitMs: 8_000 };

/** Write skew, and it alone, is what a snapshot allows. */
const allowed: Readonly<Record<"snapshot" | "serializable", readonly AnomalyName[]>> = {
  snapshot: ["G2-item", "G2-item-realtime"],
  serializable: [],
};

export interface TransactionRoundOptions {
  readonly program: MemberProgram;
  readonly seed: number;
  readonly mode: "optimistic" | "pessimistic";
  readonly isolation: "snapshot" | "serializable";
  /** Of each client; the fault comes somewhere among them. */
  readonly transactions: number;
}

export interface TransactionRound {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** Undefined where the program is not installed. */
export async function runTransactionRound(
  options: TransactionRoundOptions,
): Promise<TransactionRound | undefined> {
  const { program, seed, mode, isolation, transactions } = options;
  const random = seededRandom(seed);
  const member = await Member.start(program);
  if (member === undefined) return undefined;
  await using setup = new AsyncDisposableStack();
  setup.use(member);
  const cutter = setup.use(await startCutter(member.port));
  const records: TransactionRecord<ListOperation>[] = [];
  const stores = Array.from({ length: CLIENTS }, () =>
    setup.use(openClient(`etcd://127.0.0.1:${cutter.port}`, { timeoutMs: CALL_TIMEOUT_MS })),
  );
  const faultAfter = Math.floor(random() * CLIENTS * transactions);
  const due = Promise.withResolvers<void>();
  const working = Promise.all(
    stores.map(async (store, client) => {
      for (let index = 0; index < transactions; index++) {
        if (records.length >= faultAfter) due.resolve();
        records.push(await runOne(store, client, random, { ...LOCKS, mode, isolation }));
      }
    }),
  );
  // The last ones may all be under way when it is due.
  working.then(() => due.resolve(), due.reject);
  // The others are somewhere in theirs.
  await due.promise;
  if (random() < 0.5) cutter.cut();
  else {
    await member.kill();
    await cutter.refuse();
    await member.restart();
    await cutter.listen();
  }
  await working;
  const outcomes: Record<string, number> = {};
  for (const { outcome } of records) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const problems = checkListAppend(records)
    .filter(({ name }) => !allowed[isolation].includes(name))
    .map(({ name, text }) => `${name}: ${text}`);
  return { outcomes, problems };
}

let elements = 0;

async function runOne(
  store: StoreClient,
  client: number,
  random: Random,
  options: BeginOptions,
): Promise<TransactionRecord<ListOperation>> {
  const operations: ListOperation[] = [];
  const startMs = systemClock.monotonic();
  let outcome: TransactionRecord<ListOperation>["outcome"] = "aborted";
  try {
    await using transaction = await store.begin(options);
    const count = 1 + Math.floor(random() * OPERATIONS_MAX);
    for (let index = 0; index < count; index++) {
      const key = KEYS[Math.floor(random() * KEYS.length)]!;
      if (random() < 0.5) operations.push({ kind: "read", key, elements: await listOf(transaction, key) });
      else {
        const element = `${elements++}`;
        const before = await listOf(transaction, key);
        await transaction.put(key, [...before, element].join(" "));
        operations.push({ kind: "append", key, element });
      }
    }
    await transaction.commit();
    outcome = "committed";
  } catch (error) {
    if (error instanceof OutcomeUnknownError) outcome = "unknown";
    else if (!(error instanceof TransactionAborted || error instanceof Fault)) throw error;
  }
  return { client, outcome, operations, startMs, endMs: systemClock.monotonic() };
}

async function listOf(transaction: StoreTransaction, key: string): Promise<readonly string[]> {
  const item = await transaction.get(key);
  return item === undefined ? [] : item.text.split(" ");
}
