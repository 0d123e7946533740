import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LayeredMap } from "./layered-map.ts";

interface Change {
  readonly from: number;
  readonly key: string;
  readonly value: { readonly number: number } | undefined;
}

const change: fc.Arbitrary<Change> = fc.record({
  from: fc.nat(),
  key: fc.constantFrom("a", "b", "c", "d", "e"),
  value: fc.option(fc.record({ number: fc.nat(3) }), { nil: undefined, freq: 3 }),
});

test("LayeredMap is what a Map is after the same changes, and knows where two of them differ", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 80 }), (changes) => {
      const maps = [
        { ours: LayeredMap.of<string, object>([["a", {}]]), model: new Map([["a", {} as object]]) },
      ];
      maps[0]!.model = new Map(maps[0]!.ours);
      for (const { from, key, value } of changes) {
        // Mostly on the last, so that layers pile up; now and then on an earlier one.
        const { ours, model } = maps[from % 4 === 0 ? from % maps.length : maps.length - 1]!;
        const changed = new Map(model);
        if (value === undefined) changed.delete(key);
        else changed.set(key, value);
        maps.push({ ours: value === undefined ? ours.without(key) : ours.with(key, value), model: changed });
      }
      for (const { ours, model } of maps) {
        for (const key of ["a", "b", "c", "d", "e"]) assert.equal(ours.get(key), model.get(key));
        assert.equal(ours.size, model.size);
      }
      const [left, right] = [maps.at(-1)!, maps[Math.floor(maps.length / 2)]!];
      const apart = left.ours.keysApart(right.ours);
      for (const key of ["a", "b", "c", "d", "e"])
        assert.ok(apart.has(key) || left.model.get(key) === right.model.get(key), key);
      for (const { ours, model } of maps) assert.deepEqual(new Map(ours), model);
    }),
  );
});

test("LayeredMap stays the same map where nothing changes", () => {
  const value = {};
  const map = LayeredMap.of<string, object>([["a", value]]);
  assert.equal(map.with("a", value), map);
  assert.equal(map.without("b"), map);
});
