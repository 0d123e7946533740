import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Part, Quota } from "./quota.ts";

test("Part takes half of a quota alone, a third with another, and leaves room for the next", () => {
  const quota = new Quota(1_200);
  const [one, other, late] = [new Part(quota), new Part(quota), new Part(quota)];
  while (one.take(1));
  assert.equal(one.has, 600);
  while (other.take(1));
  assert.equal(other.has, 300);
  assert.ok(late.take(1));
  one.add(-400);
  while (other.take(1));
  assert.ok(other.has >= 400 && other.has <= 600, String(other.has));
});

test("Parts never have more than the quota, whoever takes and gives in whatever order", () => {
  const step = fc.record({ who: fc.nat(4), amount: fc.integer({ min: 1, max: 90 }), gives: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const quota = new Quota(500);
      const parts = Array.from({ length: 5 }, () => new Part(quota));
      for (const { who, amount, gives } of steps) {
        const part = parts[who]!;
        if (gives) part.add(-Math.min(part.has, amount));
        else if (part.take(amount)) assert.ok(part.has <= quota.max - quota.taken);
        assert.equal(
          quota.taken,
          parts.reduce((sum, { has }) => sum + has, 0),
        );
        assert.ok(quota.taken <= quota.max);
      }
    }),
  );
});
