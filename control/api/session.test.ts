import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { SessionLine } from "@plinth/resource";
import { Fixture, TOKEN } from "./fixture.ts";

const PATH = "/apis/plinth.dev/v1/instances/shop.web.x1/exec";
const UPGRADE = "Connection: Upgrade\r\nUpgrade: plinth-session\r\n";
const base64 = (content: string): string => Buffer.from(content).toString("base64");

function begin(fixture: Fixture, headers = UPGRADE): Socket {
  const socket = connect(join(fixture.directory, "plinth.sock"));
  socket.on("error", () => {});
  socket.write(`GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  return socket;
}

/** The answer's head, and the lines behind it. */
async function answerOf(socket: Socket): Promise<{ head: string; lines: SessionLine[] }> {
  const [head = "", body = ""] = (await text(socket)).split(/\r\n\r\n(.*)/s);
  const lines = body.split("\n").filter((line) => line.startsWith("{"));
  return { head, lines: lines.map((line) => JSON.parse(line) as SessionLine) };
}

const send = (socket: Socket, ...values: readonly unknown[]): void => {
  for (const value of values) socket.write(`${JSON.stringify(value)}\n`);
};

test("a session takes its request, input and sizes on its own connection, and ends with an exit code", async () => {
  await using fixture = await Fixture.start();
  const socket = begin(fixture);
  const size = { rows: 40, columns: 100 };
  const request = { command: ["sh"], terminal: size, terminalType: "xterm" };
  send(socket, request, { data: base64("typed") }, { size }, { end: true });
  const { head, lines } = await answerOf(socket);
  assert.match(head, /^HTTP\/1.1 101 .*\r\nConnection: Upgrade\r\nUpgrade: plinth-session/);
  assert.deepEqual(lines, [
    { stream: "stdout", data: base64("typed") },
    { stream: "stdout", data: base64("100x40") },
    { exitCode: 4 },
  ]);
  assert.deepEqual(fixture.deeds, [["attach", "shop.web.x1", request]]);
});

test("a session says what was wrong with its request or its input", async () => {
  await using fixture = await Fixture.start();
  const cases: readonly (readonly [sent: readonly unknown[], message: RegExp])[] = [
    [[{ command: ["a"], read: "/b" }], /the session does 2 things/],
    [[{}], /the session does nothing/],
    [[{ read: "relative" }], /SessionRequest/],
    [[{ command: ["a"] }, { data: 5 }], /neither data nor a size/],
    [["text"], /SessionRequest/],
  ];
  for (const [sent, message] of cases) {
    const socket = begin(fixture);
    send(socket, ...sent);
    socket.end();
    const last = (await answerOf(socket)).lines.at(-1);
    assert.ok(last !== undefined && "fault" in last, JSON.stringify(sent));
    assert.match(last.fault.message, message);
  }
});

test("input that breaks off is not taken for its end", async () => {
  const got: unknown[] = [];
  const over = Promise.withResolvers<unknown>();
  await using fixture = await Fixture.start({
    actions: {
      attach: async (_instance, _request, input) =>
        (async function* () {
          try {
            for await (const each of input) {
              got.push(each);
              yield { stream: "stdout" as const, data: Buffer.from("got") };
            }
            over.resolve("ended");
          } catch (error) {
            over.resolve(error);
          }
        })(),
    },
  });
  const socket = begin(fixture);
  send(socket, { write: "/x" }, { data: base64("half") });
  await once(socket, "data");
  socket.destroy();
  assert.match(String(await over.promise), /The client is gone/);
  assert.equal(got.length, 1);
});

test("only a connection that asks to becomes a session, and only with a credential", async () => {
  await using fixture = await Fixture.start();
  for (const headers of ["Connection: close\r\n", "Connection: close, Upgrade\r\nUpgrade: websocket\r\n"]) {
    assert.match((await answerOf(begin(fixture, headers))).head, /^HTTP\/1.1 422/);
  }
  const port = Number(new URL(fixture.api.url!).port);
  for (const [credential, status] of [
    ["", 401],
    [`Authorization: Bearer ${TOKEN}\r\n`, 101],
  ] as const) {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${credential}${UPGRADE}\r\n`);
    if (status === 101) send(socket, { command: ["true"] }, { end: true });
    assert.match((await answerOf(socket)).head, new RegExp(`^HTTP/1.1 ${status}`));
  }
});

test("an API that closes ends its sessions", async () => {
  await using fixture = await Fixture.start();
  const socket = begin(fixture);
  send(socket, { command: ["sh"] });
  await once(socket, "data");
  const closed = once(socket, "close");
  await fixture.api[Symbol.asyncDispose]();
  await closed;
});
