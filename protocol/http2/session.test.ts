import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ErrorCode, PREFACE } from "./index.ts";
import { EMPTY_SETTINGS, fieldBlock, frame, greeting, Probe, REQUEST } from "./testing.ts";

const { protocolError, flowControlError, streamClosed, frameSizeError, compressionError } = ErrorCode;
const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST = 3;
const SETTINGS = 4;
const PUSH = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW = 8;
const CONTINUATION = 9;
const END = 1;
const END_HEADERS = 4;
const WHOLE = END | END_HEADERS;

const request = (id: number, flags = WHOLE, ...more: string[]): Buffer =>
  frame(HEADERS, flags, id, fieldBlock(...REQUEST, ...more));
const fields = (id: number, ...all: string[]): Buffer => frame(HEADERS, WHOLE, id, fieldBlock(...all));
const post = (id: number, ...more: string[]): Buffer => request(id, END_HEADERS, ...more);

/** What must be sent in answer: a GOAWAY with a code, a reset of a stream with one, or a frame. */
type Verdict = { goaway: number } | { reset: [id: number, code: number] } | { sent: string };
const goaway = (code: number): Verdict => ({ goaway: code });
const reset = (id: number, code: number): Verdict => ({ reset: [id, code] });
const sent = (text: string): Verdict => ({ sent: text });
const served = (id = 1): Verdict => sent(`HEADERS ${id} :status 200 end`);
const malformed = (...all: string[]): [Buffer[], Verdict] => [[fields(1, ...all)], reset(1, protocolError)];

