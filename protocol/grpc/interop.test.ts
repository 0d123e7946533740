import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect as dial, createServer } from "node:net";
import { suite, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { connect } from "@plinth/http2";
import {
  type CallOptions,
  createGrpcServer,
  GrpcClient,
  GrpcError,
  implement,
  type Metadata,
  type Method,
  type ServerCall,
  Status,
} from "./index.ts";

/** The cases of gRPC's interoperability tests, between this package and @grpc/grpc-js, and with itself. */

interface Message {
  /** The answer's text has so many characters; a list for several answers. */
  size?: number;
  sizes?: number[];
  text?: string;
  status?: number;
  statusText?: string;
}

const json = {
  encode: (message: Message): Buffer => Buffer.from(JSON.stringify(message)),
  decode: (bytes: Buffer): Message => JSON.parse(bytes.toString()) as Message,
};
type TestMethod = Method<Message, Message>;
const method = (name: string, requestStream: boolean, responseStream: boolean): TestMethod => ({
  path: `/test.Interop/${name}`,
  requestStream,
  responseStream,
  request: json,
  response: json,
});
const unary = method("Unary", false, false);
const up = method("Up", true, false);
const down = method("Down", false, true);
const both = method("Both", true, true);
const sleep = method("Sleep", true, true);
const nowhere = method("Nowhere", false, false);
const noService: TestMethod = { ...nowhere, path: "/test.None/Unary" };

interface Serving extends AsyncDisposable {
  readonly port: number;
  /** Settles when a Sleep call has been cancelled. */
  readonly cancelled: Promise<void>;
}

const answerTo = ({ size = 0 }: Message): Message => ({ text: "a".repeat(size) });

async function startOurs(): Promise<Serving> {
  const cancelled = Promise.withResolvers<void>();
  const echo = (call: ServerCall<Message>): void => {
    for (const [name, value] of call.metadata) {
      if (name === "x-head") call.sendHead([[name, value]]);
      if (name === "x-trailer-bin") call.trailers = [[name, value]];
    }
  };
  const server = createGrpcServer({
    services: [
      implement(unary, async (call) => {
        echo(call);
        const message = await call.request();
        if (message.status !== undefined) throw new GrpcError(message.status, message.statusText ?? "");
        return answerTo(message);
      }),
      implement(up, async (call) => {
        let size = 0;
        for await (const message of call.requests) size += message.text?.length ?? 0;
        return { size };
      }),
      implement(down, async function* (call) {
        for (const size of (await call.request()).sizes ?? []) yield answerTo({ size });
      }),
      implement(both, async function* (call) {
        echo(call);
        for await (const message of call.requests) {
          if (message.status !== undefined) throw new GrpcError(message.status, message.statusText ?? "");
          yield answerTo(message);
        }
      }),
      implement(sleep, async function* (call) {
        call.signal.addEventListener("abort", () => cancelled.resolve());
        for await (const message of call.requests) yield answerTo(message);
        await once(call.signal, "abort");
      }),
    ],
  });
  const listener = createServer((socket) => void server.serve(socket)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    cancelled: cancelled.promise,
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      await server.close();
      await closed;
    },
  };
}

const definition = (each: TestMethod): grpc.MethodDefinition<Message, Message> => ({
  path: each.path,
  requestStream: each.requestStream,
  responseStream: each.responseStream,
  requestSerialize: json.encode,
  requestDeserialize: json.decode,
  responseSerialize: json.encode,
  responseDeserialize: json.decode,
});

