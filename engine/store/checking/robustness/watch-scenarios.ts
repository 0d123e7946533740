/** Bugs of what watchers were told, and of transactions that were carried out in part. */
import assert from "node:assert/strict";
import {
  kvService,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchRequest,
  type WatchResponse,
} from "@plinth/etcd";
import { startCutter } from "../cutter.ts";
import { rawWatcher } from "../watchers.ts";
import { Asker, eventNames, lastRevisionOf, readUntil, under } from "./asker.ts";
import type { Scenario } from "./scenario.ts";

const WRITES = 300;
const CUTS = 5;
const WATCHERS = 10;
const PATIENCE_MS = 15_000;

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const putOp = (key: string, value = "", lease = 0n): RequestOp =>
  RequestOp.of({ put: PutRequest.of({ key, value: Buffer.from(value), lease }) });
const readOp = (key: string, revision = 0): RequestOp =>
  RequestOp.of({ range: RangeRequest.of({ key, revision }) });

function assertProgressFollows(responses: readonly WatchResponse[], revisions: readonly number[]): void {
  let progress = 0;
  const seen: number[] = [];
  for (const { header, events, created } of responses) {
    for (const { kv } of events) {
      assert.ok(kv!.modRevision > progress, `${kv!.modRevision} after progress to ${progress}`);
      seen.push(kv!.modRevision);
    }
    if (events.length === 0 && !created) progress = header!.revision;
  }
  assert.deepEqual(seen, revisions);
}