const cases: Record<string, [frames: Buffer[], verdict: Verdict]> = {
  "4.1 unknown frames are ignored": [[frame(0x77, 0, 0, "00"), request(1)], served()],
  "4.1 undefined flags are ignored": [
    [frame(PING, 0x16, 0, "0102030405060708")],
    sent("PING ack 0102030405060708"),
  ],
  "4.1 the reserved bit is ignored": [
    [frame(PING, 0, 0x80000000, "0102030405060708")],
    sent("PING ack 0102030405060708"),
  ],
  "4.2 frames of 16384 octets are taken": [[post(1), frame(DATA, END, 1, Buffer.alloc(16_384))], served()],
  "4.2 longer DATA is refused": [
    [post(1), frame(DATA, END, 1, Buffer.alloc(16_385))],
    goaway(frameSizeError),
  ],
  "4.2 longer HEADERS are refused": [
    [frame(HEADERS, WHOLE, 1, Buffer.alloc(16_385))],
    goaway(frameSizeError),
  ],
  "4.3 a block that cannot be decoded": [[frame(HEADERS, WHOLE, 1, "40")], goaway(compressionError)],
  "4.3 a PRIORITY within a block": [
    [request(1, END), frame(PRIORITY, 0, 1, "0000000000")],
    goaway(protocolError),
  ],
  "4.3 another stream's HEADERS within a block": [[request(1, END), request(3)], goaway(protocolError)],
  "5.1 idle: DATA": [[frame(DATA, END, 1, "00")], goaway(protocolError)],
  "5.1 idle: RST_STREAM": [[frame(RST, 0, 1, "00000008")], goaway(protocolError)],
  "5.1 idle: WINDOW_UPDATE": [[frame(WINDOW, 0, 1, "00000064")], goaway(protocolError)],
  "5.1 idle: CONTINUATION": [[frame(CONTINUATION, END_HEADERS, 1, "82")], goaway(protocolError)],
  "5.1 closed: DATA after a reset": [
    [post(1), frame(RST, 0, 1, "00000008"), frame(DATA, END, 1, "00")],
    reset(1, streamClosed),
  ],
  "5.1 closed: HEADERS after a reset": [
    [post(1), frame(RST, 0, 1, "00000008"), request(1)],
    reset(1, streamClosed),
  ],
  "5.1 closed: DATA after the end": [[request(1), frame(DATA, END, 1, "00")], reset(1, streamClosed)],
  "5.1 closed: HEADERS after the end": [[request(1), request(1)], goaway(streamClosed)],
  "5.1 closed: PRIORITY, WINDOW_UPDATE and RST_STREAM": [
    [
      request(1),
      frame(PRIORITY, 0, 1, "0000000000"),
      frame(WINDOW, 0, 1, "00000001"),
      frame(RST, 0, 1, "00000008"),
      request(3),
    ],
    served(3),
  ],
  "5.1.1 a stream of even number": [[request(2)], goaway(protocolError)],
  "5.1.1 a number below earlier ones": [[request(5), request(3)], goaway(protocolError)],
  "5.3.1 HEADERS that depend on their own stream": [
    [
      frame(
        HEADERS,
        WHOLE | 0x20,
        1,
        Buffer.concat([Buffer.from("00000001ff", "hex"), fieldBlock(...REQUEST)]),
      ),
    ],
    reset(1, protocolError),
  ],
  "5.3.1 PRIORITY that depends on its own stream": [
    [frame(PRIORITY, 0, 1, "00000001ff")],
    goaway(protocolError),
  ],
  "5.5 unknown frames within a block": [[request(1, END), frame(0x77, 0, 1, "00")], goaway(protocolError)],
  "6.1 DATA without a stream": [[frame(DATA, END, 0, "00")], goaway(protocolError)],
  "6.1 DATA on a stream the peer has ended": [
    [
      frame(HEADERS, WHOLE, 1, fieldBlock(":method", "GET", ":scheme", "http", ":path", "/")),
      frame(DATA, END, 1, "00"),
    ],
    reset(1, streamClosed),
  ],
  "6.1 padded DATA": [[post(1), frame(DATA, END | 8, 1, "03 616263 000000")], served()],
  "6.1 padding as long as the payload": [
    [post(1), frame(DATA, END | 8, 1, "05 00000000")],
    goaway(protocolError),
  ],
  "6.1 padding without its length": [[post(1), frame(DATA, END | 8, 1)], goaway(protocolError)],
  "6.2 HEADERS without a stream": [[request(0)], goaway(protocolError)],
  "6.2 padded HEADERS with priority": [
    [
      frame(
        HEADERS,
        WHOLE | 0x28,
        1,
        Buffer.concat([
          Buffer.from("02 00000000 10".replaceAll(" ", ""), "hex"),
          fieldBlock(...REQUEST),
          Buffer.alloc(2),
        ]),
      ),
    ],
    served(),
  ],
  "6.2 padding longer than the payload": [[frame(HEADERS, WHOLE | 8, 1, "0a 82")], goaway(protocolError)],
  "6.3 PRIORITY without a stream": [[frame(PRIORITY, 0, 0, "0000000000")], goaway(protocolError)],
  "6.3 PRIORITY of 4 octets": [[post(1), frame(PRIORITY, 0, 1, "00000000")], reset(1, frameSizeError)],
  "6.4 RST_STREAM without a stream": [[frame(RST, 0, 0, "00000008")], goaway(protocolError)],
  "6.4 RST_STREAM of 3 octets": [[post(1), frame(RST, 0, 1, "000008")], goaway(frameSizeError)],
  "6.5 SETTINGS on a stream": [[frame(SETTINGS, 0, 1)], goaway(protocolError)],
  "6.5 SETTINGS of 3 octets": [[frame(SETTINGS, 0, 0, "000300")], goaway(frameSizeError)],
  "6.5 an acknowledgement with a payload": [[frame(SETTINGS, 1, 0, "000300000000")], goaway(frameSizeError)],
  "6.5.2 ENABLE_PUSH 2": [[frame(SETTINGS, 0, 0, "000200000002")], goaway(protocolError)],
  "6.5.2 INITIAL_WINDOW_SIZE 2^31": [[frame(SETTINGS, 0, 0, "000480000000")], goaway(flowControlError)],
  "6.5.2 MAX_FRAME_SIZE 16383": [[frame(SETTINGS, 0, 0, "000500003fff")], goaway(protocolError)],
  "6.5.2 MAX_FRAME_SIZE 2^24": [[frame(SETTINGS, 0, 0, "000501000000")], goaway(protocolError)],
  "6.5.2 unknown settings": [[frame(SETTINGS, 0, 0, "00ff00000001")], sent("SETTINGS ack")],
  "RFC 8441 3: ENABLE_CONNECT_PROTOCOL 2": [[frame(SETTINGS, 0, 0, "000800000002")], goaway(protocolError)],
  "6.5.3 SETTINGS are acknowledged": [[frame(SETTINGS, 0, 0, "000400000001")], sent("SETTINGS ack")],
  "6.6 PUSH_PROMISE from a client": [[post(1), frame(PUSH, 4, 1, "0000000282")], goaway(protocolError)],
  "6.7 PING": [[frame(PING, 0, 0, "68326c6f61640000")], sent("PING ack 68326c6f61640000")],
  "6.7 PING on a stream": [[frame(PING, 0, 1, "0000000000000000")], goaway(protocolError)],
  "6.7 PING of 6 octets": [[frame(PING, 0, 0, "000000000000")], goaway(frameSizeError)],
  "6.8 GOAWAY on a stream": [[frame(GOAWAY, 0, 1, "0000000000000000")], goaway(protocolError)],
  "6.9 WINDOW_UPDATE of 0 on the connection": [[frame(WINDOW, 0, 0, "00000000")], goaway(protocolError)],
  "6.9 WINDOW_UPDATE of 0 on a stream": [[post(1), frame(WINDOW, 0, 1, "00000000")], reset(1, protocolError)],
  "6.9 WINDOW_UPDATE of 3 octets": [[frame(WINDOW, 0, 0, "000001")], goaway(frameSizeError)],
  "6.9.1 a connection's window beyond 2^31-1": [[frame(WINDOW, 0, 0, "7fffffff")], goaway(flowControlError)],
  "6.9.1 a stream's window beyond 2^31-1": [
    [post(1), frame(WINDOW, 0, 1, "7fffffff")],
    reset(1, flowControlError),
  ],
  "6.9.2 a window beyond 2^31-1 by SETTINGS": [
    [post(1), frame(WINDOW, 0, 1, "7f000000"), frame(SETTINGS, 0, 0, "00047fffffff")],
    goaway(flowControlError),
  ],
  "6.10 CONTINUATION": [
    [
      frame(HEADERS, END, 1, fieldBlock(...REQUEST)),
      frame(CONTINUATION, 0, 1, fieldBlock("x-a", "1")),
      frame(CONTINUATION, END_HEADERS, 1, fieldBlock("x-b", "2")),
    ],
    served(),
  ],
  "6.10 CONTINUATION after a block's end": [
    [post(1), frame(CONTINUATION, END_HEADERS, 1, "82")],
    goaway(protocolError),
  ],
  "6.10 CONTINUATION without a stream": [
    [request(1, END), frame(CONTINUATION, END_HEADERS, 0, "82")],
    goaway(protocolError),
  ],
  "6.10 CONTINUATION of another stream": [
    [request(1, END), frame(CONTINUATION, END_HEADERS, 3, "82")],
    goaway(protocolError),
  ],
  "7 unknown error codes": [[post(1), frame(RST, 0, 1, "000000ff"), request(3)], served(3)],
  "8.1 trailers without an end": [
    [post(1), frame(HEADERS, END_HEADERS, 1, fieldBlock("x-a", "1"))],
    reset(1, protocolError),
  ],
  "8.1 trailers": [[post(1), frame(DATA, 0, 1, "61"), fields(1, "x-a", "1")], served()],
  "8.1 pseudo-header fields in trailers": [[post(1), fields(1, ":method", "GET")], reset(1, protocolError)],
  "8.2.1 a name in upper case": [
    [frame(HEADERS, WHOLE, 1, Buffer.concat([fieldBlock(...REQUEST), Buffer.from("0001580131", "hex")]))],
    reset(1, protocolError),
  ],
  "8.2.1 a line feed in a value": [
    [frame(HEADERS, WHOLE, 1, Buffer.concat([fieldBlock(...REQUEST), Buffer.from("000178010a", "hex")]))],
    reset(1, protocolError),
  ],
  "8.2.1 a space before a value": malformed(...REQUEST, "x-a", " 1"),
  "8.2.2 connection": malformed(...REQUEST, "connection", "keep-alive"),
  "8.2.2 transfer-encoding": malformed(...REQUEST, "transfer-encoding", "chunked"),
  "8.2.2 te other than trailers": malformed(...REQUEST, "te", "gzip"),
  "8.2.2 te: trailers": [[request(1, WHOLE, "te", "trailers")], served()],
  "8.3 an unknown pseudo-header field": [
    [
      frame(
        HEADERS,
        WHOLE,
        1,
        Buffer.concat([Buffer.from("00043a666f6f0131", "hex"), fieldBlock(...REQUEST)]),
      ),
    ],
    reset(1, protocolError),
  ],
  "8.3 a response's pseudo-header field": malformed(...REQUEST, ":status", "200"),
  "8.3 a pseudo-header field behind a field": malformed(
    ":method",
    "GET",
    ":scheme",
    "http",
    "x-a",
    "1",
    ":path",
    "/",
  ),
  "8.3 a repeated :method": malformed(":method", "GET", ...REQUEST),
  "8.3 a repeated :scheme": malformed(":scheme", "http", ...REQUEST),
  "8.3 a repeated :path": malformed(":path", "/", ...REQUEST),
  "8.3.1 an empty :path": malformed(":method", "GET", ":scheme", "http", ":path", ""),
  "8.3.1 no :method": malformed(":scheme", "http", ":path", "/"),
  "8.3.1 no :scheme": malformed(":method", "GET", ":path", "/"),
  "8.3.1 no :path": malformed(":method", "GET", ":scheme", "http"),
  "8.3.1 a space in :path": malformed(":method", "GET", ":scheme", "http", ":path", "/ HTTP/1.1"),
  "8.3.1 a user in :authority": malformed(
    ":method",
    "GET",
    ":scheme",
    "http",
    ":path",
    "/",
    ":authority",
    "a@b",
  ),
  "8.3.1 host other than :authority": malformed(...REQUEST, "host", "b"),
  "8.3.1 * for another method than OPTIONS": malformed(":method", "GET", ":scheme", "http", ":path", "*"),
  "8.5 CONNECT": [[fields(1, ":method", "CONNECT", ":authority", "a:1")], served()],
  "8.5 CONNECT with a path": malformed(":method", "CONNECT", ":authority", "a:1", ":path", "/"),
  "RFC 8441 4: :protocol that was not allowed": malformed(
    ":method",
    "CONNECT",
    ":protocol",
    "websocket",
    ":scheme",
    "http",
    ":path",
    "/",
    ":authority",
    "a",
  ),
  "8.1.1 less content than Content-Length": [
    [post(1, "content-length", "2"), frame(DATA, END, 1, "61")],
    reset(1, protocolError),
  ],
  "8.1.1 more content than Content-Length": [
    [post(1, "content-length", "2"), frame(DATA, 0, 1, "616263")],
    reset(1, protocolError),
  ],
  "8.1.1 a Content-Length without content": [
    [request(1, WHOLE, "content-length", "2")],
    reset(1, protocolError),
  ],
  "8.1.1 a repeated Content-Length": malformed(...REQUEST, "content-length", "0", "content-length", "0"),
  "8.1.1 a Content-Length that is no number": malformed(...REQUEST, "content-length", "+1"),
};

