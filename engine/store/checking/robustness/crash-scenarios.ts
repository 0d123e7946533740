/** Bugs of members that were killed, and of what they then found on their disks. */
import assert from "node:assert/strict";
import { authService, Empty, maintenanceService, UserAddRequest } from "@plinth/etcd";
import type { Member } from "../member.ts";
import { answered, Asker, under } from "./asker.ts";
import type { Scenario } from "./scenario.ts";

const CLIENTS = 32;
/** Writes acknowledged before the kill. */
const WRITES = 400;
const KILLS = 3;

interface Told {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

async function restarted(member: Member): Promise<Asker> {
  await member.kill();
  await member.restart();
  return new Asker(member.port);
}

/** Many clients write as fast as they can until so many writes are acknowledged; then the member is killed. */
async function killUnderLoad(
  member: Member,
  prefix: string,
  meanwhile: (asker: Asker) => Promise<unknown> = async () => {},
): Promise<readonly Told[]> {
  using asker = new Asker(member.port);
  const told: Told[] = [];
  const client = async (number: number): Promise<void> => {
    for (let count = 1; ; count++) {
      const [key, value] = [`${prefix}${number}`, `${count}`];
      const revision = await answered(asker.put(key, value));
      if (revision === undefined) return;
      if (told.push({ key, value, revision }) === WRITES) await member.kill();
    }
  };
  const others = answered(meanwhile(asker));
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  await others;
  await member.restart();
  return told;
}

/** Everything acknowledged is there at its own revision, and no revision is there twice or missing. */
async function assertAllThere(
  member: Member,
  prefix: string,
  from: number,
  told: readonly Told[],
): Promise<void> {
  using asker = new Asker(member.port);
  const end = await asker.put(`${prefix}end`);
  const responses = await asker.watched({ ...under(prefix), startRevision: from }, end);
  const events = responses.flatMap(({ events: some }) => some.map(({ kv }) => kv!));
  assert.deepEqual(
    events.map(({ modRevision }) => modRevision),
    Array.from({ length: end - from + 1 }, (_, index) => from + index),
  );
  for (const { key, value, revision } of told) {
    const kv = events[revision - from]!;
    assert.deepEqual(
      [kv.key, Buffer.from(kv.value).toString(), kv.version],
      [key, value, Number(value)],
      `revision ${revision}`,
    );
  }
}

export const crashScenarios: readonly Scenario[] = [
  {
    issue: 13766,
    title: "a crash under load repeats no write and skips none",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const from = (await asker.revision()) + 1;
      const told = await killUnderLoad(member, prefix);
      await assertAllThere(member, prefix, from, told);
    },
  },
  {
    issue: 14370,
    title: "a write is still there when the member is killed as soon as it is acknowledged",
    async run(member, prefix) {
      for (let kill = 0; kill < KILLS; kill++) {
        using asker = new Asker(member.port);
        const revision = await asker.put(`${prefix}k`, `${kill}`);
        using after = await restarted(member);
        const { kv, value } = await after.get(`${prefix}k`);
        assert.deepEqual([kv?.modRevision, kv?.version, value], [revision, kill + 1, `${kill}`]);
      }
    },
  },
  {
    issue: 14571,
    title: "users count after a crash that follows their being turned on, and writes go on from there",
    async run(member, prefix) {
      const password = "correct horse";
      let revision;
      {
        using asker = new Asker(member.port);
        revision = await asker.put(`${prefix}k`, "before");
        await asker.grpc.unary(authService.userAdd, UserAddRequest.of({ name: "root", password }));
        await asker.grpc.unary(authService.userGrantRole, { name: "root", role: "root" }).catch(async () => {
          // The role is there from the start in some versions, and not in others.
          await asker.grpc.unary(authService.roleAdd, { role: "root" });
          await asker.grpc.unary(authService.userGrantRole, { name: "root", role: "root" });
        });
        await asker.grpc.unary(authService.enable, Empty.of());
      }
      using asker = await restarted(member);
      await assert.rejects(asker.put(`${prefix}k`, "nobody's"), /user name is empty/);
      const { token } = await asker.grpc.unary(authService.authenticate, { name: "root", password });
      await asker.grpc.unary(authService.disable, Empty.of(), { metadata: [["token", token]] });
      await asker.grpc.unary(authService.userDelete, { name: "root" });
      const { kv, value } = await asker.get(`${prefix}k`);
      assert.deepEqual([kv?.modRevision, value], [revision, "before"]);
      assert.equal(await asker.put(`${prefix}k`, "after"), revision + 1);
    },
  },
  {
    issue: 14685,
    title: "a crash while it is defragmented changes no revision",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const before = await asker.put(`${prefix}first`);
      const hash = await asker.hash(before);
      const defragment = async ({ grpc }: Asker): Promise<void> => {
        for (;;) await grpc.unary(maintenanceService.defragment, Empty.of());
      };
      const told = await killUnderLoad(member, prefix, defragment);
      await assertAllThere(member, prefix, before + 1, told);
      using after = new Asker(member.port);
      assert.equal(await after.hash(before), hash);
    },
  },
  {
    issue: 17780,
    title: "the revision does not go back when all keys are deleted, compacted, and the member is killed",
    async run(member, prefix) {
      for (const isAwaited of [true, false]) {
        using asker = new Asker(member.port);
        for (let key = 0; key < 50; key++) await asker.put(`${prefix}${key}`);
        for (let key = 0; key < 49; key++) await asker.delete(`${prefix}${key}`);
        const revision = await asker.delete(`${prefix}49`);
        const compacting = answered(asker.compact(revision, true));
        if (isAwaited) await compacting;
        using after = await restarted(member);
        await compacting;
        assert.equal(await after.revision(), revision);
        assert.equal(await after.put(`${prefix}k`), revision + 1);
        await after.delete(`${prefix}k`);
      }
    },
  },
  {
    issue: 18055,
    title: "snapshots taken soon after another, under writes, are whole and disturb nothing",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const from = (await asker.put(`${prefix}k`, "v".repeat(10_000))) + 1;
      const writing = (async () => {
        const told: Told[] = [];
        for (let count = 1; count <= 100; count++) {
          const revision = await asker.put(`${prefix}n`, `${count}`);
          told.push({ key: `${prefix}n`, value: `${count}`, revision });
        }
        return told;
      })();
      const snapshots = Array.from({ length: 3 }, async () => {
        const call = asker.grpc.open(maintenanceService.snapshot);
        await call.send(Empty.of());
        call.end();
        const parts = await Array.fromAsync(call.responses);
        assert.equal(Number(parts.at(-1)!.remainingBytes), 0);
        return parts.reduce((total, { blob }) => total + blob.length, 0);
      });
      for (const bytes of await Promise.all(snapshots)) assert.ok(bytes > 10_000, `${bytes} bytes`);
      await assertAllThere(member, prefix, from, await writing);
    },
  },
  {
    issue: 20271,
    title:
      "a store that was written, compacted, defragmented and copied at once opens again, with the same content",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      const before = await asker.put(`${prefix}first`, "v".repeat(10_000));
      const told = await killUnderLoad(member, prefix, async ({ grpc }) => {
        const copy = grpc.open(maintenanceService.snapshot);
        await copy.send(Empty.of());
        copy.end();
        const copied = Array.fromAsync(copy.responses);
        await Promise.all([
          asker.compact(before, true),
          grpc.unary(maintenanceService.defragment, Empty.of()),
          copied,
        ]);
      });
      await assertAllThere(member, prefix, before + 1, told);
      using after = new Asker(member.port);
      const revision = await after.revision();
      const hash = await after.hash(revision);
      using again = await restarted(member);
      assert.deepEqual([await again.revision(), await again.hash(revision)], [revision, hash]);
    },
  },
  {
    issue: 20418,
    title: "reads under way while the process stood still are of the newest state",
    async run(member, prefix) {
      using asker = new Asker(member.port);
      let written = await asker.put(`${prefix}k`);
      for (let pause = 0; pause < 20; pause++) {
        const floor = written;
        const before = asker.put(`${prefix}k`);
        member.pause();
        const meanwhile = [
          asker.get(`${prefix}k`),
          asker.put(`${prefix}k`),
          asker.get(`${prefix}k`),
        ] as const;
        member.resume();
        const [first, second, third] = await Promise.all(meanwhile);
        for (const { kv, revision } of [first, third]) {
          assert.ok(kv!.modRevision >= floor && revision >= floor, `${kv!.modRevision} after ${floor}`);
        }
        written = Math.max(await before, second);
        assert.equal((await asker.get(`${prefix}k`)).kv!.modRevision, written);
      }
    },
  },
];
