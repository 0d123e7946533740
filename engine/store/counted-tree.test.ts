import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Countable, CountedTree } from "./counted-tree.ts";

/** As many keys as make a tree of three levels, and few enough that removals meet insertions. */
const KEYS = 6000;
const keyOf = (number: number): string => String(number).padStart(5, "0");

function scanned(tree: CountedTree<Countable>, key: string, end: string, countedOnly: boolean): string[] {
  const keys: string[] = [];
  tree.scan(key, end, countedOnly, (entry) => keys.push(entry.key) > 0);
  return keys;
}

function assertEqual(
  tree: CountedTree<Countable>,
  model: Map<string, boolean>,
  bounds: readonly string[],
): void {
  const sorted = [...model.keys()].sort();
  for (const key of bounds) {
    assert.equal(tree.get(key)?.key, model.has(key) ? key : undefined);
    for (const end of ["", ...bounds]) {
      const inside = sorted.filter((each) => each >= key && (end === "" || each < end));
      const counted = inside.filter((each) => model.get(each));
      assert.equal(tree.count(key, end), counted.length);
      assert.deepEqual(scanned(tree, key, end, false), inside);
      assert.deepEqual(scanned(tree, key, end, true), counted);
    }
  }
}

/** Runs of neighbouring keys are put in, taken out and changed, so that nodes split and join. */
const someRun = fc.record({
  action: fc.constantFrom("insert", "delete", "count", "discount"),
  start: fc.nat(KEYS - 1),
  step: fc.integer({ min: 1, max: 7 }),
  length: fc.integer({ min: 1, max: 2000 }),
});

test("CountedTree counts and lists any range as a sorted list does", () => {
  const property = fc.property(
    fc.array(someRun, { maxLength: 25 }),
    fc.array(fc.nat(KEYS).map(keyOf), { minLength: 1, maxLength: 4 }),
    (runs, bounds) => {
      const tree = new CountedTree<Countable>();
      const model = new Map<string, boolean>();
      for (const { action, start, step, length } of runs) {
        for (let number = start; number < Math.min(KEYS, start + step * length); number += step) {
          const key = keyOf(number);
          if (action === "delete") {
            tree.delete(key);
            model.delete(key);
          } else if (!model.has(key)) {
            if (action !== "insert") continue;
            const counted = number % 3 > 0;
            tree.insert({ key, counted });
            model.set(key, counted);
          } else if (action !== "insert") {
            tree.setCounted(tree.get(key)!, action === "count");
            model.set(key, action === "count");
          }
        }
        assertEqual(tree, model, bounds.slice(0, 1));
      }
      assertEqual(tree, model, bounds);
    },
  );
  fc.assert(property, { numRuns: 60 });
});

test("CountedTree is empty again once all is taken out, and usable", () => {
  const tree = new CountedTree<Countable>();
  for (let number = 0; number < KEYS; number++) tree.insert({ key: keyOf(number), counted: true });
  assert.equal(tree.count("", ""), KEYS);
  for (let number = 0; number < KEYS; number++) tree.delete(keyOf((number * 7) % KEYS));
  for (let number = 0; number < KEYS; number++) tree.delete(keyOf(number));
  assert.equal(tree.count("", ""), 0);
  assert.deepEqual(scanned(tree, "", "", false), []);
  tree.insert({ key: "a", counted: true });
  assert.equal(tree.count("a", "b"), 1);
});