for (const [name, [frames, verdict]] of Object.entries(cases)) {
  test(`Http2Session as a server: ${name}`, () => {
    for (const sizes of [[1 << 20], [1], [9, 4]]) {
      const probe = new Probe();
      probe.feed(greeting());
      const answer = probe.feed(Buffer.concat(frames), sizes);
      if ("goaway" in verdict) {
        assert.ok(
          answer.some((text) => text.startsWith(`GOAWAY ${verdict.goaway} `)),
          answer.join("\n"),
        );
        assert.ok(probe.session.ended);
      } else {
        const expected = "sent" in verdict ? verdict.sent : `RST_STREAM ${verdict.reset.join(" ")}`;
        assert.ok(answer.includes(expected), answer.join("\n"));
        assert.ok(!probe.session.ended);
      }
    }
  });
}

test("Http2Session wants the preface (§3.4), then SETTINGS", () => {
  const noPreface = new Probe();
  assert.ok(noPreface.feed(Buffer.from("GET / HTTP/1.1\r\n\r\n")).at(-1)!.startsWith("GOAWAY 1 "));
  const noSettings = new Probe();
  assert.ok(
    noSettings
      .feed(Buffer.concat([PREFACE, request(1)]))
      .at(-1)!
      .startsWith("GOAWAY 1 "),
  );
});

