import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { mayStop, type RunningService } from "./stop-order.ts";

const names = ["a", "b", "c", "d", "e"];
const services = fc.tuple(
  ...names.map((name) => fc.record({ name: fc.constant(name), calls: fc.subarray(names) })),
);

test("mayStop() lets callers go before those they call", () => {
  const running = [
    { name: "storefront", calls: ["catalog", "cart"] },
    { name: "cart", calls: ["catalog"] },
    { name: "catalog", calls: [] },
    { name: "loadgen", calls: ["storefront"] },
  ];
  const order: string[][] = [];
  for (let left: RunningService[] = running; left.length > 0;) {
    const now = mayStop(left);
    order.push([...now]);
    left = left.filter(({ name }) => !now.has(name));
  }
  assert.deepEqual(order, [["loadgen"], ["storefront"], ["cart"], ["catalog"]]);
});

test("mayStop() always lets somebody go, and nobody who is called unless all that is left is in a circle", () => {
  fc.assert(
    fc.property(services, (running) => {
      const now = mayStop(running);
      assert.ok(now.size > 0);
      if (now.size === running.length) return;
      for (const { name, calls } of running)
        for (const callee of calls) assert.ok(callee === name || !now.has(callee));
    }),
  );
});
