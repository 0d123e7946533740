import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import fc from "fast-check";
import { readServerName } from "./server-name.ts";

/** What a real client sends first. */
async function helloOf(servername: string | undefined): Promise<Buffer> {
  await using server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", ...(servername === undefined ? {} : { servername }) });
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [import("node:net").Socket];
  const chunks: Buffer[] = [];
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    if (readServerName(Buffer.concat(chunks)).kind !== "incomplete") break;
  }
  client.destroy();
  return Buffer.concat(chunks);
}

test("readServerName() reads what a real client asks for, however its bytes are cut", async () => {
  const hello = await helloOf("Shop.Example.org");
  assert.deepEqual(readServerName(hello), { kind: "found", name: "shop.example.org" });
  for (let cut = 0; cut < hello.length; cut += 1)
    assert.equal(readServerName(hello.subarray(0, cut)).kind, "incomplete", `cut at ${cut}`);
  assert.deepEqual(readServerName(Buffer.concat([hello, Buffer.from("more")])).kind, "found");
});

test("readServerName() tells a hello without a name from what is none", async () => {
  assert.equal(readServerName(await helloOf(undefined)).kind, "absent");
  assert.equal(readServerName(Buffer.from("GET / HTTP/1.1\r\n")).kind, "malformed");
  assert.equal(readServerName(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])).kind, "malformed");
  assert.equal(readServerName(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])).kind, "malformed");
});

test("readServerName() reads a hello in many records as one", async () => {
  const hello = await helloOf("a.example");
  const payload = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < payload.length; at += 7) {
    const part = payload.subarray(at, at + 7);
    records.push(Buffer.from([22, 3, 1, 0, part.length]), part);
  }
  assert.deepEqual(readServerName(Buffer.concat(records)), { kind: "found", name: "a.example" });
});

test("readServerName() survives any bytes and any damage", async () => {
  const hello = await helloOf("a.example");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readServerName(bytes);
      readServerName(Buffer.concat([Buffer.from([22, 3, 1]), bytes]));
    }),
  );
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
      const damaged = Buffer.from(hello);
      damaged[at] = value;
      const result = readServerName(damaged);
      if (result.kind === "found") assert.match(result.name, /^[a-z0-9._-]+$/);
    }),
  );
});
