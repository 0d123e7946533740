import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

test("quantileMs() is never below the true quantile and at most 1.6 % and a microsecond above", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1),
      (micros, share) => {
        const histogram = new Histogram();
        for (const each of micros) histogram.add(each / 1000);
        const truth = micros.toSorted((one, other) => one - other)[Math.ceil(share * micros.length) - 1]!;
        const told = histogram.quantileMs(share) * 1000;
        assert.ok(told > truth - 0.001 && told <= truth * 1.016 + 1, `${told} for ${truth}`);
      },
    ),
  );
});
