import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type InstanceView, planRollout, type ServiceTarget } from "./rollout.ts";

const state = fc.constantFrom<InstanceView["state"]>("Pending", "Starting", "Ready", "Unready", "Backoff");
const instances = fc
  .array(
    fc.record({
      revision: fc.constantFrom("a", "b", "c"),
      state,
      leaving: fc.boolean(),
      isRouted: fc.constant(false),
    }),
    {
      maxLength: 8,
    },
  )
  .map((list): InstanceView[] => list.map((one, index) => ({ ...one, name: `i${index}` })));
const target = fc.record({
  revision: fc.constantFrom("a", "b"),
  replicas: fc.integer({ min: 0, max: 5 }),
  stopFirst: fc.boolean(),
});

const serving = (list: readonly InstanceView[]): number =>
  list.filter(({ state: is, leaving }) => is === "Ready" && !leaving).length;

/** Carries actions out, then lets time pass: what is new gets ready, what leaves is gone. */
function step(
  wanted: ServiceTarget,
  before: readonly InstanceView[],
  next: () => string,
): InstanceView[] | undefined {
  const actions = planRollout(wanted, before);
  if (actions.length === 0) return undefined;
  let list = [...before];
  for (const action of actions) {
    if (action.type === "leave") {
      list = list.map((one) => (one.name === action.instance ? { ...one, leaving: true } : one));
    } else {
      for (let made = 0; made < action.count; made++) {
        list.push({
          name: next(),
          revision: wanted.revision,
          state: "Pending",
          leaving: false,
          isRouted: false,
        });
      }
    }
  }
  return list;
}

test("planRollout() reaches the target from anywhere, then has nothing left to do", () => {
  fc.assert(
    fc.property(target, instances, (wanted, initial) => {
      let made = 0;
      let list: readonly InstanceView[] = initial;
      for (let turn = 0; turn < 100; turn++) {
        const after = step(wanted, list, () => `n${made++}`) ?? list;
        list = after.filter(({ leaving }) => !leaving).map((one) => ({ ...one, state: "Ready" as const }));
      }
      assert.deepEqual(planRollout(wanted, list), []);
      assert.equal(list.length, wanted.replicas);
      assert.ok(list.every(({ revision }) => revision === wanted.revision));
    }),
  );
});

test("planRollout() never takes away a ready instance that is still needed, unless the port is fixed", () => {
  fc.assert(
    fc.property(target, instances, (wanted, initial) => {
      if (wanted.stopFirst) return;
      const after = step(wanted, initial, () => "new") ?? initial;
      assert.ok(serving(after) >= Math.min(serving(initial), wanted.replicas));
    }),
  );
});

test("planRollout() with a fixed port starts nothing before the old instance is gone", () => {
  const wanted: ServiceTarget = { revision: "b", replicas: 1, stopFirst: true };
  const old: InstanceView = { name: "old", revision: "a", state: "Ready", leaving: false, isRouted: false };
  assert.deepEqual(planRollout(wanted, [old]), [{ type: "leave", instance: "old" }]);
  assert.deepEqual(planRollout(wanted, [{ ...old, leaving: true }]), []);
  assert.deepEqual(planRollout(wanted, []), [{ type: "create", count: 1 }]);
});
