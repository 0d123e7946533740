import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import fc from "fast-check";
import { systemClock } from "@plinth/clock";
import {
  CampaignRequest,
  CompactionRequest,
  electionService,
  kvService,
  leaseService,
  LeaderKey,
  LeaseGrantRequest,
  lockService,
  type PutRequest,
  PutRequest as Put,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
} from "@plinth/etcd";
import type { GrpcClient, Method } from "@plinth/grpc";
import { ask, type OpenStore, plain, startBoth } from "./beside-etcd.ts";
import { MvccModel } from "../mvcc-model.ts";
import { openMvcc } from "../mvcc-store.ts";
import { type RandomRequest, randomRequest } from "./random-request.ts";

/** Enough to have met every difference that was ever found here, in some three seconds. */
const REQUESTS = 1000;
const LEASE_SECONDS = 5000;

async function carryOut(
  client: GrpcClient,
  { kind, request }: RandomRequest,
  revision: number,
): Promise<unknown> {
  const made = request(revision);
  switch (kind) {
    case "range":
      return ask(client, kvService.range, made as never);
    case "put":
      return ask(client, kvService.put, made as never);
    case "delete":
      return ask(client, kvService.deleteRange, made as never);
    case "txn":
      return ask(client, kvService.txn, made as never);
    case "compact":
      return ask(client, kvService.compact, CompactionRequest.of({ revision: made as number }));
    case "grant":
      return ask(
        client,
        leaseService.grant,
        LeaseGrantRequest.of({ id: made as bigint, ttl: LEASE_SECONDS }),
      );
    case "revoke":
      return ask(client, leaseService.revoke, { id: made as bigint });
    case "timeToLive": {
      const answer = await ask(client, leaseService.timeToLive, { id: made as bigint, keys: true });
      // A second may have passed for one and not for the other.
      const { ttl, keys, ...rest } = answer as { ttl: number; keys: string[] };
      return { ...rest, alive: ttl >= 0, keys: keys.toSorted() };
    }
    case "leases": {
      const answer = (await ask(client, leaseService.leases, {})) as { leases: { id: string }[] };
      return { ...answer, leases: answer.leases.map(({ id }) => id).toSorted() };
    }
  }
}

/** Answers to a watch until one satisfies. */
async function watchUntil(
  client: GrpcClient,
  requests: readonly Partial<WatchRequest>[],
  enough: (responses: readonly WatchResponse[]) => boolean,
  meanwhile: (responses: readonly WatchResponse[]) => Promise<void> = async () => {},
): Promise<WatchResponse[]> {
  const call = client.open(watchService.watch, { timeoutMs: 15_000 });
  const responses: WatchResponse[] = [];
  for (const request of requests) await call.send(WatchRequest.of(request));
  for await (const response of call.responses) {
    responses.push(response);
    if (enough(responses)) break;
    await meanwhile(responses);
  }
  call.cancel();
  return responses;
}

/** Resolves when the watch is there; what it gives are its events until one of the key "end". */
async function eventsUntilEnd(
  client: GrpcClient,
  request: Partial<WatchRequest>,
): Promise<{ readonly events: Promise<unknown> }> {
  const created = Promise.withResolvers<void>();
  const responses = watchUntil(
    client,
    [request],
    (all) => all.at(-1)!.events.some(({ kv }) => kv?.key === "end"),
    async () => created.resolve(),
  );
  const events = responses.then((all) => plain(all.flatMap((each) => each.events)));
  // If the requests fail first, the watch fails with them and says less.
  events.catch(() => {});
  await created.promise;
  return { events };
}

const create = (fields: Partial<WatchCreateRequest>): Partial<WatchRequest> => ({
  create: WatchCreateRequest.of(fields),
});
const put = (key: string, value: string): PutRequest => Put.of({ key, value: Buffer.from(value) });

/** What a watch answers to requests one after the other, each answered before the next is sent. */
async function converse(client: GrpcClient, requests: readonly Partial<WatchRequest>[]): Promise<unknown[]> {
  const call = client.open(watchService.watch, { timeoutMs: 10_000 });
  const responses = call.responses[Symbol.asyncIterator]();
  const answers: unknown[] = [];
  for (const request of requests) {
    await call.send(WatchRequest.of(request));
    answers.push(plain((await responses.next()).value));
  }
  call.cancel();
  await assert.rejects(responses.next(), { name: "GrpcError" });
  return answers;
}

const stores: Readonly<Record<string, OpenStore>> = {
  MvccModel: async () => new MvccModel({ clock: systemClock }),
  "openMvcc()": (directory) => openMvcc(directory),
};

