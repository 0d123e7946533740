import { AlarmAction, DowngradeAction, maintenanceService, type SnapshotResponse } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { sealSnapshot } from "../sealed-snapshot.ts";
import { alarmNames } from "./alarms.ts";
import { EMULATED_VERSION, RAFT_TERM } from "./member.ts";
import { refusal, toRefusal } from "./refusal.ts";
import { answer, type Serving } from "./serving.ts";

export function maintenanceImplementation(serving: Serving): Implementation[] {
  const { store, member, alarms, authority } = serving;
  const { memberId } = member.options;
  return [
    implement(maintenanceService.alarm, async (call) => {
      const request = await call.request();
      const access = authority.accessOf(call);
      if (request.action === AlarmAction.get) access.known();
      else access.root();
      try {
        return { header: member.header(), alarms: await alarms.handle(request) };
      } catch (error) {
        throw toRefusal(error);
      }
    }),
    implement(maintenanceService.status, async (call) => {
      await call.request();
      const { size, revision } = store;
      return {
        header: member.header(),
        version: EMULATED_VERSION,
        dbSize: size.allocated,
        leader: memberId,
        raftIndex: BigInt(revision),
        raftTerm: RAFT_TERM,
        raftAppliedIndex: BigInt(revision),
        errors: alarms.all.map(
          (each) => `memberID:${each.memberId} alarm:${alarmNames.get(each.alarm) ?? each.alarm} `,
        ),
        dbSizeInUse: size.inUse,
        isLearner: false,
      };
    }),
    implement(maintenanceService.defragment, async (call) => {
      await call.request();
      // The store uses freed pages again by itself.
      return { header: undefined };
    }),
    implement(maintenanceService.hash, async (call) => {
      await call.request();
      return answer(serving, () => ({ header: member.header(), hash: store.hash(0) }));
    }),
    implement(maintenanceService.hashKv, async (call) => {
      const { revision } = await call.request();
      return answer(serving, () => ({
        header: member.header(),
        hash: store.hash(Math.max(0, revision)),
        compactRevision: store.compactedRevision,
      }));
    }),
    implement(maintenanceService.snapshot, (call) => snapshot(serving, call.request())),
    implement(maintenanceService.moveLeader, async (call) => {
      const { targetId } = await call.request();
      if (targetId !== memberId) throw refusal("badTransferee");
      return { header: undefined };
    }),
    implement(maintenanceService.downgrade, async (call) => {
      const { action, version } = await call.request();
      if (action === DowngradeAction.cancel) throw refusal("noDowngrade");
      // There is no version of ours that writes an older form.
      throw refusal(/^\d+\.\d+\.\d+$/.test(version) ? "downgradeTarget" : "downgradeFormat");
    }),
  ];
}

async function* snapshot(serving: Serving, request: Promise<unknown>): AsyncGenerator<SnapshotResponse> {
  await request;
  try {
    for await (const blob of sealSnapshot(serving.store.snapshot())) {
      if (serving.stopping.aborted) throw refusal("stopped");
      yield { header: undefined, remainingBytes: 0n, blob };
    }
  } catch (error) {
    throw toRefusal(error);
  }
}
