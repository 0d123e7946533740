import { electionService, type LeaderKey, type LeaderRequest, type LeaderResponse } from "@plinth/etcd";
import { implement, type Implementation, type ServerCall } from "@plinth/grpc";
import type { Access } from "./auth/access.ts";
import type { ByteString, KeyValue } from "../mvcc.ts";
import { awaitTurn, firstOf, leave, prefixEnd, prefixOf, sessionLease, takePlace } from "./queue-place.ts";
import { refusal, toRefusal } from "./refusal.ts";
import { answerAsClient, type Serving } from "./serving.ts";

export function electionImplementation(serving: Serving): Implementation[] {
  const { member, authority } = serving;
  return [
    implement(electionService.campaign, async (call) => {
      const { name, lease: named, value } = await call.request();
      return answerAsClient(serving, async () => {
        const lease = await sessionLease(serving, call, name, named);
        const { place, revision, present } = await takePlace(serving, name, lease, value);
        const leader = { name, key: place.key, revision: place.createRevision, lease };
        if (present !== undefined && Buffer.compare(present.value, value) !== 0) {
          await proclaim(serving, leader, value);
        }
        await awaitTurn(serving, place, lease, AbortSignal.any([call.signal, serving.stopping]));
        return { header: member.header(revision), leader };
      });
    }),
    implement(electionService.proclaim, async (call) => {
      const { leader, value } = await call.request();
      return answerAsClient(serving, async () => {
        const access = authority.accessOf(call);
        access.known();
        if (leader === undefined) throw refusal("electionNotLeader");
        checkKeyAccess(access, leader.key);
        return { header: member.header(await proclaim(serving, leader, value)) };
      });
    }),
    implement(electionService.leader, async (call) => {
      const { name } = await call.request();
      return answerAsClient(serving, () => {
        const prefix = prefixOf(name);
        authority.accessOf(call).read(prefix, prefixEnd(prefix));
        const kv = firstOf(serving, prefix);
        if (kv === undefined) throw refusal("electionNoLeader");
        return { header: member.header(), kv };
      });
    }),
    implement(electionService.observe, (call) => observe(serving, call)),
    implement(electionService.resign, async (call) => {
      const { leader } = await call.request();
      return answerAsClient(serving, async () => {
        const access = authority.accessOf(call);
        access.known();
        if (leader === undefined) return { header: member.header() };
        const { name, key, revision } = leader;
        checkKeyAccess(access, key);
        const place = { prefix: prefixOf(name), key, createRevision: revision };
        return { header: member.header(await leave(serving, place)) };
      });
    }),
  ];
}

/** A leader's key is compared, and written or deleted. */
function checkKeyAccess(access: Access, key: ByteString): void {
  access.read(key, "");
  access.write(key, "");
}

/** Changes what the leader says, unless it is not the leader's key any more. */
async function proclaim(
  { store }: Serving,
  { key, revision, lease }: LeaderKey,
  value: Uint8Array,
): Promise<number> {
  const result = await store.transact({
    compares: [{ key, target: "create", operator: "=", operand: revision }],
    success: [{ kind: "put", put: { key, value, lease } }],
    failure: [],
  });
  if (!result.succeeded) throw refusal("electionNotLeader");
  return result.revision;
}

/** The leader's words, now and as they change, through one leader after the other. */
async function* observe(serving: Serving, call: ServerCall<LeaderRequest>): AsyncGenerator<LeaderResponse> {
  const prefix = prefixOf((await call.request()).name);
  const signal = AbortSignal.any([call.signal, serving.stopping]);
  try {
    serving.authority.accessOf(call).read(prefix, prefixEnd(prefix));
    for (;;) {
      const { revision } = serving.store;
      const leader = firstOf(serving, prefix) ?? (await firstPut(serving, prefix, revision + 1, signal));
      yield { header: serving.member.header(Math.max(revision, leader.modRevision)), kv: leader };
      yield* words(serving, leader, Math.max(revision, leader.modRevision) + 1, signal);
    }
  } catch (error) {
    throw serving.stopping.aborted ? refusal("stopped") : toRefusal(error);
  }
}

/** What a leader says from a revision on, until its key is deleted. */
async function* words(
  { store, member }: Serving,
  { key }: KeyValue,
  fromRevision: number,
  signal: AbortSignal,
): AsyncGenerator<LeaderResponse> {
  for await (const events of store.watch({ key }, { fromRevision, previous: false, signal })) {
    for (const { kind, kv } of events) {
      if (kind === "delete") return;
      yield { header: member.header(kv.modRevision), kv };
    }
  }
}

async function firstPut(
  { store }: Serving,
  prefix: ByteString,
  fromRevision: number,
  signal: AbortSignal,
): Promise<KeyValue> {
  const range = { key: prefix, end: prefixEnd(prefix) };
  for await (const events of store.watch(range, { fromRevision, previous: false, signal })) {
    const put = events.find(({ kind }) => kind === "put");
    if (put !== undefined) return put.kv;
  }
  throw refusal("stopped");
}