for (const [name, openStore] of Object.entries(stores)) {
  suite(`createEtcdServer() over ${name}`, () => {
    test("random requests are answered as etcd answers them, and watched alike", async (t) => {
      await using both = await startBoth(openStore);
      if (both === undefined) return t.skip("etcd is not installed");
      const { ours, theirs } = both;
      const seed = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));
      t.diagnostic(`seed ${seed}`);
      const requests = [
        create({ rangeEnd: "\0", prevKv: true }),
        create({ key: "b", rangeEnd: "\xff\xff", filters: [1] }),
      ];
      const watching: Promise<unknown>[][] = [];
      for (const client of [ours, theirs]) {
        const watches: Promise<unknown>[] = [];
        for (const request of requests) watches.push((await eventsUntilEnd(client, request)).events);
        watching.push(watches);
      }
      let revision = 1;
      for (const request of fc.sample(randomRequest, { seed, numRuns: REQUESTS })) {
        const expected = await carryOut(theirs, request, revision);
        const actual = await carryOut(ours, request, revision);
        assert.deepEqual(
          actual,
          expected,
          `seed ${seed}: ${request.kind} ${JSON.stringify(plain(request.request(revision)))}`,
        );
        const { header } = expected as { header?: { revision: number } };
        revision = Math.max(revision, header?.revision ?? 0);
      }
      for (const client of [theirs, ours]) await client.unary(kvService.put, put("end", ""));
      const [fromOurs, fromTheirs] = await Promise.all(watching.map((watches) => Promise.all(watches)));
      assert.deepEqual(fromOurs, fromTheirs, `seed ${seed}`);
    });

    test("watches are created, refused and cancelled as by etcd", async (t) => {
      await using both = await startBoth(openStore);
      if (both === undefined) return t.skip("etcd is not installed");
      const requests = [
        create({ key: "a" }),
        create({ key: "a", watchId: 7n }),
        create({ key: "a", watchId: 7n }),
        create({ key: "b", rangeEnd: "a" }),
        create({ key: "b", rangeEnd: "b" }),
        create({ key: "a", rangeEnd: "\0", startRevision: 1000 }),
        create({ key: "" }),
        { cancel: { watchId: 7n } },
        create({ key: "a", watchId: 7n }),
        create({ key: "a" }),
      ];
      const [ours, theirs] = await Promise.all([
        converse(both.ours, requests),
        converse(both.theirs, requests),
      ]);
      assert.deepEqual(ours, theirs);
    });

    test("a watch from what is compacted is cancelled with the compacted revision, one from it on is not", async (t) => {
      await using both = await startBoth(openStore);
      if (both === undefined) return t.skip("etcd is not installed");
      const answers = [];
      for (const client of [both.ours, both.theirs]) {
        for (let version = 1; version <= 8; version++)
          await client.unary(kvService.put, put("k", `${version}`));
        await client.unary(kvService.compact, CompactionRequest.of({ revision: 5, physical: true }));
        const lost = await watchUntil(
          client,
          [create({ key: "k", startRevision: 4 })],
          (all) => all.length === 2,
        );
        const kept = await watchUntil(client, [create({ key: "k", startRevision: 5, prevKv: true })], (all) =>
          all.at(-1)!.events.some(({ kv }) => kv?.modRevision === 9),
        );
        answers.push([plain(lost), plain(kept.flatMap(({ events }) => events))]);
      }
      const [ours, theirs] = answers;
      assert.deepEqual(ours, theirs);
    });

    test("a request for progress is answered for all watchers at once, after their events", async (t) => {
      await using both = await startBoth(openStore);
      if (both === undefined) return t.skip("etcd is not installed");
      const answers = [];
      for (const client of [both.ours, both.theirs]) {
        for (let version = 1; version <= 3; version++)
          await client.unary(kvService.put, put("k", `${version}`));
        const call = client.open(watchService.watch, { timeoutMs: 10_000 });
        await call.send(WatchRequest.of(create({ key: "k", startRevision: 2 })));
        const seen: WatchResponse[] = [];
        for await (const response of call.responses) {
          seen.push(response);
          const events = seen.reduce((total, each) => total + each.events.length, 0);
          if (response.watchId === -1n) break;
          if (events === 3) await call.send(WatchRequest.of({ progress: {} }));
        }
        call.cancel();
        const last = seen.at(-1);
        answers.push([seen.flatMap(({ events }) => events.map(({ kv }) => kv?.modRevision)), plain(last)]);
      }
      const [ours, theirs] = answers;
      assert.deepEqual(ours, theirs);
    });

    test("locks and elections are answered as by etcd", async (t) => {
      await using both = await startBoth(openStore);
      if (both === undefined) return t.skip("etcd is not installed");
      const answers = [];
      for (const client of [both.ours, both.theirs]) {
        const said: unknown[] = [];
        const note = async <Request, Response>(
          method: Method<Request, Response>,
          request: Request,
        ): Promise<void> => void said.push(await ask(client, method, request));
        for (const id of [21n, 22n]) await note(leaseService.grant, LeaseGrantRequest.of({ id, ttl: 5000 }));
        await note(lockService.lock, { name: "l", lease: 21n });
        await note(lockService.lock, { name: "l", lease: 21n });
        const waiting = ask(client, lockService.lock, { name: "l", lease: 22n });
        await watchUntil(client, [create({ key: "l/16", startRevision: 1 })], (all) =>
          all.some(({ events }) => events.length > 0),
        );
        await note(lockService.unlock, { key: "l/15" });
        said.push(((await waiting) as { key: string }).key);
        await note(lockService.lock, { name: "l", lease: 99n });

        const campaign = CampaignRequest.of({ name: "e", lease: 21n, value: Buffer.from("one") });
        await note(electionService.leader, { name: "e" });
        await note(electionService.campaign, campaign);
        await note(electionService.campaign, campaign);
        await note(electionService.campaign, { ...campaign, value: Buffer.from("two") });
        const { kv } = await client.unary(electionService.leader, { name: "e" });
        said.push(plain(kv));
        const observed = client.open(electionService.observe, { timeoutMs: 10_000 });
        await observed.send({ name: "e" });
        observed.end();
        const words = observed.responses[Symbol.asyncIterator]();
        said.push(plain((await words.next()).value));
        const leader = LeaderKey.of({ name: "e", key: "e/15", revision: kv!.createRevision, lease: 21n });
        await note(electionService.proclaim, { leader, value: Buffer.from("three") });
        said.push(plain((await words.next()).value));
        await note(electionService.proclaim, { leader: { ...leader, revision: 3 }, value: Buffer.from("x") });
        await note(electionService.resign, { leader: { ...leader, revision: 3 } });
        await note(electionService.resign, { leader });
        await note(electionService.leader, { name: "e" });
        observed.cancel();
        answers.push(said);
      }
      const [ours, theirs] = answers;
      assert.deepEqual(ours, theirs);
    });
  });
}