const clientCases: Record<string, [frames: Buffer[], verdict: Verdict]> = {
  "6.6 PUSH_PROMISE": [[frame(PUSH, 4, 1, "0000000282")], goaway(protocolError)],
  "6.5.2 ENABLE_PUSH 1 from a server": [[frame(SETTINGS, 0, 0, "000200000001")], goaway(protocolError)],
  "5.1 DATA before HEADERS": [[frame(DATA, 0, 1, "61")], reset(1, protocolError)],
  "5.1.1 a stream the server opens": [[fields(2, ":status", "200")], goaway(protocolError)],
  "8.3.2 no :status": [[fields(1, "x-a", "1")], reset(1, protocolError)],
  "8.3.2 a request's field": [[fields(1, ":status", "200", ":path", "/")], reset(1, protocolError)],
  "8.6 status 101": [[frame(HEADERS, END_HEADERS, 1, fieldBlock(":status", "101"))], reset(1, protocolError)],
  "8.1 an informational response that ends": [[fields(1, ":status", "100")], reset(1, protocolError)],
  "8.1.1 less content than Content-Length": [
    [
      frame(HEADERS, END_HEADERS, 1, fieldBlock(":status", "200", "content-length", "5")),
      frame(DATA, END, 1, "61"),
    ],
    reset(1, protocolError),
  ],
};

