import assert from "node:assert/strict";
import { test } from "node:test";
import {
  atEndOfTurn,
  ErrorCode,
  Http2Session,
  type Http2Stream,
  ResetCause,
  type SessionOwner,
  type StreamHandler,
} from "@plinth/http2";
import type { TransportUser } from "../transport.ts";
import type { Link } from "./link.ts";
import { LinkTransport } from "./link-transport.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function turns(count = 6): Promise<void> {
  for (let index = 0; index < count; index++) await turn();
}

/** The receiving side of a link: writes down what it hears, and answers each stream as it is told. */
class Far implements SessionOwner {
  readonly heard: string[] = [];
  readonly streams: Http2Stream[] = [];
  answer: readonly string[] = [":status", "200"];
  session: Http2Session = new Http2Session({ kind: "server", owner: this });
  near: Near | undefined = undefined;

  write(bytes: Buffer): boolean {
    setImmediate(() => this.near!.session.receive(bytes));
    return true;
  }

  schedule(flush: () => void): void {
    atEndOfTurn(flush);
  }

  onStream(stream: Http2Stream): StreamHandler {
    this.streams.push(stream);
    const { heard } = this;
    return {
      onHeaders: (fields) => {
        heard.push(fields.join(" "));
        stream.headers(this.answer, this.answer[1] !== "200");
      },
      onInformational: () => {},
      onData: (bytes, endStream) => {
        stream.consume(bytes.length);
        heard.push(`data ${bytes.length}${endStream ? " end" : ""}`);
      },
      onTrailers: () => {},
      onReset: (code, cause) => heard.push(cause === ResetCause.peer ? `reset ${code}` : "lost"),
      onWritable: () => heard.push("writable"),
    };
  }

  onGoaway(): void {}
  onCapacity(): void {}
  onEnd(): void {}
}

/** The calling side: as much of a link as a transport needs. */
class Near implements SessionOwner {
  readonly session: Http2Session = new Http2Session({ kind: "client", owner: this });
  readonly far: Far = new Far();
  ready = true;
  retired = false;

  constructor() {
    this.far.near = this;
  }

  open(instance: string, handler: StreamHandler): Http2Stream | undefined {
    return this.session.request([":method", "CONNECT", ":authority", instance], false, handler);
  }

  get link(): Link {
    return this as unknown as Link;
  }

  write(bytes: Buffer): boolean {
    setImmediate(() => this.far.session.receive(bytes));
    return true;
  }

  schedule(flush: () => void): void {
    atEndOfTurn(flush);
  }

  onStream(): StreamHandler {
    throw new Error("none");
  }

  onGoaway(): void {}
  onCapacity(): void {}
  onEnd(): void {}
}

class User implements TransportUser {
  readonly heard: string[] = [];
  bytes = 0;
  takes = true;

  transportConnected(): void {
    this.heard.push("connected");
  }

  transportData(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    return this.takes;
  }

  transportEnded(): void {
    this.heard.push("ended");
  }

  transportDrained(): void {
    this.heard.push("drained");
  }

  transportClosed(error: NodeJS.ErrnoException | undefined): void {
    this.heard.push(`closed ${error?.code ?? "in order"}`);
  }
}

async function opened(): Promise<{ near: Near; far: Far; user: User; transport: LinkTransport }> {
  const near = new Near();
  const user = new User();
  const transport = new LinkTransport({ take: () => near.link }, "shop.db.1", user);
  assert.deepEqual(user.heard, [], "nothing is told before the transport is there");
  await turns();
  assert.deepEqual(user.heard, ["connected"]);
  assert.deepEqual(near.far.heard.splice(0), [":method CONNECT :authority shop.db.1"]);
  user.heard.length = 0;
  return { near, far: near.far, user, transport };
}

