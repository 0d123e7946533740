import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Counter, Exposition, Gauge, Histogram, quantile } from "./index.ts";

test("Exposition writes families, escaped labels and cumulative buckets", () => {
  const requests = new Counter();
  requests.increment();
  requests.increment(2);
  const open = new Gauge();
  open.add(3);
  open.set(open.value - 1);
  const latency = new Histogram([1, 5]);
  for (const value of [0.5, 1, 4, 9]) latency.observe(value);
  const text = new Exposition();
  text.family("request_total", "counter", "Requests.\nAll of them.");
  text.sample({ path: 'a"b\\c\nd', code: 200 }, requests.value);
  text.family("open", "gauge", "Open now.");
  text.sample({}, open.value);
  text.family("latency_ms", "histogram", "Latency.");
  text.histogram({ a: "b" }, latency);
  assert.equal(
    text.toString(),
    [
      "# HELP request_total Requests.\\nAll of them.",
      "# TYPE request_total counter",
      'request_total{path="a\\"b\\\\c\\nd",code="200"} 3',
      "# HELP open Open now.",
      "# TYPE open gauge",
      "open 2",
      "# HELP latency_ms Latency.",
      "# TYPE latency_ms histogram",
      'latency_ms_bucket{a="b",le="1"} 2',
      'latency_ms_bucket{a="b",le="5"} 3',
      'latency_ms_bucket{a="b",le="+Inf"} 4',
      'latency_ms_sum{a="b"} 14.5',
      'latency_ms_count{a="b"} 4',
      "",
    ].join("\n"),
  );
});

test("Histogram counts each observation once, in the first bucket whose bound is not below it", () => {
  const bounds = [1, 2, 5, 10];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (values) => {
      const histogram = new Histogram(bounds);
      for (const value of values) histogram.observe(value);
      const expected = [...bounds, Infinity].map(
        (bound, index) =>
          values.filter((value) => value <= bound && (index === 0 || value > bounds[index - 1]!)).length,
      );
      assert.deepEqual([...histogram.counts], expected);
      assert.equal(histogram.count, values.length);
    }),
  );
});

test("quantile() interpolates within the bucket and knows an empty histogram", () => {
  assert.equal(quantile([10, 20], [0, 0, 0], 0.5), undefined);
  assert.equal(quantile([10, 20], [10, 0, 0], 0.5), 5);
  assert.equal(quantile([10, 20], [5, 5, 0], 0.75), 15);
  assert.equal(quantile([10, 20], [0, 0, 4], 0.5), 20);
});

test("quantile() lies within the bounds and never falls as the fraction grows", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { minLength: 5, maxLength: 5 }), (counts) => {
      let last = 0;
      for (const fraction of [0.01, 0.5, 0.9, 0.99, 1]) {
        const value = quantile([1, 2, 5, 10], counts, fraction);
        if (value === undefined) return counts.every((count) => count === 0);
        if (value < last || value > 10) return false;
        last = value;
      }
      return true;
    }),
  );
});
