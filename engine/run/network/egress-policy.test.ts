import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decidedRanges } from "./egress-policy.ts";
import { addressNumber, addressText, parseBlock } from "./subnet.ts";

const block = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 8, 9, 16, 24, 30, 31, 32))
  .map(([address, bits]) => `${addressText(address)}/${bits}`);
const blocks = fc.array(block, { maxLength: 8 });

/** The rule in its simplest form: of all that hold the address the longest prefix, of equals deny. */
function model(allow: readonly string[], deny: readonly string[], address: number): string | undefined {
  const holding = [
    ...deny.map((text) => ["deny", text] as const),
    ...allow.map((text) => ["allow", text] as const),
  ]
    .map(([verdict, text]) => ({ verdict, ...parseBlock(text)! }))
    .filter(({ first, last }) => first <= address && address <= last)
    .sort((one, other) => other.bits - one.bits);
  return holding[0]?.verdict;
}

test("decidedRanges() decides each address as the longest prefix does, in ranges that do not overlap", () => {
  fc.assert(
    fc.property(blocks, blocks, fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 })), (allow, deny, random) => {
      const ranges = decidedRanges({ default: "allow", allow, deny }).map(({ range, verdict }) => {
        const [first = "", last = first] = range.split("-");
        return { first: addressNumber(first)!, last: addressNumber(last)!, verdict };
      });
      for (const [index, { first }] of ranges.entries())
        assert.ok(index === 0 || ranges[index - 1]!.last < first);
      const edges = [...allow, ...deny]
        .map((text) => parseBlock(text)!)
        .flatMap(({ first, last }) => [first, last]);
      for (const address of [...edges, ...random]) {
        const found = ranges.find(({ first, last }) => first <= address && address <= last);
        assert.equal(found?.verdict, model(allow, deny, address), addressText(address));
      }
    }),
  );
});

test("decidedRanges() joins neighbours, prefers deny, and refuses what is no address", () => {
  assert.deepEqual(decidedRanges({ default: "deny", allow: ["10.0.0.0/9", "10.128.0.0/9"], deny: [] }), [
    { range: "10.0.0.0-10.255.255.255", verdict: "allow" },
  ]);
  assert.deepEqual(decidedRanges({ default: "deny", allow: ["1.1.1.1"], deny: ["1.1.1.1/32"] }), [
    { range: "1.1.1.1", verdict: "deny" },
  ]);
  assert.throws(() => decidedRanges({ default: "deny", allow: ["example.org"], deny: [] }), {
    code: "invalid",
    message: 'Cannot set egress: "example.org" is no IPv4 address or CIDR block',
  });
  const many = Array.from({ length: 1001 }, (_, index) => addressText(index * 7));
  assert.throws(() => decidedRanges({ default: "deny", allow: many, deny: [] }), { code: "invalid" });
});
