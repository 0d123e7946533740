import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressKey, bridgeMac, instanceMac, portName } from "./names.ts";
import { addressNumber, addressText, halfOf, parseBlock, parseSubnet } from "./subnet.ts";

test("addressNumber() reads what addressText() writes, and nothing that others read differently", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
      assert.equal(addressNumber(addressText(number)), number);
    }),
  );
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4 ",
    "::1",
    "0x1.2.3.4",
    "1..3.4",
  ])
    assert.equal(addressNumber(text), undefined, text);
});

test("parseBlock() drops host bits and refuses what is no block", () => {
  assert.deepEqual(parseBlock("10.1.2.3/8"), { first: 10 * 2 ** 24, last: 11 * 2 ** 24 - 1, bits: 8 });
  assert.equal(parseBlock("0.0.0.0/0")?.last, 2 ** 32 - 1);
  for (const text of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "example.org", "10.0.0.0/-1"])
    assert.equal(parseBlock(text), undefined, text);
});

test("parseSubnet() splits a block between instances and virtual addresses", () => {
  const subnet = parseSubnet("10.213.0.0/16");
  assert.deepEqual(
    [subnet.gateway, subnet.instances, subnet.virtual],
    ["10.213.0.1", "10.213.0.0/17", "10.213.128.0/17"],
  );
  assert.equal(halfOf(subnet, "10.213.0.2"), "instances");
  assert.equal(halfOf(subnet, "10.213.127.255"), "instances");
  assert.equal(halfOf(subnet, "10.213.128.0"), "virtual");
  for (const nobody of ["10.213.0.0", "10.213.0.1", "10.213.255.255", "10.214.0.5", "10.212.0.5", "x"])
    assert.equal(halfOf(subnet, nobody), undefined, nobody);
  for (const text of ["10.213.0.0", "10.0.0.0/7", "10.0.0.0/29", "fd00::/64"])
    assert.throws(() => parseSubnet(text), { code: "invalid" }, text);
});

test("names of ports fit into the kernel's 15 characters and differ by address", () => {
  for (const cidr of ["10.0.0.0/8", "10.213.0.0/16", "192.168.7.0/24"]) {
    const subnet = parseSubnet(cidr);
    const address = addressText(subnet.last - 1);
    assert.ok(portName("plinth99", addressKey(subnet, address)).length <= 15);
  }
  assert.equal(addressKey(parseSubnet("10.213.0.0/16"), "10.213.1.10"), "010a");
  assert.equal(instanceMac("10.213.1.10"), "02:70:0a:d5:01:0a");
  assert.match(bridgeMac("home"), /^02(:[0-9a-f]{2}){5}$/);
});
