import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect as dial, createServer } from "node:net";
import { suite, test } from "node:test";
import { connect } from "@plinth/http2";
import { createGrpcServer, GrpcClient, GrpcError, implement, Status } from "./index.ts";
import {
  both,
  cases,
  collect,
  fails,
  ourClient,
  startOurs,
  startTheirs,
  theirClient,
  unary,
} from "./interop.ts";

for (const [name, start, clientOf] of [
  ["ours with ours", startOurs, ourClient],
  ["our client with grpc-js' server", startTheirs, ourClient],
  ["grpc-js' client with our server", startOurs, theirClient],
] as const) {
  suite(`gRPC, ${name}`, () => {
    for (const [title, run] of Object.entries(cases)) {
      test(title, async () => {
        await using serving = await start();
        const client = clientOf(serving.port);
        try {
          await run(client, serving);
        } finally {
          client.close();
        }
      });
    }
  });
}

test("GrpcClient.unary() compresses where both ends can", async () => {
  await using serving = await startOurs();
  const session = connect(dial(serving.port, "127.0.0.1"));
  const client = new GrpcClient(session, { authority: "a" });
  const answer = await client.unary(unary, { size: 50_000, text: "z".repeat(50_000) }, { encoding: "gzip" });
  assert.equal(answer.text!.length, 50_000);
  session.close();
});

test("a handler whose metadata cannot be sent ends its call with INTERNAL", async () => {
  const errors: unknown[] = [];
  const server = createGrpcServer({
    services: [
      implement(unary, async (call) => {
        call.trailers = [["x-a", "line\nfeed"]];
        return call.request();
      }),
    ],
    onError: (_path, error) => errors.push(error),
  });
  const listener = createServer((socket) => void server.serve(socket)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const session = connect(dial((listener.address() as AddressInfo).port, "127.0.0.1"));
  const client = new GrpcClient(session, { authority: "a" });
  await fails(client.unary(unary, {}), Status.internal);
  assert.equal(errors.length, 1);
  session.close();
  listener.close();
  await server.close();
});

test("createGrpcServer().close() lets calls under way end", async () => {
  const serving = await startOurs();
  const client = ourClient(serving.port);
  const call = client.open(both);
  await call.send({ size: 1 });
  await call.responses.next();
  const closed = serving[Symbol.asyncDispose]();
  await call.send({ size: 2 });
  assert.deepEqual((await call.responses.next()).value, { text: "aa" });
  call.end();
  assert.deepEqual(await collect(call), []);
  await closed;
});

test("GrpcError.unprocessed tells a call that never left from one that was lost on its way", async () => {
  await using serving = await startOurs();
  const socket = dial(serving.port, "127.0.0.1");
  const session = connect(socket);
  const client = new GrpcClient(session, { authority: "a" });
  const unprocessed = (expected: boolean) => (error: unknown) =>
    error instanceof GrpcError && error.status === Status.unavailable && error.unprocessed === expected;
  const call = client.open(both);
  await call.send({ size: 1 });
  await call.responses[Symbol.asyncIterator]().next();
  session.close();
  await assert.rejects(client.unary(unary, {}), unprocessed(true));
  socket.destroy();
  await assert.rejects(call.response(), unprocessed(false));
});
