import assert from "node:assert/strict";
import { test } from "node:test";
import { rates } from "./index.ts";
import { fieldBlock, frame, greeting, Probe, type ProbeOptions, REQUEST } from "./testing.ts";

const CALM = /^GOAWAY 11 /;
const block = fieldBlock(...REQUEST);
const id = (index: number): number => index * 2 + 1;
const reset = (streamId: number): Buffer => frame(3, 0, streamId, "00000008");

interface Flood {
  /** What comes before. */
  readonly first?: Buffer;
  readonly frame: (index: number) => Buffer;
  /** After so many at the latest the connection has ended. */
  readonly within: number;
  readonly options?: ProbeOptions;
}

const post = frame(1, 4, 1, block);
const silent: ProbeOptions = { answers: false };

const floods: Record<string, Flood> = {
  "rapid reset (CVE-2023-44487)": {
    frame: (index) => Buffer.concat([frame(1, 5, id(index), block), reset(id(index))]),
    within: rates.resets.burst + 1,
    options: silent,
  },
  "requests that provoke a reset (CVE-2025-8671)": {
    frame: (index) => Buffer.concat([frame(1, 4, id(index), block), frame(8, 0, id(index), "00000000")]),
    within: rates.resets.burst + 1,
    options: silent,
  },
  "malformed requests": {
    frame: (index) => frame(1, 5, id(index), fieldBlock(":method", "GET")),
    within: rates.resets.burst + 1,
  },
  "zero-length HEADERS": { frame: (index) => frame(1, 5, id(index)), within: rates.resets.burst + 1 },
  "CONTINUATION (CVE-2024-27316)": {
    first: frame(1, 1, 1, block),
    frame: () => frame(9, 0, 1, Buffer.alloc(16_000)),
    within: 20,
  },
  "empty CONTINUATION": { first: frame(1, 1, 1, block), frame: () => frame(9, 0, 1), within: 40 },
  SETTINGS: { frame: () => frame(4, 0, 0), within: rates.settings.burst + 1 },
  PING: { frame: () => frame(6, 0, 0, "0000000000000000"), within: rates.pings.burst + 1 },
  "acknowledgements nobody asked for": {
    frame: () => frame(6, 1, 0, "0000000000000000"),
    within: rates.ignored.burst + 1,
  },
  "empty DATA": { first: post, frame: () => frame(0, 0, 1), within: rates.emptyData.burst + 1 },
  "DATA of padding alone": {
    first: post,
    frame: () => frame(0, 8, 1, "03000000"),
    within: rates.emptyData.burst + 1,
  },
  "WINDOW_UPDATE by 1": { frame: () => frame(8, 0, 0, "00000001"), within: rates.windowUpdates.burst + 1 },
  PRIORITY: { frame: () => frame(2, 0, 3, "0000000000"), within: rates.ignored.burst + 1 },
  PRIORITY_UPDATE: { frame: () => frame(16, 0, 0, "00000001"), within: rates.ignored.burst + 1 },
  "unknown frames": { frame: () => frame(0x99, 0, 0), within: rates.ignored.burst + 1 },
  "streams beyond the most": {
    frame: (index) => frame(1, 4, id(index), block),
    within: 256 + rates.resets.burst + 1,
    options: silent,
  },
};

for (const [name, flood] of Object.entries(floods)) {
  test(`Http2Session ends a flood of ${name}`, () => {
    const probe = new Probe(flood.options ?? {});
    probe.feed(Buffer.concat([greeting(), flood.first ?? Buffer.alloc(0)]));
    let count = 0;
    let answer: string[] = [];
    while (!probe.session.ended && count <= flood.within) answer = probe.feed(flood.frame(count++));
    assert.ok(probe.session.ended, `still open after ${count}`);
    assert.match(answer.at(-1) ?? "", CALM);
    assert.ok(probe.session.streams.size === 0);
  });
}

test("Http2Session lets an honest peer reset and ping for as long as it likes", () => {
  const probe = new Probe();
  probe.feed(greeting());
  for (let index = 0; index < 5000; index += 2) {
    probe.feed(frame(1, 5, id(index), block));
    probe.feed(Buffer.concat([frame(1, 4, id(index + 1), block), reset(id(index + 1))]));
    probe.session.tick(index);
  }
  assert.ok(!probe.session.ended);
});

test("Http2Session refills its allowances with time", () => {
  const probe = new Probe();
  probe.feed(greeting());
  for (let second = 0; second < 60; second++) {
    for (let index = 0; index < rates.pings.perSecond; index++) {
      probe.feed(frame(6, 0, 0, "0000000000000000"));
    }
    probe.session.tick(second * 1000);
  }
  assert.ok(!probe.session.ended);
});

test("Http2Session holds a bounded amount for a peer that does not read its answers", () => {
  const probe = new Probe({ limits: { outgoingBytesMax: 2000 } });
  probe.feed(greeting());
  probe.open = false;
  probe.feed(frame(1, 5, 1, block));
  for (let index = 1; index < 250 && !probe.session.ended; index++) probe.feed(frame(1, 5, id(index), block));
  assert.ok(probe.session.ended);
});

test("Http2Session ends streams and connections that take nothing for too long", () => {
  const probe = new Probe({ answers: false });
  probe.feed(Buffer.concat([greeting(), frame(4, 0, 0, "000400000000"), frame(1, 5, 1, block)]));
  probe.streams[0]!.headers([":status", "200"]);
  probe.streams[0]!.data(Buffer.alloc(100));
  probe.session.tick(0);
  probe.session.tick(59_999);
  assert.equal(probe.session.streams.size, 1);
  probe.session.tick(60_000);
  assert.deepEqual(probe.events.slice(1), ["1 reset 8 cause 1"]);

  probe.open = false;
  probe.feed(frame(6, 0, 0, "0000000000000000"));
  for (const second of [61, 62, 122]) probe.session.tick(second * 1000);
  assert.ok(probe.session.ended);
});

test("Http2Session does not wait for ever for a preface, a block's end or an acknowledgement", () => {
  const silentPeer = new Probe();
  silentPeer.session.tick(0);
  silentPeer.session.tick(10_000);
  assert.match(silentPeer.sent().at(-1)!, CALM);

  const halfBlock = new Probe();
  halfBlock.feed(Buffer.concat([greeting(), frame(1, 1, 1, block)]));
  halfBlock.session.tick(0);
  halfBlock.session.tick(10_000);
  assert.match(halfBlock.sent().at(-1)!, CALM);

  const rude = new Probe();
  rude.feed(greeting().subarray(0, -9));
  rude.session.tick(0);
  rude.session.tick(10_000);
  assert.match(rude.sent().at(-1)!, /^GOAWAY 4 /);
});

test("HPACK bombs stay small: a list far beyond its limit is not kept", () => {
  const probe = new Probe();
  probe.feed(greeting());
  // One entry of 4 KiB, then references to it: 12 KiB that stand for 50 MiB.
  const bomb = Buffer.concat([
    block,
    Buffer.from("4001787f9f1e", "hex"),
    Buffer.alloc(0x7f + 0x1f + (0x1e << 7), "a"),
    Buffer.alloc(12_000, 0xbe),
  ]);
  const answer = probe.feed(frame(1, 5, 1, bomb.subarray(0, 16_384)));
  assert.deepEqual(answer, ["HEADERS 1 :status 431 content-length 0 end"]);
});
