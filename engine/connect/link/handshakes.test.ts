import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { HANDSHAKES_PER_ADDRESS_MAX, HANDSHAKES_WAITING_PER_ADDRESS_MAX } from "../limits.ts";
import { Handshakes } from "./handshakes.ts";

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  destroyed = false;

  constructor(address: string, port: number) {
    super();
    this.remoteAddress = address;
    this.remotePort = port;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function socketsFrom(address: string, count: number): (FakeSocket & Socket)[] {
  return Array.from({ length: count }, (_, port) => new FakeSocket(address, port) as FakeSocket & Socket);
}

test("a flood of handshakes from one address waits, and another address goes ahead of it", () => {
  const begun: Socket[] = [];
  const handshakes = new Handshakes((socket) => begun.push(socket));
  const flood = socketsFrom("10.0.0.1", HANDSHAKES_PER_ADDRESS_MAX + HANDSHAKES_WAITING_PER_ADDRESS_MAX + 1);
  const taken = flood.map((socket) => handshakes.add(socket));
  assert.equal(begun.length, HANDSHAKES_PER_ADDRESS_MAX);
  assert.deepEqual(taken.indexOf(false), flood.length - 1);
  const [other] = socketsFrom("10.0.0.2", 1);
  assert.ok(handshakes.add(other!));
  assert.equal(begun.at(-1), other);
  // Each that ends makes room for one that waits.
  flood[0]!.destroy();
  assert.equal(begun.at(-1), flood[HANDSHAKES_PER_ADDRESS_MAX]);
  handshakes.succeeded(flood[1]!);
  flood[1]!.destroy();
  assert.equal(begun.at(-1), flood[HANDSHAKES_PER_ADDRESS_MAX + 1]);
  // One that goes away while it waits is not begun.
  flood[HANDSHAKES_PER_ADDRESS_MAX + 2]!.destroy();
  flood[2]!.destroy();
  assert.equal(begun.at(-1), flood[HANDSHAKES_PER_ADDRESS_MAX + 3]);
  handshakes.destroy();
  assert.ok(flood.slice(3, -1).every((socket) => socket.destroyed));
});

test("addresses take turns", () => {
  const begun: Socket[] = [];
  const handshakes = new Handshakes((socket) => begun.push(socket));
  const groups = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) => socketsFrom(address, 100));
  for (const group of groups) for (const socket of group) handshakes.add(socket);
  const first = begun.length;
  for (let index = 0; index < 60; index++) (begun[index] as FakeSocket & Socket).destroy();
  const addresses = new Set(begun.slice(first).map(({ remoteAddress }) => remoteAddress));
  assert.ok(addresses.has("10.0.0.3"), [...addresses].join());
});
