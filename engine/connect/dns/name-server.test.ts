import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import { freePort } from "@plinth/process/testing";
import { emptySnapshot, type Snapshot } from "../snapshot.ts";
import { judgeName } from "./name-policy.ts";
import { NameCounts } from "./name-counts.ts";
import { NameServer } from "./name-server.ts";
import { isAnswerTo, readQuery } from "./query.ts";

const SHOP = "127.0.0.1";
const BLOG = "127.0.0.7";
const CLOSED = "127.0.0.8";

type Reply = (question: { name: string; type: string }, packet: Buffer) => Buffer;

const answerWith =
  (address: string): Reply =>
  ({ name }, packet) =>
    encode({
      type: "response",
      id: packet.readUInt16BE(0),
      questions: [{ type: "A", name }],
      answers: [{ type: "A", name, ttl: 30, data: address }],
    });

interface Fixture extends AsyncDisposable {
  readonly port: number;
  readonly asked: string[];
  readonly gate: [string, readonly string[], number][];
  readonly counts: NameCounts;
  resolver(from: string): Resolver;
  datagram(packet: Buffer, from?: string): Promise<Buffer>;
}

async function start(reply: Reply): Promise<Fixture> {
  const asked: string[] = [];
  const gate: Fixture["gate"] = [];
  const upstream = createSocket("udp4", (packet, from) => {
    const { name, type } = decode(packet).questions![0]!;
    asked.push(name);
    upstream.send(reply({ name, type }, packet), from.port, from.address);
  });
  upstream.bind(0, "127.0.0.1");
  await once(upstream, "listening");
  await using setup = new AsyncDisposableStack();
  setup.defer(() => void upstream.close());
  const port = await freePort();
  const counts = new NameCounts();
  const snapshot: Snapshot = {
    ...emptySnapshot,
    sources: {
      [SHOP]: { app: "shop", service: "web", instance: "shop.web.bcdfg" },
      [BLOG]: { app: "blog", service: "web", instance: "blog.web.bcdfg" },
      [CLOSED]: { app: "shop", service: "closed", instance: "shop.closed.bcdfg" },
    },
    dns: {
      address: "127.0.0.1",
      port,
      upstreams: [`127.0.0.1:${upstream.address().port}`],
      names: { "shop.catalog": "10.213.128.1", "shop.web": "10.213.128.2" },
      aliases: { "shop.the_catalog": "10.213.128.1", "shop.catalog.local": "10.213.128.1" },
      egress: {
        "shop.web": { default: "allow", allow: [], deny: ["*.evil.example"] },
        "shop.closed": { default: "deny", allow: ["*.example.org"], deny: [] },
      },
    },
  };
  const server = await NameServer.open(
    { address: "127.0.0.1", port, descriptor: undefined },
    "names",
    snapshot,
    {
      clock: systemClock,
      log: createLog({ write: () => {} }),
      counts,
      gate: {
        allowResolved: async (...call) => void gate.push(call),
      },
    },
  );
  const lifetime = setup.move();
  return {
    port,
    asked,
    gate,
    counts,
    resolver(from) {
      const resolver = new Resolver({ timeout: 30_000, tries: 1 });
      resolver.setServers([`127.0.0.1:${port}`]);
      resolver.setLocalAddress(from);
      return resolver;
    },
    async datagram(packet, from = SHOP) {
      const socket = createSocket("udp4");
      socket.bind(0, from);
      await once(socket, "listening");
      socket.send(packet, port, "127.0.0.1");
      const [answer] = (await once(socket, "message")) as [Buffer];
      socket.close();
      return answer;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await lifetime.disposeAsync();
    },
  };
}

const question = (name: string): Buffer => encode({ type: "query", id: 7, questions: [{ type: "A", name }] });
const rcodeOf = (answer: Buffer): number => answer.readUInt16BE(2) & 15;