async function startTheirs(): Promise<Serving> {
  const cancelled = Promise.withResolvers<void>();
  type Streaming = grpc.ServerDuplexStream<Message, Message>;
  type Any = grpc.ServerUnaryCall<Message, Message> | Streaming;
  const echo = (call: Any): grpc.Metadata => {
    const head = call.metadata.get("x-head");
    const trailers = new grpc.Metadata();
    for (const value of call.metadata.get("x-trailer-bin")) trailers.add("x-trailer-bin", value);
    if (head.length > 0) {
      const sent = new grpc.Metadata();
      for (const value of head) sent.add("x-head", value);
      call.sendMetadata(sent);
    }
    return trailers;
  };
  const server = new grpc.Server();
  server.addService(
    {
      Unary: definition(unary),
      Up: definition(up),
      Down: definition(down),
      Both: definition(both),
      Sleep: definition(sleep),
    },
    {
      Unary(call: grpc.ServerUnaryCall<Message, Message>, done: grpc.sendUnaryData<Message>) {
        const trailers = echo(call);
        const { status: code, statusText: details } = call.request;
        if (code === undefined) done(null, answerTo(call.request), trailers);
        else
          done({ code: grpc.status[grpc.status[code] as keyof typeof grpc.status], details: details ?? "" });
      },
      Up(call: grpc.ServerReadableStream<Message, Message>, done: grpc.sendUnaryData<Message>) {
        let size = 0;
        call.on("data", (message: Message) => (size += message.text?.length ?? 0));
        call.on("end", () => done(null, { size }));
      },
      Down(call: grpc.ServerWritableStream<Message, Message>) {
        for (const size of call.request.sizes ?? []) call.write(answerTo({ size }));
        call.end();
      },
      Both(call: Streaming) {
        const trailers = echo(call);
        call.on("data", (message: Message) => {
          if (message.status === undefined) call.write(answerTo(message));
          else call.emit("error", { code: message.status, details: message.statusText ?? "" });
        });
        call.on("end", () => call.end(trailers));
      },
      Sleep(call: Streaming) {
        call.on("cancelled", () => cancelled.resolve());
        call.on("data", (message: Message) => call.write(answerTo(message)));
        call.on("error", () => {});
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    cancelled: cancelled.promise,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
  };
}

/** What the cases need of a client's call. */
interface Calling {
  send(message: Message): Promise<void>;
  end(): void;
  cancel(): void;
  readonly responses: AsyncIterator<Message>;
  readonly head: Promise<Metadata>;
  readonly trailers: Promise<Metadata>;
}

interface Client {
  open(which: TestMethod, options?: CallOptions): Calling;
  close(): void;
}

function ourClient(port: number): Client {
  const session = connect(dial(port, "127.0.0.1"));
  const client = new GrpcClient(session, { authority: `127.0.0.1:${port}` });
  return {
    open(which, options) {
      const call = client.open(which, options);
      return {
        send: (message) => call.send(message),
        end: () => call.end(),
        cancel: () => call.cancel(),
        responses: call.responses[Symbol.asyncIterator](),
        head: call.head,
        trailers: call.trailers,
      };
    },
    close: () => session.close(),
  };
}

const ofTheirs = (metadata: grpc.Metadata): Metadata =>
  Object.keys(metadata.getMap())
    .filter((name) => name.startsWith("x-"))
    .flatMap((name) => metadata.get(name).map((value) => [name, value] as const));

function theirClient(port: number): Client {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return {
    open(which, options = {}) {
      const metadata = new grpc.Metadata();
      for (const [name, value] of options.metadata ?? []) metadata.add(name, value);
      const call = client.makeBidiStreamRequest(
        which.path,
        json.encode,
        json.decode,
        metadata,
        options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs },
      );
      const head = new Promise<Metadata>((resolve) => call.on("metadata", (got) => resolve(ofTheirs(got))));
      const trailers = new Promise<Metadata>((resolve) =>
        call.on("status", (status) => resolve(ofTheirs(status.metadata))),
      );
      const responses = call[Symbol.asyncIterator]() as AsyncIterator<Message>;
      return {
        send: (message) =>
          new Promise((resolve) => {
            call.write(message, () => resolve());
          }),
        end: () => call.end(),
        cancel: () => call.cancel(),
        responses: {
          next: () =>
            responses.next().catch((error: grpc.ServiceError) => {
              throw new GrpcError(error.code, error.details);
            }),
        },
        head,
        trailers,
      };
    },
    close: () => client.close(),
  };
}

async function collect(call: Calling): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const { value, done } = await call.responses.next();
    if (done) return all;
    all.push(value);
  }
}

/** One request and all that answers it. */
async function ask(
  client: Client,
  which: TestMethod,
  message: Message,
  options?: CallOptions,
): Promise<Message[]> {
  const call = client.open(which, options);
  void call.send(message).catch(() => {});
  call.end();
  return collect(call);
}

