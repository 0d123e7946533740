import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { exposedAddress, listenerOf, listeningAddresses } from "./exposure.ts";

test("listenerOf() reads the kernel's hexadecimal addresses and knows loopback", () => {
  const zeros = "0".repeat(24);
  for (const [text, address, isLoopback = false] of [
    ["00000000:1F40", "0.0.0.0:8000"],
    ["0100007F:1F40", "127.0.0.1:8000", true],
    ["0300117F:1F40", "127.17.0.3:8000", true],
    ["0500A8C0:0050", "192.168.0.5:80"],
    [`${"0".repeat(32)}:0050`, "[::]:80"],
    [`${zeros}01000000:0050`, "[::1]:80", true],
    ["0000000000000000FFFF00000100007F:0050", "127.0.0.1:80", true],
    ["0000000000000000FFFF00000500A8C0:0050", "192.168.0.5:80"],
    ["B80D0120000000000000000001000000:0050", "[2001:db8:0:0:0:0:0:1]:80"],
  ] as const) {
    assert.deepEqual(listenerOf(text), { address, isLoopback }, text);
  }
});

test("exposedAddress() finds a process listening beyond loopback, and only that one", async () => {
  const loopback = createServer().listen(0, "127.0.0.1");
  await once(loopback, "listening");
  assert.equal(await exposedAddress([process.pid]), undefined);
  const own = `127.0.0.1:${(loopback.address() as AddressInfo).port}`;
  assert.deepEqual(await listeningAddresses([process.pid]), [own]);
  // Bound for the moment of the check; it accepts nothing.
  const wide = createServer((socket) => socket.destroy()).listen(0, "0.0.0.0");
  await once(wide, "listening");
  assert.equal(await exposedAddress([process.pid]), `0.0.0.0:${(wide.address() as AddressInfo).port}`);
  assert.equal(await exposedAddress([process.ppid, 2 ** 30]), undefined);
  assert.equal(await exposedAddress([]), undefined);
  wide.close();
  loopback.close();
});
