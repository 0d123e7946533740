/** Access logs that real proxies write, read back. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Snapshot, Telemetry } from "@plinth/connect";
import type { RuntimeName } from "@plinth/process";
import {
  exchangeRaw,
  freePort,
  installedRuntimes,
  outboundTo,
  startInstance,
  startProxy,
  type TestProxy,
} from "../testing.ts";

/** Apache's combined format, as log readers parse it. */
const COMBINED =
  /^(\S+) (\S+) (\S+) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$/;

const FILE_BYTES_MAX = 64 * 1024 * 1024;

interface Setting extends AsyncDisposable {
  readonly proxy: TestProxy;
  readonly port: number;
  readonly ingress: number;
}

async function start(
  runtime: RuntimeName,
  accessLog: Telemetry["accessLog"],
  home?: string,
): Promise<Setting> {
  const all = new AsyncDisposableStack();
  const instance = all.use(
    await startInstance({
      http: (question, answer) => {
        answer.statusCode = question.url === "/missing" ? 404 : 200;
        answer.end("hello");
      },
    }),
  );
  const [port, ingress] = [await freePort(), await freePort()];
  const snapshot: Snapshot = {
    ...outboundTo(port, [instance.port]),
    ingress: [{ address: "127.0.0.1", port: ingress, hosts: { "*": "test.callee" } }],
    telemetry: { traces: null, ...(accessLog === undefined ? {} : { accessLog }) },
  };
  const proxy = all.use(await startProxy(runtime, snapshot, home));
  return { proxy, port, ingress, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function get(port: number, path: string, headers: Record<string, string> = {}): Promise<void> {
  const call = request({ host: "127.0.0.1", port, path, agent: false, headers });
  call.end();
  const [response] = (await once(call, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  await once(response, "end");
}

/** The log's lines once there are so many. */
async function lines(proxy: TestProxy, count: number): Promise<string[]> {
  const path = join(proxy.home, "access", "test.log");
  for (;;) {
    let found: string[] = [];
    try {
      found = readFileSync(path, "utf8").split("\n").filter(Boolean);
    } catch {
      // Not written yet.
    }
    if (found.length >= count) return found;
    await sleep(20);
  }
}

for (const runtime of installedRuntimes()) {
  suite(`access log on ${runtime}`, () => {
    test("combined: each request is one line that log readers take, whatever bytes clients send", async () => {
      await using setting = await start(runtime, { format: "combined" });
      const { proxy, port, ingress } = setting;
      await get(ingress, "/shelf?page=2", { referer: "http://example.org/", "user-agent": 'Mozilla "5.0"' });
      await get(port, "/missing");
      const evil =
        'GET /\xff\xc2\x9b31m"quote\\ HTTP/1.1\r\nHost: x\r\nUser-Agent: a\x1b[2J\tb\x9b\r\nConnection: close\r\n\r\n';
      const answer = await exchangeRaw(ingress, Buffer.from(evil, "latin1"));
      const isTaken = answer.startsWith("HTTP/1.1 200");
      const all = await lines(proxy, isTaken ? 3 : 2);
      const parsed = all.map((line) => COMBINED.exec(line));
      assert.ok(
        parsed.every((fields) => fields !== null),
        all.join("\n"),
      );
      assert.deepEqual(parsed[0]!.slice(5), [
        "GET /shelf?page=2 HTTP/1.1",
        "200",
        parsed[0]![7],
        "http://example.org/",
        'Mozilla \\"5.0\\"',
      ]);
      assert.deepEqual([parsed[0]![1], parsed[0]![3]], ["127.0.0.1", "-"]);
      assert.deepEqual([parsed[1]![3], parsed[1]![6]], ["test/caller", "404"]);
      assert.match(all.join(""), /^[ -~]*$/, "nothing but printable ASCII");
      assert.equal(statSync(join(proxy.home, "access", "test.log")).mode & 0o777, 0o600);
    });

    test("json: each line is one document, HTTP/2 alike", async () => {
      await using setting = await start(runtime, { format: "json" });
      const { proxy, port, ingress } = setting;
      await get(port, "/one?x=%22");
      const session = connect(`http://127.0.0.1:${ingress}`);
      const stream = session.request({ ":path": "/two", "user-agent": "h2 \u0085 agent" });
      stream.resume();
      await once(stream, "close");
      session.close();
      const [one, two] = (await lines(proxy, 2)).map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        [one!["caller"], one!["service"], one!["path"]],
        ["test/caller", "callee", "/one?x=%22"],
      );
      assert.deepEqual([two!["caller"], two!["protocol"], two!["path"]], [null, "HTTP/2", "/two"]);
      assert.ok((two!["durationMs"] as number) >= (two!["latencyMs"] as number));
      assert.ok(Math.abs(Date.parse(one!["at"] as string) - Date.now()) < 60_000);
    });

    test("a full file makes way for a new one, and the oldest goes", async () => {
      const home = mkdtempSync(join(tmpdir(), "plinth-proxy-"));
      const directory = join(home, "access");
      mkdirSync(directory);
      const path = join(directory, "test.log");
      writeFileSync(path, "old\n");
      truncateSync(path, FILE_BYTES_MAX);
      for (const number of [1, 2, 3]) writeFileSync(`${path}.${number}`, String(number));
      await using setting = await start(runtime, { format: "json" }, home);
      await get(setting.port, "/");
      // Between the old file's move and the new one there is none.
      const isFull = (): boolean =>
        (statSync(path, { throwIfNoEntry: false })?.size ?? FILE_BYTES_MAX) >= FILE_BYTES_MAX;
      while (isFull()) await sleep(20);
      assert.equal((await lines(setting.proxy, 1)).length, 1);
      assert.deepEqual(readdirSync(directory).sort(), ["test.log", "test.log.1", "test.log.2", "test.log.3"]);
      assert.equal(statSync(`${path}.1`).size, FILE_BYTES_MAX);
      assert.equal(readFileSync(`${path}.3`, "utf8"), "2");
    });

    test("a log that cannot be written holds no request back, and its loss is counted", async () => {
      const home = mkdtempSync(join(tmpdir(), "plinth-proxy-"));
      writeFileSync(join(home, "access"), "in the way");
      await using setting = await start(runtime, { format: "json" }, home);
      await get(setting.port, "/");
      while (!/^access_log_dropped_total 1$/m.test(await setting.proxy.control.metrics())) await sleep(20);
      await get(setting.port, "/");
      assert.match(setting.proxy.log, /cannot write the access log/);
    });

    test("without being asked for none is written", async () => {
      await using setting = await start(runtime, undefined);
      await get(setting.port, "/");
      assert.equal((await setting.proxy.control.status()).sightings, 0);
    });
  });
}
