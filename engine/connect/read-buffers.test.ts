import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { readInto, spent } from "./read-buffers.ts";
import { readBytes } from "./wire.ts";

const limit = { timeout: 30_000 };
const ROUNDS = 400;
/** Below, at and above what is copied, cut exactly, and read into a large buffer. */
const SIZES = [1, 100, 8_192, 8_193, 20_000, 32_768, 65_536, 300_000];

interface Kept {
  readonly bytes: Buffer;
  readonly digest: string;
}

const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("this Node lets accepted and connecting sockets read into buffers of ours", limit, async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  for (const socket of [client, accepted]) assert.ok(readInto(socket, () => true));
  client.destroy();
  accepted.destroy();
  server.close();
});

test("what is kept of reads is never written over, what is spent is used again", limit, async () => {
  const kept: Kept[] = [];
  const memories = new Set<ArrayBufferLike>();
  let large = 0;
  let turn = 0;
  const hashes: Promise<string>[] = [];
  const server = createServer((socket) => {
    const hash = createHash("sha256");
    readBytes(socket, (bytes) => {
      hash.update(bytes);
      if (bytes.length > 32_768) {
        large++;
        memories.add(bytes.buffer);
      }
      if (turn++ % 7 === 0) kept.push({ bytes, digest: digest(bytes) });
      else spent(bytes);
      return true;
    });
    hashes.push(once(socket, "end").then(() => (socket.end(), hash.digest("hex"))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sent = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const client = connect(port, "127.0.0.1");
      const hash = createHash("sha256");
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = randomBytes(SIZES[(round * 5 + index) % SIZES.length]!);
        hash.update(bytes);
        if (!client.write(bytes)) await once(client, "drain");
      }
      client.end();
      return hash.digest("hex");
    }),
  );
  assert.deepEqual((await Promise.all(hashes)).toSorted(), sent.toSorted());
  assert.ok(kept.length > 100);
  for (const { bytes, digest: before } of kept) assert.equal(digest(bytes), before);
  assert.ok(memories.size < large / 2, `${memories.size} buffers for ${large} large reads`);
  server.close();
});
