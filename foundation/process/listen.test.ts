import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { canListen, whyNoListener } from "./index.ts";

test("whyNoListener() tells a port that is taken from an address that is not this machine's", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.match((await whyNoListener("127.0.0.1", port)) ?? "", /^another program listens there/);
  server.close();
  await once(server, "close");
  assert.equal(await whyNoListener("127.0.0.1", port), undefined);
  // Of RFC 5737: for documents, nobody's.
  assert.equal(await whyNoListener("192.0.2.1", port), "this machine has no such address");
  assert.equal(await canListen("192.0.2.1", port), false);
});
