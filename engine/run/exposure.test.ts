import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { addressOf, exposedAddress } from "./exposure.ts";

test("addressOf() reads the kernel's hexadecimal addresses and leaves out loopback", () => {
  const zeros = "0".repeat(24);
  for (const [text, address] of [
    ["00000000:1F40", "0.0.0.0:8000"],
    ["0100007F:1F40", undefined],
    ["0300117F:1F40", undefined],
    ["0500A8C0:0050", "192.168.0.5:80"],
    [`${"0".repeat(32)}:0050`, "[::]:80"],
    [`${zeros}01000000:0050`, undefined],
    ["0000000000000000FFFF00000100007F:0050", undefined],
    ["0000000000000000FFFF00000500A8C0:0050", "192.168.0.5:80"],
    ["B80D0120000000000000000001000000:0050", "[2001:db8:0:0:0:0:0:1]:80"],
  ] as const) {
    assert.equal(addressOf(text), address, text);
  }
});

test("exposedAddress() finds a process listening beyond loopback, and only that one", async () => {
  const loopback = createServer().listen(0, "127.0.0.1");
  await once(loopback, "listening");
  assert.equal(await exposedAddress([process.pid]), undefined);
  // Bound for the moment of the check; it accepts nothing.
  const wide = createServer((socket) => socket.destroy()).listen(0, "0.0.0.0");
  await once(wide, "listening");
  assert.equal(await exposedAddress([process.pid]), `0.0.0.0:${(wide.address() as AddressInfo).port}`);
  assert.equal(await exposedAddress([process.ppid, 2 ** 30]), undefined);
  assert.equal(await exposedAddress([]), undefined);
  wide.close();
  loopback.close();
});
