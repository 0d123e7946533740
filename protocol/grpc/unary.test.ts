import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect as dial, createServer } from "node:net";
import { test } from "node:test";
import { connect } from "@plinth/http2";
import { createGrpcServer, GrpcClient, type Handler, implement, type ServerCall, Status } from "./index.ts";
import { fails, type Message, unary } from "./interop.ts";

/** A client of a server whose unary method has this handler. */
async function serving(
  handler: Handler<Message, Message>,
): Promise<{ readonly client: GrpcClient } & AsyncDisposable> {
  const server = createGrpcServer({ services: [implement(unary, handler)] });
  const listener = createServer((socket) => void server.serve(socket)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const session = connect(dial((listener.address() as AddressInfo).port, "127.0.0.1"));
  return {
    client: new GrpcClient(session, { authority: "a" }),
    async [Symbol.asyncDispose]() {
      session.close();
      listener.close();
      await server.close();
    },
  };
}

test("a unary handler is called when its request has ended, and may answer at once", async () => {
  const seen: Message[] = [];
  await using served = await serving(({ received }) => {
    seen.push(received);
    return { text: `${received.text} again` };
  });
  const slow = served.client.open(unary);
  await slow.send({ text: "slow" });
  // A later call of the same connection is answered: what was sent before it has arrived.
  assert.deepEqual(await served.client.unary(unary, { text: "fast" }), { text: "fast again" });
  assert.deepEqual(seen, [{ text: "fast" }]);
  slow.end();
  assert.deepEqual(await slow.response(), { text: "slow again" });
});

test("a unary call with two requests is refused before it ends, and one without any when it does", async () => {
  let calls = 0;
  await using served = await serving(({ received }) => {
    calls++;
    return received;
  });
  const twice = served.client.open(unary);
  await twice.send({});
  await twice.send({});
  await fails(twice.response(), Status.unimplemented);
  const never = served.client.open(unary);
  never.end();
  await fails(never.response(), Status.unimplemented);
  assert.equal(calls, 0);
});

test("a signal is aborted when it is asked for after the caller has cancelled", async () => {
  const calls: ServerCall<Message>[] = [];
  await using served = await serving((call) => {
    if (call.received.text === "probe") return {};
    calls.push(call);
    return new Promise(() => {});
  });
  const cancelled = served.client.open(unary);
  await cancelled.send({});
  cancelled.end();
  await served.client.unary(unary, { text: "probe" });
  cancelled.cancel();
  await served.client.unary(unary, { text: "probe" });
  assert.equal(calls.length, 1);
  assert.equal(calls[0]!.signal.aborted, true);
});

test("a call whose request cannot be encoded fails with the reason, and leaves the connection as it was", async () => {
  await using served = await serving(({ received }) => received);
  const request = {
    ...unary.request,
    encode: (): Buffer => {
      throw new RangeError("this cannot be written");
    },
  };
  await assert.rejects(served.client.unary({ ...unary, request }, {}), { message: "this cannot be written" });
  assert.deepEqual(await served.client.unary(unary, { text: "next" }), { text: "next" });
});