for (const [name, [frames, verdict]] of Object.entries(clientCases)) {
  test(`Http2Session as a client: ${name}`, () => {
    const probe = new Probe({ kind: "client" });
    probe.feed(EMPTY_SETTINGS);
    assert.equal(probe.session.request(REQUEST, true, probe.handler(1))?.id, 1);
    const answer = probe.feed(Buffer.concat(frames), [3]);
    if ("goaway" in verdict) assert.ok(answer.some((text) => text.startsWith(`GOAWAY ${verdict.goaway} `)));
    else if ("reset" in verdict)
      assert.ok(answer.includes(`RST_STREAM ${verdict.reset.join(" ")}`), answer.join());
  });
}

test("Http2Session as a client hears informational heads, the head, data and trailers", () => {
  const probe = new Probe({ kind: "client" });
  probe.feed(EMPTY_SETTINGS);
  probe.session.request(REQUEST, true, probe.handler(1));
  probe.feed(
    Buffer.concat([
      frame(HEADERS, END_HEADERS, 1, fieldBlock(":status", "103", "link", "x")),
      frame(HEADERS, END_HEADERS, 1, fieldBlock(":status", "200")),
      frame(DATA, 0, 1, "6161"),
      fields(1, "grpc-status", "0"),
    ]),
  );
  assert.deepEqual(probe.events, [
    "1 informational :status 103 link x",
    "1 headers :status 200",
    "1 data aa",
    "1 trailers grpc-status 0",
  ]);
  assert.equal(probe.session.streams.size, 0);
});

test("Http2Session hears the same however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.keys(cases)), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      (names, sizes) => {
        const bytes = Buffer.concat([greeting(), ...names.flatMap((name) => cases[name]![0])]);
        const whole = new Probe();
        const cut = new Probe();
        const answers = whole.feed(bytes).filter((text) => !text.startsWith("WINDOW_UPDATE"));
        const cutAnswers = cut.feed(bytes, sizes).filter((text) => !text.startsWith("WINDOW_UPDATE"));
        assert.deepEqual(cutAnswers, answers);
        assert.deepEqual(cut.events, whole.events);
      },
    ),
    { numRuns: 300 },
  );
});

