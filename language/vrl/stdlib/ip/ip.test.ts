import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { ipText, parseIp, parseIpv4, parseIpv6 } from "./address.ts";
import { networkHas, parseNetwork } from "./network.ts";

const pieces = fc
  .array(fc.constantFrom("1", "0", ":", "::", ".", "ff", "255", "256", "01", "a:", "1.", "12345"), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

test("parseIpv4() and parseIpv6() know addresses as others do", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), pieces), (text) => {
      assert.equal(parseIpv4(text) !== undefined, isIPv4(text));
      assert.equal(parseIpv6(text) !== undefined, isIPv6(text));
    }),
    { numRuns: 1000 },
  );
});

test("parseIp() reads what ipText() writes", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      ),
      (bytes) => {
        assert.deepEqual(parseIp(ipText(bytes)), bytes);
      },
    ),
  );
});

test("networkHas() compares the bits before the prefix's end", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.integer({ min: 0, max: 32 }),
      (a, b, bits) => {
        const mask = bits === 0 ? 0n : ((1n << BigInt(bits)) - 1n) << BigInt(32 - bits);
        const dotted = (number: bigint) =>
          [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
        const network = parseNetwork(`${dotted(BigInt(a) & mask)}/${bits}`);
        assert.ok(typeof network !== "string");
        assert.equal(
          networkHas(network, parseIp(dotted(BigInt(b)))!),
          (BigInt(a) & mask) === (BigInt(b) & mask),
        );
      },
    ),
  );
});
