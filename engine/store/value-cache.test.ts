import assert from "node:assert/strict";
import { test } from "node:test";
import { CACHED_VALUE_BYTES_MAX, CACHED_VALUES_BYTES_MAX } from "./limits.ts";
import { ValueCache } from "./value-cache.ts";
import type { Version } from "./version-index.ts";

const version = (revision: number): Version => ({
  key: "k",
  revision,
  ordinal: 0,
  createRevision: 1,
  version: revision,
  lease: 0n,
  deleted: false,
  bytes: 0,
  value: undefined,
});

function counting(bytes: number): { readonly cache: ValueCache; readonly reads: number[] } {
  const reads: number[] = [];
  const cache = new ValueCache(({ revision }) => {
    reads.push(revision);
    return Buffer.alloc(bytes, revision);
  });
  return { cache, reads };
}

test("valueOf() reads a version once, and each version's own value", () => {
  const { cache, reads } = counting(10);
  const [one, two] = [version(1), version(2)];
  for (const each of [one, two, one, two]) {
    assert.deepEqual(cache.valueOf(each), Buffer.alloc(10, each.revision));
  }
  assert.deepEqual(reads, [1, 2]);
});

test("the cache stays within its limit, and what came first goes first", () => {
  const bytes = CACHED_VALUE_BYTES_MAX;
  const { cache, reads } = counting(bytes);
  const versions = Array.from({ length: CACHED_VALUES_BYTES_MAX / bytes + 1 }, (_, index) => version(index));
  for (const each of versions) {
    cache.valueOf(each);
    assert.ok(cache.bytes <= CACHED_VALUES_BYTES_MAX);
  }
  reads.length = 0;
  cache.valueOf(versions.at(-1)!);
  assert.deepEqual(reads, []);
  cache.valueOf(versions[0]!);
  assert.deepEqual(reads, [0]);
});

test("a value that would push out many others is not kept", () => {
  const { cache, reads } = counting(CACHED_VALUE_BYTES_MAX + 1);
  const large = version(1);
  cache.valueOf(large);
  cache.valueOf(large);
  assert.deepEqual(reads, [1, 1]);
  assert.equal(cache.bytes, 0);
});