test("Http2Session survives damaged bytes, and hears the same however they are cut", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(cases)),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
      (name, damages, sizes) => {
        const bytes = Buffer.concat([greeting(), ...cases[name]![0]]);
        for (const [at, value] of damages) bytes[24 + (at % (bytes.length - 24))] = value;
        const whole = new Probe();
        const cut = new Probe();
        const answers = whole.feed(bytes);
        assert.deepEqual(cut.feed(bytes, sizes), answers);
        assert.deepEqual(cut.events, whole.events);
      },
    ),
    { numRuns: 1000 },
  );
});

test("Http2Session shares the connection's window among streams, and a slow one stalls nobody", () => {
  const probe = new Probe({ answers: false });
  probe.feed(Buffer.concat([greeting(), request(1), request(3), frame(WINDOW, 0, 3, "00100000")]));
  const [slow, fast] = probe.streams;
  for (const stream of [slow!, fast!]) {
    stream.headers([":status", "200"]);
    for (let index = 0; index < 8; index++) stream.data(Buffer.alloc(16_384), index === 7);
  }
  const bytesOf = (frames: string[], id: number): number =>
    frames
      .filter((text) => text.startsWith(`DATA ${id} `))
      .reduce((sum, text) => sum + Number(text.split(" ")[2]), 0);
  const first = probe.sent();
  assert.equal(bytesOf(first, 1) + bytesOf(first, 3), 65_535);
  const second = probe.feed(frame(WINDOW, 0, 0, "00100000"));
  assert.equal(bytesOf(first, 1) + bytesOf(second, 1), 65_535); // its own window is used up
  assert.equal(bytesOf(first, 3) + bytesOf(second, 3), 8 * 16_384);
  assert.ok(second.some((text) => text.startsWith("DATA 3 ") && text.endsWith("end")));
  const third = probe.feed(frame(SETTINGS, 0, 0, "000400000000")); // the window becomes negative (§6.9.2)
  assert.equal(bytesOf(third, 1), 0);
  assert.equal(bytesOf(probe.feed(frame(WINDOW, 0, 1, "0000ffff")), 1), 0);
  assert.equal(bytesOf(probe.feed(frame(WINDOW, 0, 1, "00000005")), 1), 5);
});

test("Http2Session lets a stream go on while slow ones hold most of the connection's window", () => {
  const windowBytes = 65_536;
  const limits = { streamWindowBytes: windowBytes, connectionWindowBytes: 4 * windowBytes };
  const probe = new Probe({ answers: false, limits, unread: [1, 3, 5] });
  const content = (id: number): Buffer =>
    Buffer.concat(Array.from({ length: 4 }, () => frame(DATA, 0, id, Buffer.alloc(16_384))));
  probe.feed(Buffer.concat([greeting(), ...[1, 3, 5, 7].map((id) => post(id)), ...[1, 3, 5].map(content)]));
  for (let round = 0; round < 10; round++) {
    let given = 0;
    for (const text of probe.feed(content(7))) {
      if (text.startsWith("WINDOW_UPDATE 0 ")) given += Number(text.split(" ")[2]);
    }
    assert.equal(given, windowBytes);
  }
});

test("Http2Stream.data() answers false when much is queued, and onWritable follows", () => {
  const probe = new Probe({ answers: false });
  probe.feed(Buffer.concat([greeting(), request(1)]));
  const stream = probe.streams[0]!;
  stream.headers([":status", "200"]);
  probe.open = false;
  probe.sent();
  assert.equal(stream.data(Buffer.alloc(10_000)), true);
  assert.equal(stream.data(Buffer.alloc(60_000)), false);
  stream.trailers(["x-a", "1"]);
  assert.deepEqual(probe.events.slice(1), []);
  const frames = [
    ...probe.drain(),
    ...probe.feed(frame(WINDOW, 0, 1, "0000ffff")),
    ...probe.feed(frame(WINDOW, 0, 0, "0000ffff")),
  ];
  assert.ok(probe.events.includes("1 writable"));
  assert.equal(frames.at(-1), "HEADERS 1 x-a 1 end");
});

