import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RetryBudget } from "./retry-budget.ts";

const WINDOW_MS = 10_000;

test("RetryBudget allows a hundred retries in ten seconds to a caller with few requests, and no more", () => {
  const budget = new RetryBudget();
  let taken = 0;
  for (let index = 0; index < 500; index++) if (budget.withdraw(50_000)) taken++;
  assert.equal(taken, 100);
  assert.ok(!budget.withdraw(58_999));
  assert.ok(budget.withdraw(60_000)); // the window has gone by
});

test("RetryBudget allows a fifth of the requests, and never more in any window", () => {
  const requests = 10_000;
  const budget = new RetryBudget();
  let taken = 0;
  for (let index = 0; index < requests; index++) budget.deposit(1_000 + Math.floor(index / 2));
  while (budget.withdraw(6_000)) taken++;
  assert.equal(taken, requests / 5);
});

test("RetryBudget's retries stay within a fifth or the minimum, however requests and retries come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ waitMs: fc.nat(900), requests: fc.nat(400), wanted: fc.nat(400) }), {
        maxLength: 60,
      }),
      (steps) => {
        const budget = new RetryBudget();
        const retries: { atMs: number; taken: number }[] = [];
        const requests: { atMs: number; count: number }[] = [];
        let nowMs = 5_000;
        for (const { waitMs, requests: count, wanted } of steps) {
          nowMs += waitMs;
          for (let index = 0; index < count; index++) budget.deposit(nowMs);
          requests.push({ atMs: nowMs, count });
          let taken = 0;
          for (let index = 0; index < wanted; index++) if (budget.withdraw(nowMs)) taken++;
          retries.push({ atMs: nowMs, taken });
          // Slots of a second make the window between nine and ten seconds long.
          const inWindow = (atMs: number): boolean => atMs > nowMs - WINDOW_MS + 1_000;
          const retried = retries
            .filter(({ atMs }) => inWindow(atMs))
            .reduce((sum, each) => sum + each.taken, 0);
          const asked = requests
            .filter(({ atMs }) => atMs > nowMs - WINDOW_MS)
            .reduce((sum, each) => sum + each.count, 0);
          if (taken > 0) assert.ok(retried <= Math.max(100, asked / 5), `${retried} of ${asked}`);
        }
      },
    ),
  );
});
