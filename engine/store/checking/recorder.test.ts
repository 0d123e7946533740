import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import { seededRandom, systemClock } from "@plinth/clock";
import type { Backend } from "../client/backend.ts";
import { inProcess } from "../client/in-process.ts";
import { MvccModel } from "../mvcc-model.ts";
import { etcdModel } from "./etcd-model.ts";
import { checkLinearizable } from "./linearizable.ts";
import { Recorder } from "./recorder.ts";
import { Replay } from "./replay.ts";
import { checkPast } from "./watch-checks.ts";
import { clientWatcher } from "./watchers.ts";
import { work } from "./workload.ts";

const SEED = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));
const CALLS = 600;
const CLIENTS = 4;
/** The lie begins here, when there is something to lie about, and is told once in so many calls. */
const LIES_FROM = 30;
const LIES_ONE_IN = 3;
const PATIENCE_MS = 10_000;

/** What of an honest backend is answered otherwise, now and then. */
type Lie = (honest: Backend) => Partial<Backend>;

const lies: Readonly<Record<string, Lie>> = {
  "acknowledges a write and does not do it": (honest) => ({
    async put({ key }) {
      const { revision } = await honest.range({ key, countOnly: true });
      return { previous: undefined, revision: revision + 1 };
    },
  }),
  "does a write twice": (honest) => ({
    async put(put) {
      await honest.put(put);
      return honest.put(put);
    },
  }),
  "reads what was": (honest) => ({
    async range(query, options) {
      const now = await honest.range({ ...query, countOnly: true }, options);
      const revision = Math.max(2, (query.revision || now.revision) - 5);
      return { ...(await honest.range({ ...query, revision }, options)), revision };
    },
  }),
  "reads other than at the revision that was asked for": (honest) => ({
    range: (query, options) =>
      honest.range(query.revision ? { ...query, revision: query.revision - 1 } : query, options),
  }),
  "carries out the wrong half of a transaction": (honest) => ({
    transact: ({ compares, success, failure }) =>
      honest.transact({ compares, success: failure, failure: success }),
  }),
  "deletes less than it says": (honest) => ({
    async delete(range) {
      const { revision } = await honest.range(range);
      return { deleted: 1, previous: [], revision: revision + 1 };
    },
  }),
};

/** Whatever the checks say of a history that clients of such a store have recorded. */
async function problemsWith(lie: Lie | undefined): Promise<string[]> {
  const random = seededRandom(SEED);
  await using store = new MvccModel({ clock: systemClock });
  await using honest = inProcess(store);
  const recorder = new Recorder();
  const dishonest = lie?.(honest) ?? {};
  const backend = new Proxy(honest, {
    get(target, name: keyof Backend) {
      const lying = recorder.calls.length >= LIES_FROM && random() * LIES_ONE_IN < 1;
      const method = (lying ? dishonest[name] : undefined) ?? (target[name] as () => unknown).bind(target);
      return method;
    },
  });
  await using reference = await clientWatcher("the reference", honest, { key: "\0", end: "" }, 2);
  const stop = new AbortController();
  const working = Array.from({ length: CLIENTS }, (_, client) =>
    work({ client, backend, recorder, random, signal: stop.signal, compacted: () => 0 }),
  );
  await recorder.more(CALLS, stop.signal);
  stop.abort();
  await Promise.all(working);
  await reference.reach(store.revision, AbortSignal.timeout(PATIENCE_MS));
  const replay = new Replay(reference.events);
  const verdict = checkLinearizable(etcdModel(replay), recorder.calls);
  const known = recorder.past.filter(({ revision }) => revision <= replay.revision);
  return [...(verdict.kind === "linearizable" ? [] : [verdict.kind]), ...checkPast(known, replay)];
}

suite(`recorded histories (PLINTH_SEED=${SEED})`, () => {
  test("show nothing wrong with a store that does as it says", async () => {
    assert.deepEqual(await problemsWith(undefined), []);
  });

  for (const [name, lie] of Object.entries(lies)) {
    test(`tell on a store that ${name}`, async () => {
      assert.notDeepEqual(await problemsWith(lie), []);
    });
  }
});
