import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { InstanceLine } from "@plinth/api";
import { VirtualClock } from "@plinth/clock/testing";
import { createRegistry, type Registry } from "@plinth/registry";
import { tailLog } from "@plinth/run";
import { openStore } from "@plinth/store";
import { appLog } from "./app-log.ts";
import type { Reach } from "./reach.ts";

const labels = { "plinth.dev/app": "shop" };

interface Shop extends AsyncDisposable {
  readonly registry: Registry;
  readonly logDirectory: string;
  readonly reach: Pick<Reach, "log">;
  add(instance: string): Promise<void>;
  write(instance: string, text: string): void;
  /** Follows; ends with the test. */
  follow(tail?: number): AsyncGenerator<readonly InstanceLine[]>;
  stop(): void;
}

async function createShop(): Promise<Shop> {
  const home = mkdtempSync(join(tmpdir(), "plinth-app-log-"));
  const logDirectory = join(home, "logs");
  const store = await openStore(join(home, "state"));
  const registry = createRegistry({ store, clock: new VirtualClock() });
  const over = new AbortController();
  const reach: Pick<Reach, "log"> = {
    log: (instance, { tail, follow, signal, ended }) =>
      Promise.resolve(
        tailLog({
          directory: join(logDirectory, instance),
          lines: tail,
          follow,
          signal,
          ...(ended && { ended }),
        }),
      ),
  };
  return {
    registry,
    logDirectory,
    reach,
    async add(instance) {
      const [app = "", service = ""] = instance.split(".");
      const spec = { app, service, release: 1, revision: "r", driver: "process", port: 20_000 };
      await registry.create("Instance", { metadata: { name: instance, labels }, spec });
    },
    write(instance, text) {
      mkdirSync(join(logDirectory, instance), { recursive: true });
      appendFileSync(join(logDirectory, instance, "1.log"), text);
    },
    follow: (tail) => appLog({ registry, reach, labels, tail, follow: true, signal: over.signal }),
    stop: () => over.abort(),
    async [Symbol.asyncDispose]() {
      over.abort();
      await store[Symbol.asyncDispose]();
      rmSync(home, { recursive: true });
    },
  };
}

const brief = ({ instance, line }: InstanceLine): string => `${instance} ${line}`;

async function take(log: AsyncGenerator<readonly InstanceLine[]>, count: number): Promise<string[]> {
  const taken: InstanceLine[] = [];
  while (taken.length < count) {
    const { done, value } = await log.next();
    if (done === true) throw new Error(`the log ended after ${JSON.stringify(taken)}`);
    taken.push(...value);
  }
  return taken.map(brief);
}

test("appLog() without follow gives each instance's last lines and ends", async () => {
  await using shop = await createShop();
  await shop.add("shop.web.b");
  await shop.add("shop.web.a");
  shop.write("shop.web.a", "one\ntwo\r\nthree");
  shop.write("shop.web.b", "four\n");
  const { registry, reach } = shop;
  const signal = new AbortController().signal;
  const batches = await Array.fromAsync(appLog({ registry, reach, labels, tail: 2, follow: false, signal }));
  assert.deepEqual(batches.flat().map(brief), ["shop.web.a two", "shop.web.a three", "shop.web.b four"]);
});

test("appLog() follows instances that are there and those that come, and reads to the end of one that goes", async () => {
  await using shop = await createShop();
  await shop.add("shop.web.a");
  shop.write("shop.web.a", "past\nold\n");
  const log = shop.follow(1);
  assert.deepEqual(await take(log, 1), ["shop.web.a old"]);
  await shop.add("shop.web.b");
  shop.write("shop.web.b", "hello\nfrom b\n");
  assert.deepEqual(await take(log, 2), ["shop.web.b hello", "shop.web.b from b"]);
  shop.write("shop.web.b", "last words");
  await shop.registry.purge("Instance", "shop.web.b");
  assert.deepEqual(await take(log, 1), ["shop.web.b last words"]);
  shop.write("shop.web.a", "still here\n");
  assert.deepEqual(await take(log, 1), ["shop.web.a still here"]);
  const next = log.next();
  shop.stop();
  assert.equal((await next).done, true);
});

test("appLog() cuts long lines and keeps letters whole however they are written", async () => {
  await using shop = await createShop();
  await shop.add("shop.web.a");
  const log = shop.follow();
  const euro = Buffer.from("€");
  mkdirSync(join(shop.logDirectory, "shop.web.a"), { recursive: true });
  appendFileSync(join(shop.logDirectory, "shop.web.a", "1.log"), euro.subarray(0, 1));
  appendFileSync(join(shop.logDirectory, "shop.web.a", "1.log"), euro.subarray(1));
  shop.write("shop.web.a", `\n${"x".repeat(300_000)}\n${"y".repeat(65_536)}\nend\n`);
  const [first, long, whole, end] = await take(log, 4);
  assert.equal(first, "shop.web.a €");
  assert.equal(long, `shop.web.a ${"x".repeat(65_536)}…`);
  assert.equal(whole, `shop.web.a ${"y".repeat(65_536)}`);
  assert.equal(end, "shop.web.a end");
});

test("appLog() reads no further than one chunk ahead of a reader that waits", async () => {
  await using shop = await createShop();
  await shop.add("shop.web.a");
  const line = `${"z".repeat(1023)}\n`;
  shop.write("shop.web.a", line.repeat(500));
  const log = shop.follow();
  const first = await log.next();
  assert.ok(first.value!.length <= 64);
  shop.write("shop.web.a", "the end\n");
  assert.equal((await take(log, 501 - first.value!.length)).at(-1), "shop.web.a the end");
});
