import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { OutcomeUnknownError } from "./backend.ts";
import type { StoreClient } from "./client.ts";
import { openClient } from "./open-client.ts";
import { type RealCluster, startRealCluster } from "./real-cluster.ts";
import type { WatchItem } from "./relisting-watch.ts";
import type { BeginOptions } from "./transaction/transaction.ts";
import { TransactionAborted } from "./transaction/aborted.ts";

/** Three real etcd processes, killed and started again in turn while everything runs. */

/** Every member is killed so many times. */
const ROUNDS = Math.ceil(Number(process.env["PLINTH_ROUNDS"] ?? 1) / 6);
/** Work goes on so long with a member missing, and so long with all there. */
const PAUSE_MS = 400;
const ACCOUNTS = Array.from({ length: 6 }, (_, index) => `account/${index}`);
const TOTAL = 100 * ACCOUNTS.length;

/** The last two: a lease that could not be renewed in time is lost, and says so. */
const EXPECTED: ReadonlySet<unknown> = new Set(["unavailable", "timeout", "conflict", "lease-not-found"]);

/** What may befall a call while members die: it may have happened, or not, and either is right. */
function isExpected(error: unknown): boolean {
  if (error instanceof OutcomeUnknownError || error instanceof TransactionAborted) return true;
  return error instanceof Error && "code" in error && EXPECTED.has(error.code);
}

/** Repeats until told to stop; gives how often it went well and how often nobody knows. */
async function repeat(
  stop: AbortSignal,
  body: (turn: number) => Promise<void>,
): Promise<{ done: number; unknown: number }> {
  const counts = { done: 0, unknown: 0 };
  for (let turn = 0; !stop.aborted; turn++) {
    try {
      await body(turn);
      counts.done++;
    } catch (error) {
      if (!isExpected(error)) throw error;
      if (error instanceof OutcomeUnknownError) counts.unknown++;
    }
  }
  return counts;
}

async function transfer(store: StoreClient, turn: number, options: BeginOptions): Promise<void> {
  const from = ACCOUNTS[turn % ACCOUNTS.length]!;
  const to = ACCOUNTS[(turn * 5 + 2) % ACCOUNTS.length]!;
  if (from === to) return;
  await store.transact(async (transaction) => {
    const read = options.mode === "pessimistic" ? "getForUpdate" : "get";
    const left = Number((await transaction[read](from))!.text);
    const right = Number((await transaction[read](to))!.text);
    await transaction.put(from, String(left - 1));
    await transaction.put(to, String(right + 1));
  }, options);
}

async function sumOf(store: StoreClient): Promise<number> {
  await using transaction = await store.begin();
  const items = await transaction.scan({ prefix: "account/" });
  return items.reduce((sum, item) => sum + Number(item.text), 0);
}

async function killInTurn(cluster: RealCluster, store: StoreClient): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const member of cluster.endpoints.keys()) {
      await cluster.kill(member);
      await systemClock.sleep(PAUSE_MS);
      await cluster.start(member);
      // It has caught up with the others before the next one goes.
      await using own = openClient(`etcd://${cluster.endpoints[member]}`, { timeoutMs: 30_000 });
      await own.get("account/0");
      await store.get("account/0");
      await systemClock.sleep(PAUSE_MS);
    }
  }
}

test(
  "members of a cluster are killed in turn, and nothing promised is broken",
  { timeout: 120_000 },
  async (t) => {
    const cluster = await startRealCluster();
    if (cluster === undefined) return t.skip("etcd is not installed");
    await using _cluster = cluster;
    const url = `etcd://${cluster.endpoints.join(",")}`;
    await using store = openClient(url);
    await using other = openClient(url);
    const { revision } = await store.txn({ success: ACCOUNTS.map((put) => ({ put, value: "100" })) });

    const watching = new AbortController();
    const watched: string[] = [];
    const told = (item: WatchItem): string[] =>
      item.kind === "relist"
        ? ["relist"]
        : item.changes.map(
            (change) => `${change.item.modRevision} ${change.kind} ${change.item.key}=${change.item.text}`,
          );
    const end = "watch/end";
    const untilEnd = async (client: StoreClient, seen: string[]): Promise<void> => {
      const watch = await client.watch(
        { prefix: "" },
        { fromRevision: revision + 1, signal: watching.signal },
      );
      for await (const item of watch) {
        seen.push(...told(item));
        if (item.kind === "changes" && item.changes.some((change) => change.item.key === end)) return;
      }
    };
    const watchEnded = untilEnd(other, watched);
    // Awaited below; should something else fail first, that is what is to be told.
    watchEnded.catch(() => {});

    const stopping = new AbortController();
    const stop = stopping.signal;
    let holders = 0;
    const fences: number[] = [];
    const locked = Promise.withResolvers<void>();
    const locking = (client: StoreClient): Promise<unknown> =>
      repeat(stop, async () => {
        await using lock = await client.lock("lock", { ttlS: 5 });
        // As long as the lease is sure, nobody else is in here.
        if (lock.signal.aborted) return;
        assert.equal(++holders, 1);
        fences.push(lock.revision);
        locked.resolve();
        await client.get("account/0").finally(() => holders--);
      });
    const work = Promise.all([
      repeat(stop, (turn) => transfer(store, turn, { mode: "optimistic", isolation: "serializable" })),
      repeat(stop, (turn) => transfer(other, turn, { mode: "optimistic", isolation: "snapshot" })),
      repeat(stop, (turn) => transfer(store, turn, { mode: "pessimistic", isolation: "snapshot" })),
      repeat(stop, (turn) => transfer(other, turn, { mode: "pessimistic", isolation: "serializable" })),
      repeat(stop, async () => assert.equal(await sumOf(store), TOTAL)),
      locking(store),
      locking(other),
    ]);
    const counting = Promise.all([
      repeat(stop, async () => void (await store.counter("count").add(1))),
      repeat(stop, async () => void (await other.counter("count").add(1))),
    ]);
    try {
      // Leases of the dead may keep everybody waiting: each new leader lets them run anew. They end, and somebody gets in.
      const killed = killInTurn(cluster, store).then(() => locked.promise);
      await Promise.race([killed, work, counting]);
    } finally {
      stopping.abort();
    }
    const counts = await counting;
    await work;

    assert.equal(await sumOf(store), TOTAL);
    const done = counts.reduce((sum, each) => sum + each.done, 0);
    const unknown = counts.reduce((sum, each) => sum + each.unknown, 0);
    const counted = Number(await store.counter("count").value());
    assert.ok(
      done > 0 && counted >= done && counted <= done + unknown,
      `${counted} of ${done} to ${done + unknown}`,
    );
    assert.deepEqual(
      fences,
      fences.toSorted((left, right) => left - right),
    );
    await store.put(end, "");
    await watchEnded;
    // The same from the past, on a connection that nobody has cut.
    const history: string[] = [];
    await using fresh = openClient(url);
    await untilEnd(fresh, history);
    assert.ok(history.length > 50);
    assert.deepEqual(watched, history);
    t.diagnostic(`${history.length} events, ${fences.length} locks, ${counted} counted, ${unknown} unknown`);
  },
);