test("bytes go both ways, each direction to its own end", async () => {
  const { far, user, transport } = await opened();
  transport.write(Buffer.from("question"));
  transport.end();
  await turns();
  assert.deepEqual(far.heard, ["data 8", "data 0 end"]);
  far.streams[0]!.data(Buffer.from("answer"), true);
  await turns();
  assert.equal(user.bytes, 6);
  assert.deepEqual(user.heard, ["ended", "closed in order"]);
  transport.write(Buffer.from("more"));
  transport.destroy();
  await turns();
  assert.deepEqual(user.heard, ["ended", "closed in order"]);
  assert.equal(far.heard.length, 2, "nothing follows the end");
});

test("what its user does not read is bounded by the window, and arrives once it reads on", async () => {
  const { far, user, transport } = await opened();
  const total = 4 * 1024 * 1024;
  user.takes = false;
  for (let sent = 0; sent < total; sent += 65_536)
    far.streams[0]!.data(Buffer.alloc(65_536), sent + 65_536 === total);
  await turns(40);
  assert.ok(user.bytes > 0 && user.bytes <= 65_536, `${user.bytes} were given`);
  assert.deepEqual(user.heard, [], "the end waits behind the data");
  assert.ok(far.streams[0]!.queuedBytes >= total - 512 * 1024, "the rest has not been sent");
  user.takes = true;
  transport.readOn();
  while (user.heard.length === 0) await turn();
  assert.equal(user.bytes, total);
  assert.deepEqual(user.heard, ["ended"]);
});

test("a full window holds its user back, and lets it go on", async () => {
  const near = new Near();
  const user = new User();
  const transport = new LinkTransport({ take: () => near.link }, "a", user);
  await turns();
  let rounds = 0;
  while (transport.write(Buffer.alloc(16_384))) rounds++;
  assert.ok(rounds < 100);
  while (!user.heard.includes("drained")) await turn();
});

test("both ways of going away are told apart", async () => {
  for (const [deed, code] of [
    ["destroy", ErrorCode.cancel],
    ["reset", ErrorCode.connectError],
  ] as const) {
    const { far, user, transport } = await opened();
    transport[deed]();
    await turns();
    assert.deepEqual(far.heard, [`reset ${code}`]);
    assert.deepEqual(user.heard, ["closed in order"]);
  }
});

test("a reset from afar, and a link that is lost, are errors with a code", async () => {
  const one = await opened();
  one.far.streams[0]!.reset(ErrorCode.connectError);
  await turns();
  assert.deepEqual(one.user.heard, ["closed ECONNRESET"]);
  const two = await opened();
  two.near.session.disconnected();
  assert.deepEqual(two.user.heard, ["closed lost its link"]);
});

test("a refusal tells its reason and leaves nothing behind", async () => {
  const near = new Near();
  near.far.answer = [":status", "503", "plinth-error", "no-instance"];
  const user = new User();
  const transport = new LinkTransport({ take: () => near.link }, "a", user);
  await turns();
  assert.deepEqual(user.heard, ["closed no-instance"]);
  transport.destroy();
  await turns();
  assert.equal(near.session.streams.size, 0);
  assert.equal(near.far.session.streams.size, 0);
});

test("what a link's end has left untouched is opened on another", async () => {
  const [one, two] = [new Near(), new Near()];
  const links = [one.link, two.link];
  const user = new User();
  // It takes no streams any more, and the stream is on its way before that is heard.
  one.far.session = new Http2Session({ kind: "server", owner: one.far, limits: { streamsMax: 0 } });
  const transport = new LinkTransport({ take: () => links.shift()! }, "a", user);
  await turns(12);
  assert.equal(one.far.streams.length, 0);
  assert.deepEqual(user.heard, ["connected"]);
  assert.equal(two.far.streams.length, 1);
  transport.destroy();
});

test("without a link it fails as a connection would, but not at once", async () => {
  const user = new User();
  const transport = new LinkTransport({ take: () => "all links to its host are full" }, "a", user);
  assert.equal(transport.write(Buffer.from("x")), true);
  assert.deepEqual(user.heard, []);
  await turn();
  assert.deepEqual(user.heard, ["closed all links to its host are full"]);
});
