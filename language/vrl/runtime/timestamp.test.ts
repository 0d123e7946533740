import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { civilOf, compareTimestamps, secondsOf, SECONDS_MAX, SECONDS_MIN, Timestamp } from "./timestamp.ts";

const seconds = fc.oneof(
  fc.integer({ min: -5_000_000_000, max: 5_000_000_000 }),
  fc.maxSafeInteger().map((value) => SECONDS_MIN + (Math.abs(value) % (SECONDS_MAX - SECONDS_MIN + 1))),
);
const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });

suite("timestamps", () => {
  test("civilOf() and secondsOf() are each other's inverse, and the platform's where it has dates", () => {
    fc.assert(
      fc.property(seconds, (value) => {
        const civil = civilOf(value);
        assert.equal(secondsOf(civil), value);
        if (Math.abs(value) > 8_640_000_000_000) return;
        // oxlint-disable-next-line eslint/no-restricted-globals -- the platform's calendar is the model
        const date = new Date(value * 1000);
        assert.deepEqual(civil, {
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
          hour: date.getUTCHours(),
          minute: date.getUTCMinutes(),
          second: date.getUTCSeconds(),
        });
      }),
    );
  });

  test("toString() tells as many digits of the second as there are, by threes", () => {
    for (const [nanos, told] of [
      [0, "1970-01-01T00:00:00Z"],
      [500_000_000, "1970-01-01T00:00:00.500Z"],
      [1000, "1970-01-01T00:00:00.000001Z"],
      [1, "1970-01-01T00:00:00.000000001Z"],
    ] as const)
      assert.equal(new Timestamp(0, nanos).toString(), told);
    assert.equal(new Timestamp(SECONDS_MIN, 0).toString(), "-262143-01-01T00:00:00Z");
    assert.equal(new Timestamp(SECONDS_MAX, 0).toString(), "+262142-12-31T23:59:59Z");
    assert.equal(new Timestamp(-62_198_755_200, 0).toString(), "-0001-01-01T00:00:00Z");
  });

  test("compareTimestamps() orders by second, then by nanosecond", () => {
    fc.assert(
      fc.property(seconds, nanoseconds, seconds, nanoseconds, (a, aNanos, b, bNanos) => {
        const [left, right] = [
          BigInt(a) * 10n ** 9n + BigInt(aNanos),
          BigInt(b) * 10n ** 9n + BigInt(bNanos),
        ];
        const order = compareTimestamps(new Timestamp(a, aNanos), new Timestamp(b, bNanos));
        assert.equal(order, left < right ? -1 : left > right ? 1 : 0);
      }),
    );
  });

  test("milliseconds come back to the nanosecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: -8e12, max: 8e12 }), (milliseconds) => {
        assert.equal(Timestamp.fromMilliseconds(milliseconds).milliseconds, milliseconds);
      }),
    );
  });
});
