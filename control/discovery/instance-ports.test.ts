import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { InstancePorts } from "./instance-ports.ts";
import { MachineClaims } from "./machine-claims.ts";

test("InstancePorts.allocate() never gives a port twice, passes over taken ones and claims more when short", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-claims-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const claims = new MachineClaims({ directory: "/h", id: "h" }, () => Promise.resolve("present"), directory);
  const stored: number[][] = [];
  const ports = new InstancePorts({
    claims,
    chunks: [],
    preferred: 190,
    onChunk: (chunks) => {
      stored.push([...chunks]);
      return Promise.resolve();
    },
  });
  const first = await ports.allocate();
  assert.ok(first >= 20_000 && first < 30_000);
  const taken = createServer().listen(first + 1, "127.0.0.1");
  await once(taken, "listening");
  const given = new Set([first]);
  for (let count = 0; count < 60; count++) given.add(await ports.allocate());
  taken.close();
  assert.equal(given.size, 61);
  assert.ok(!given.has(first + 1));
  assert.equal(stored.length, 2);
});

test("InstancePorts does not give a port again at once that was just freed", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-claims-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const claims = new MachineClaims({ directory: "/h", id: "h" }, () => Promise.resolve("present"), directory);
  const ports = new InstancePorts({ claims, chunks: [], preferred: 180, onChunk: () => Promise.resolve() });
  const first = await ports.allocate();
  ports.free(first);
  assert.notEqual(await ports.allocate(), first);
});