const fails = (asked: Promise<unknown>, status: number, message?: string): Promise<void> =>
  assert.rejects(asked, (error: GrpcError) => {
    assert.equal(error.status, status, error.message);
    if (message !== undefined) assert.equal(error.message, message);
    return true;
  });

type Case = (client: Client, serving: Serving) => Promise<void>;
const SIZES = [31_415, 9, 2_653, 58_979];

const cases: Record<string, Case> = {
  async empty_unary(client) {
    assert.deepEqual(await ask(client, unary, {}), [{ text: "" }]);
  },
  async large_unary(client) {
    const [answer] = await ask(client, unary, { size: 2_000_000, text: "b".repeat(2_000_000) });
    assert.equal(answer!.text!.length, 2_000_000);
  },
  async client_streaming(client) {
    const call = client.open(up);
    for (const size of [27_182, 8, 1_828, 45_904]) await call.send({ text: "c".repeat(size) });
    call.end();
    assert.deepEqual(await collect(call), [{ size: 74_922 }]);
  },
  async server_streaming(client) {
    const answers = await ask(client, down, { sizes: SIZES });
    assert.deepEqual(
      answers.map(({ text }) => text!.length),
      SIZES,
    );
  },
  async many_large_messages_to_a_reader_that_takes_its_time(client) {
    const call = client.open(down);
    await call.send({ sizes: Array.from({ length: 40 }, () => 100_000) });
    call.end();
    assert.equal((await call.responses.next()).done, false);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await collect(call)).length, 39);
  },
  async ping_pong(client) {
    const call = client.open(both);
    for (const size of SIZES) {
      await call.send({ size });
      assert.equal(((await call.responses.next()).value as Message).text!.length, size);
    }
    call.end();
    assert.deepEqual(await collect(call), []);
  },
  async empty_stream(client) {
    const call = client.open(both);
    call.end();
    assert.deepEqual(await collect(call), []);
  },
  async custom_metadata(client) {
    const octets = Buffer.from([0xab, 0xab, 0xab, 0, 255]);
    for (const which of [unary, both]) {
      const call = client.open(which, {
        metadata: [
          ["x-head", "test_initial_metadata_value"],
          ["x-trailer-bin", octets],
        ],
      });
      await call.send({ size: 3 });
      call.end();
      assert.equal((await collect(call)).length, 1);
      const head = (await call.head).filter(([name]) => name === "x-head");
      assert.deepEqual(head, [["x-head", "test_initial_metadata_value"]]);
      const trailer = (await call.trailers).find(([name]) => name === "x-trailer-bin");
      assert.ok(octets.equals(trailer![1] as Buffer));
    }
  },
  async status_code_and_message(client) {
    const message = { status: Status.unknown, statusText: "test status message" };
    await fails(ask(client, unary, message), Status.unknown, "test status message");
    await fails(ask(client, both, message), Status.unknown, "test status message");
  },
  async special_status_message(client) {
    const statusText = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    await fails(ask(client, unary, { status: Status.unknown, statusText }), Status.unknown, statusText);
  },
  async unimplemented_method(client) {
    await fails(ask(client, nowhere, {}), Status.unimplemented);
  },
  async unimplemented_service(client) {
    await fails(ask(client, noService, {}), Status.unimplemented);
  },
  async cancel_after_begin(client, serving) {
    const call = client.open(sleep);
    await call.send({ size: 1 });
    await call.responses.next(); // the server knows the call
    const rest = collect(call);
    call.cancel();
    await fails(rest, Status.cancelled);
    await serving.cancelled;
  },
  async cancel_after_first_response(client) {
    const call = client.open(both);
    await call.send({ size: 31_415 });
    await call.responses.next();
    call.cancel();
    await fails(collect(call), Status.cancelled);
  },
  async timeout_on_sleeping_server(client) {
    const call = client.open(sleep, { timeoutMs: 20 });
    void call.send({ size: 1 }).catch(() => {});
    await fails(collect(call), Status.deadlineExceeded);
  },
};

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