export const watchScenarios: readonly Scenario[] = [
  {
    issue: 15220,
    title: "progress that was asked for never comes before an event that it counts",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const from = (await asker.revision()) + 1;
      const end = from + WRITES - 1;
      const askAndRead = async (): Promise<void> => {
        const call = await asker.watch({ ...under(prefix), startRevision: from });
        const asking = (async () => {
          for (let count = 0; count < WRITES; count++) await call.send(WatchRequest.of({ progress: {} }));
        })();
        const responses = await readUntil(call, ({ events }) => lastRevisionOf(events) === end);
        // The call may be over before all is asked.
        await asking.catch(() => {});
        assertProgressFollows(responses, range(from, end));
      };
      const live = askAndRead();
      for (let write = 0; write < WRITES; write++) await asker.put(`${prefix}k`, "v".repeat(1000));
      await live;
      // Once more by one that has to catch up.
      await askAndRead();
    },
  },
  {
    issue: 15271,
    title: "a watch that goes on after its connection was cut does not go back, and leaves nothing out",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      await using cutter = await startCutter(member.port);
      const from = (await asker.revision()) + 1;
      const { key, rangeEnd: end } = under(prefix);
      await using watcher = rawWatcher("the watcher", {
        port: cutter.port,
        range: { key, end },
        fromRevision: from,
      });
      let last = 0;
      for (let cut = 0; cut <= CUTS; cut++) {
        for (let write = 0; write < WRITES / CUTS; write++) last = await asker.put(`${prefix}k`);
        if (cut < CUTS) cutter.cut();
      }
      await watcher.reach(last, AbortSignal.timeout(PATIENCE_MS));
      const revisions = watcher.records.flatMap(({ responses }) =>
        responses.flatMap(({ events }) => events.map(({ kv }) => kv.modRevision)),
      );
      assert.deepEqual(revisions, range(from, last));
    },
  },
  {
    issue: 17247,
    title: "a transaction's events come once to everyone, and a refused one's never",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const from = (await asker.revision()) + 1;
      const watchers = Array.from({ length: 3 }, () => ({ ...under(prefix), startRevision: from }));
      const call = await asker.watch(...watchers);
      const inner = TxnRequest.of({ success: [putOp(`${prefix}b`), readOp(`${prefix}a`)] });
      const good = TxnRequest.of({
        success: [putOp(`${prefix}a`), readOp(`${prefix}a`), RequestOp.of({ txn: inner })],
      });
      // Refused by its last operation, when the others have been done.
      const refused = TxnRequest.of({ success: [putOp(`${prefix}a`), putOp(`${prefix}b`, "", 404n)] });
      const wanted: string[] = [];
      let last = 0;
      for (let count = 0; count < 20; count++) {
        await assert.rejects(asker.grpc.unary(kvService.txn, refused), /lease not found/);
        last = (await asker.grpc.unary(kvService.txn, good)).header!.revision;
        wanted.push(`put ${prefix}a at ${last}`, `put ${prefix}b at ${last}`);
      }
      assert.equal(last, from + 19);
      const responses = await readUntil(call, (_, all) =>
        [0n, 1n, 2n].every((id) =>
          all.some(({ watchId, events }) => watchId === id && lastRevisionOf(events) === last),
        ),
      );
      for (const id of [0n, 1n, 2n]) {
        assert.deepEqual(eventNames(responses.filter(({ watchId }) => watchId === id)), wanted);
      }
    },
  },
  {
    issue: 17529,
    title: "watchers of a stream that is not read lose no event",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      using slow = new Asker(member.port);
      const from = (await asker.revision()) + 1;
      const call = await slow.watch(
        ...Array.from({ length: WATCHERS }, () => ({ ...under(prefix), startRevision: from })),
      );
      const value = "v".repeat(4000);
      let last = 0;
      for (let write = 0; write < WRITES; write++) last = await asker.put(`${prefix}k`, value);
      const ends = new Set<bigint>();
      const responses = await readUntil(call, ({ watchId, events }) => {
        if (lastRevisionOf(events) === last) ends.add(watchId);
        return ends.size === WATCHERS;
      });
      for (let id = 0n; id < WATCHERS; id++) {
        const own = responses.filter(({ watchId }) => watchId === id);
        assert.deepEqual(
          own.flatMap(({ events }) => events.map(({ kv }) => kv!.modRevision)),
          range(from, last),
        );
      }
    },
  },
  {
    issue: 18089,
    title: "a watch from a compacted deletion is told of it",
    async run(member, prefix) {
      const key = `${prefix}k`;
      using asker = new Asker(member.port);
      for (let version = 0; version < 3; version++) await asker.put(key);
      const deletion = await asker.delete(key);
      const last = await asker.put(key);
      await asker.compact(deletion, true);
      const events = eventNames(await asker.watched({ key, startRevision: deletion }, last));
      assert.deepEqual(events, [`delete ${key} at ${deletion}`, `put ${key} at ${last}`]);
    },
  },
  {
    issue: 18667,
    title: "a transaction that reads what is compacted is refused as a whole",
    async run(member, prefix) {
      const key = `${prefix}k`;
      using asker = new Asker(member.port);
      const old = await asker.put(key, "1");
      const revision = await asker.put(key, "2");
      await asker.compact(revision, true);
      for (const [wrong, reason] of [
        [old, /has been compacted/],
        [revision + 1000, /future revision/],
      ] as const) {
        for (const success of [
          [putOp(key, "3"), readOp(key, wrong)],
          [readOp(key, wrong), putOp(key, "3")],
        ]) {
          await assert.rejects(asker.grpc.unary(kvService.txn, TxnRequest.of({ success })), reason);
        }
      }
      await member.kill();
      await member.restart();
      using after = new Asker(member.port);
      const { kv, value, revision: now } = await after.get(key);
      assert.deepEqual([kv?.modRevision, value, now], [revision, "2", revision]);
    },
  },
  {
    issue: 19179,
    title: "a watch from the compacted revision is told of the deletion there, after a crash too",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const keys = range(0, 4).map((number) => `${prefix}${number}`);
      let created = 0;
      for (const key of keys) created = await asker.put(key);
      // What a deletion deleted is gone before the deletion itself is the compacted revision.
      await asker.compact(created, true);
      for (const [index, key] of keys.entries()) {
        using now = new Asker(member.port);
        const deletion = await now.delete(key);
        await now.compact(deletion, index % 2 === 0);
        const watched = { ...under(prefix), startRevision: deletion };
        const wanted = [`delete ${key} at ${deletion}`];
        assert.deepEqual(eventNames(await now.watched(watched, deletion)), wanted);
        if (index > 1) continue;
        await member.kill();
        await member.restart();
        using after = new Asker(member.port);
        assert.deepEqual(eventNames(await after.watched(watched, deletion)), wanted);
      }
    },
  },
  {
    issue: 20221,
    title: "a watch of a revision to come is told of no progress before that",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const start = (await asker.revision()) + 4;
      const call = await asker.watch({ ...under(prefix), startRevision: start, progressNotify: true });
      for (let revision = start - 3; revision <= start; revision++) {
        await call.send(WatchRequest.of({ progress: {} }));
        assert.equal(await asker.put(`${prefix}k`), revision);
      }
      const [created, first] = await readUntil(call, (_, all) => all.length === 2);
      assert.equal(created?.created, true);
      assert.deepEqual(eventNames([first!]), [`put ${prefix}k at ${start}`]);
    },
  },
  {
    issue: 20221,
    title: "a watch of a revision to come is told of no older event, whoever writes meanwhile",
    async run(member, prefix) {
      const key = `${prefix}k`;
      {
        using asker = new Asker(member.port);
        for (let write = 0; write < 10; write++) await asker.put(key);
      }
      await member.kill();
      await member.restart();
      using asker = new Asker(member.port);
      const start = (await asker.revision()) + 6;
      const watches = await Promise.all(
        range(0, 2).map((ahead) => asker.watch({ key, startRevision: start + ahead })),
      );
      for (let revision = start - 5; revision <= start + 2; revision++) await asker.put(key);
      for (const [ahead, call] of watches.entries()) {
        const responses = await readUntil(call, ({ events }) => lastRevisionOf(events) === start + 2);
        const revisions = responses.flatMap(({ events }) => events.map(({ kv }) => kv!.modRevision));
        assert.deepEqual(revisions, range(start + ahead, start + 2));
      }
    },
  },
];