test("a service's plain name is its caller's own app's, and its full name anybody's", async () => {
  await using names = await start(answerWith("192.0.2.1"));
  assert.deepEqual(await names.resolver(SHOP).resolve4("catalog"), ["10.213.128.1"]);
  assert.deepEqual(await names.resolver(BLOG).resolve4("CataLog.shop.Internal"), ["10.213.128.1"]);
  await assert.rejects(names.resolver(BLOG).resolve4("catalog"), { code: "ENOTFOUND" });
  await assert.rejects(names.resolver(SHOP).resolve6("catalog"), { code: "ENODATA" });
  await assert.rejects(names.resolver(SHOP).resolve4("nothing.shop.internal"), { code: "ENOTFOUND" });
  await assert.rejects(names.resolver(SHOP).resolve4("shop.internal"), { code: "ENODATA" });
  assert.deepEqual(await names.resolver(SHOP).reverse("10.213.128.1"), ["catalog.shop.internal"]);
  assert.deepEqual(await names.resolver(SHOP).reverse(BLOG), ["bcdfg.web.blog.internal"]);
  for (const alias of ["the_catalog", "Catalog.Local"])
    assert.deepEqual(await names.resolver(SHOP).resolve4(alias), ["10.213.128.1"]);
  await assert.rejects(names.resolver(BLOG).resolve4("the_catalog"), { code: "ENOTFOUND" });
  const no = decode(await names.datagram(question("nothing.internal")));
  assert.equal(no.authorities?.[0]?.type, "SOA");
  assert.deepEqual(names.asked, []);
});

test("names of the world are asked of the host's resolvers and remembered by address", async () => {
  await using names = await start(answerWith("192.0.2.1"));
  assert.deepEqual(await names.resolver(BLOG).resolve4("www.example.com"), ["192.0.2.1"]);
  assert.deepEqual(names.asked, ["www.example.com"]);
  assert.deepEqual(names.counts.remembered(), [
    { app: "blog", service: "web", address: "192.0.2.1", name: "www.example.com" },
  ]);
  assert.deepEqual(names.gate, []);
});

test("a denied name is refused and counted; an allowed one of a closed service opens the way before its answer", async () => {
  await using names = await start(answerWith("192.0.2.9"));
  await assert.rejects(names.resolver(SHOP).resolve4("www.evil.example"), { code: "EREFUSED" });
  await assert.rejects(names.resolver(CLOSED).resolve4("www.example.com"), { code: "EREFUSED" });
  assert.deepEqual(names.asked, []);
  assert.deepEqual(await names.resolver(CLOSED).resolve4("www.example.org"), ["192.0.2.9"]);
  assert.deepEqual(names.gate, [[CLOSED, ["192.0.2.9"], 60]]);
  assert.deepEqual(
    names.counts.denials().map(({ service, name, count }) => [service, name, count]),
    [
      ["web", "www.evil.example", 1],
      ["closed", "www.example.com", 1],
    ],
  );
});

test("an allowed name that points at the machine itself opens nothing", async () => {
  await using names = await start(answerWith("169.254.169.254"));
  await names.resolver(CLOSED).resolve4("www.example.org");
  assert.deepEqual(names.gate, []);
});

test("an alias is no way round a denied name", async () => {
  const alias: Reply = ({ name }, packet) =>
    encode({
      type: "response",
      id: packet.readUInt16BE(0),
      questions: [{ type: "A", name }],
      answers: [
        { type: "CNAME", name, ttl: 30, data: "a.evil.example" },
        { type: "A", name: "a.evil.example", ttl: 30, data: "192.0.2.1" },
      ],
    });
  await using names = await start(alias);
  await assert.rejects(names.resolver(SHOP).resolve4("www.example.com"), { code: "EREFUSED" });
});

test("who is no instance gets no answer", async () => {
  await using names = await start(answerWith("192.0.2.1"));
  const stranger = connect({ port: names.port, host: "127.0.0.1", localAddress: "127.0.0.99" });
  stranger.on("error", () => {});
  await once(stranger, "close");
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.99");
  await once(socket, "listening");
  socket.on("message", () => assert.fail("a stranger was answered"));
  socket.send(question("catalog"), names.port, "127.0.0.1");
  // Datagrams are taken in order: once this one is answered the stranger's was seen.
  await names.datagram(question("catalog"));
  socket.close();
  assert.equal(names.counts.strangers, 2);
});