test("Http2Session.close() warns, waits for what is under way, then ends", () => {
  const probe = new Probe({ answers: false });
  probe.feed(Buffer.concat([greeting(), request(1)]));
  probe.session.close();
  assert.deepEqual(probe.sent(), [`GOAWAY 0 last ${2 ** 31 - 1}`, "PING 706c696e74680000"]);
  probe.feed(request(3));
  assert.deepEqual(probe.feed(frame(PING, 1, 0, "706c696e74680000")), ["GOAWAY 0 last 3"]);
  probe.feed(request(5));
  assert.equal(probe.streams.length, 2);
  for (const stream of probe.streams) stream.headers([":status", "200"], true);
  assert.ok(probe.session.ended);
  assert.ok(probe.events.includes("end 0"));
});

test("Http2Session as a client resets what GOAWAY leaves out as unprocessed", () => {
  const probe = new Probe({ kind: "client" });
  probe.feed(EMPTY_SETTINGS);
  for (const id of [1, 3]) probe.session.request(REQUEST, true, probe.handler(id));
  probe.feed(frame(GOAWAY, 0, 0, "0000000100000000"));
  assert.deepEqual(probe.events, ["3 reset 7 cause 2", "goaway 1 0"]);
  assert.equal(probe.session.request(REQUEST, true, probe.handler(5)), undefined);
  probe.feed(fields(1, ":status", "200"));
  assert.ok(probe.session.ended);
});

test("Http2Stream.trailers() throws at its caller for fields that cannot be sent, also behind queued data", () => {
  const probe = new Probe({ answers: false });
  probe.feed(Buffer.concat([greeting(), frame(SETTINGS, 0, 0, "000400000000"), request(1)]));
  const stream = probe.streams[0]!;
  stream.headers([":status", "200"]);
  stream.data(Buffer.alloc(10));
  assert.throws(() => stream.trailers(["X-A", "1"]), /lower case/);
  assert.throws(() => stream.trailers(["x-a", "1\n"]), /no place/);
  stream.trailers(["x-a", "1"]);
  assert.equal(probe.feed(frame(WINDOW, 0, 1, "0000000a")).at(-1), "HEADERS 1 x-a 1 end");
});

test("Http2Session as a client opens 100 streams before SETTINGS, then as many as they say", () => {
  const probe = new Probe({ kind: "client" });
  assert.equal(probe.session.capacity, 100);
  probe.feed(EMPTY_SETTINGS);
  assert.equal(probe.session.capacity, 256);
  probe.feed(frame(SETTINGS, 0, 0, "000300000002"));
  assert.equal(probe.session.capacity, 2);
});

test("Http2Session takes extended CONNECT where allowed", () => {
  const probe = new Probe({ extendedConnect: true, answers: false });
  probe.feed(
    Buffer.concat([
      greeting(),
      frame(
        HEADERS,
        END_HEADERS,
        1,
        fieldBlock(
          ":method",
          "CONNECT",
          ":protocol",
          "websocket",
          ":scheme",
          "http",
          ":path",
          "/",
          ":authority",
          "a",
        ),
      ),
    ]),
  );
  assert.equal(probe.streams.length, 1);
});

test("Http2Session answers 431 to a field list that is too large", () => {
  const probe = new Probe({ limits: { fieldListBytesMax: 1000 } });
  probe.feed(greeting());
  const answer = probe.feed(request(1, WHOLE, "x-a", "b".repeat(2000)));
  assert.deepEqual(answer, ["HEADERS 1 :status 431 content-length 0 end"]);
  assert.deepEqual(probe.feed(request(3)), ["HEADERS 3 :status 200 end"]);
});

test("a PING for a sign of life is not taken for the one that ends the connection", () => {
  const probe = new Probe({ answers: false });
  probe.feed(Buffer.concat([greeting(), frame(1, 5, 1, fieldBlock(...REQUEST))]));
  probe.session.ping();
  assert.deepEqual(probe.sent(), ["PING 706c696e74680001"]);
  probe.session.close();
  probe.sent();
  assert.deepEqual(probe.feed(frame(PING, 1, 0, "706c696e74680001")), []);
  assert.deepEqual(probe.feed(frame(PING, 1, 0, "706c696e74680000")), ["GOAWAY 0 last 1"]);
});