test("an answer too long for its UDP says so", async () => {
  const long: Reply = ({ name }, packet) =>
    encode({
      type: "response",
      id: packet.readUInt16BE(0),
      questions: [{ type: "A", name }],
      answers: Array.from({ length: 60 }, (_, index) => ({
        type: "A" as const,
        name,
        ttl: 1,
        data: `192.0.2.${index}`,
      })),
    });
  await using names = await start(long);
  const answer = decode(await names.datagram(question("www.example.com")));
  assert.equal(answer.flag_tc, true);
  assert.equal(answer.answers?.length, 0);
});

test("questions by TCP are answered one after another, however they are cut", async () => {
  await using names = await start(answerWith("192.0.2.1"));
  const framed = encode({ type: "query", id: 9, questions: [{ type: "A", name: "catalog" }] });
  const prefix = Buffer.from([0, framed.length]);
  const socket = connect({ port: names.port, host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const byte of Buffer.concat([prefix, framed, prefix, framed])) socket.write(Buffer.from([byte]));
  socket.end();
  await once(socket, "close");
  const all = Buffer.concat(chunks);
  const length = all.readUInt16BE(0);
  assert.equal(all.length, 2 * (2 + length));
  const { answers = [] } = decode(all.subarray(2, 2 + length));
  assert.deepEqual(
    answers.map((record) => "data" in record && record.data),
    ["10.213.128.1"],
  );
});

test("malformed queries are answered with their fault or not at all, and never forwarded", async () => {
  await using names = await start(answerWith("192.0.2.1"));
  const good = question("www.example.com");
  const changed = (at: number, ...bytes: number[]): Buffer => {
    const copy = Buffer.from(good);
    copy.set(bytes, at);
    return copy;
  };
  const loop = changed(12, 0xc0, 12);
  for (const [packet, rcode] of [
    [changed(5, 2), 1], // two questions
    [changed(5, 0), 1],
    [changed(7, 1), 1], // an answer in a question
    [changed(11, 1), 1], // an OPT that is not there
    [changed(2, 0x28), 4], // an update
    [loop, 1],
    [changed(12, 64), 1],
    [changed(13, 0x2e), 1], // a dot within a label
    [changed(13, 0xe2, 0x84, 0xaa), 1],
    [changed(good.length - 1, 3), 5], // class CHAOS
    [good.subarray(0, good.length - 1), 1],
    [Buffer.concat([good, Buffer.from([0])]), 1],
  ] as const) {
    assert.equal(rcodeOf(await names.datagram(packet)), rcode, packet.toString("hex"));
  }
  assert.deepEqual(names.asked, []);
  assert.equal(readQuery(changed(2, 0x80)), undefined);
  assert.equal(readQuery(good.subarray(0, 11)), undefined);
});

test("readQuery() takes any bytes without throwing, and a question it takes matches its own answer only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readQuery(Buffer.from(bytes));
    }),
  );
  const query = readQuery(question("www.example.com"));
  assert.ok(typeof query === "object");
  const answer = encode({ type: "response", id: 5, questions: [{ type: "A", name: "WWW.example.com" }] });
  assert.equal(isAnswerTo(query, 5, answer), true);
  assert.equal(isAnswerTo(query, 6, answer), false);
  const other = encode({ type: "response", id: 5, questions: [{ type: "A", name: "wwx.example.com" }] });
  assert.equal(isAnswerTo(query, 5, other), false);
  assert.equal(isAnswerTo(query, 5, answer.subarray(0, 14)), false);
});

test("judgeName(): the most specific entry decides, of equals deny", () => {
  const policy = {
    default: "deny",
    allow: ["*.example.org", "b.evil.example.org", "same.test"],
    deny: ["*.evil.example.org", "same.test"],
  } as const;
  const allowed = [
    "a.example.org",
    "a.evil.example.org",
    "b.evil.example.org",
    "same.test",
    "example.org",
  ].map((name) => judgeName(policy, name).allowed);
  assert.deepEqual(allowed, [true, false, true, false, false]);
});
