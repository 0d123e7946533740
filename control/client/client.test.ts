import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { VirtualClock } from "@plinth/clock/testing";
import { Fault } from "@plinth/fault";
import { type Client, StatusFault, createClient } from "./index.ts";
import { type FakeApi, startFakeApi } from "./testing.ts";

async function start(context: TestContext): Promise<{ api: FakeApi; client: Client; socketPath: string }> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-client-"));
  const socketPath = join(directory, "plinth.sock");
  const api = await startFakeApi(socketPath);
  context.after(async () => {
    await api[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });
  return { api, client: createClient({ socketPath }), socketPath };
}

const spec = { services: { web: { command: ["true"] } } };

test("apply() creates, get() and list() return it, and a stale version is a conflict", async (context) => {
  const { client } = await start(context);
  const app = await client.apply("App", { metadata: { name: "shop" }, spec });
  assert.equal((await client.get("App", "shop")).metadata.resourceVersion, app.metadata.resourceVersion);
  assert.equal((await client.list("App")).items.length, 1);
  const stale = { metadata: { name: "shop", resourceVersion: "1" }, spec };
  await assert.rejects(
    client.apply("App", stale),
    (error) => error instanceof Fault && error.code === "conflict",
  );
});

test("a failure keeps the Status's causes", async (context) => {
  const { api, client } = await start(context);
  const causes = [{ field: "spec.services.web.replics", message: "unknown key", suggestion: "replicas" }];
  api.intercept(() => ({
    kind: "Status",
    code: 422,
    reason: "Invalid",
    message: "App is invalid",
    details: { causes },
  }));
  await assert.rejects(client.get("App", "shop"), (error) => {
    assert.ok(error instanceof StatusFault);
    assert.equal(error.code, "invalid");
    assert.deepEqual(error.causes, causes);
    return true;
  });
});

test("without a daemon a call is unavailable and says what to do", async () => {
  const client = createClient({ socketPath: "/nowhere/plinth.sock" });
  await assert.rejects(client.status(), (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, "unavailable");
    assert.match(error.hint ?? "", /plinth up/);
    return true;
  });
});

test("a call whose daemon dies under it is sent again where that is safe, and told where it is not", async (context) => {
  const { api, client } = await start(context);
  let lost = 0;
  api.intercept(() => {
    if (lost > 0) return undefined;
    lost++;
    return (response) => response.destroy();
  });
  await client.apply("App", { metadata: { name: "shop" }, spec });
  assert.equal(lost, 1);
  lost = 0;
  await assert.rejects(
    client.rollback("shop", undefined),
    (error) => error instanceof Fault && error.code === "unavailable",
  );
});

test("a socket path longer than the kernel allows is said, not truncated", async () => {
  const client = createClient({ socketPath: `/${"x".repeat(200)}/plinth.sock` });
  await assert.rejects(client.status(), /the kernel allows 107/);
});

test("a silent daemon is a timeout once the deadline is over, and an abort rejects with its reason", async (context) => {
  const { api, socketPath } = await start(context);
  api.intercept(() => () => {});
  const clock = new VirtualClock();
  const call = createClient({ socketPath, clock }).status({ deadlineMs: 500 });
  const rejected = assert.rejects(call, (error) => error instanceof Fault && error.code === "timeout");
  await clock.advance(500);
  await rejected;

  const controller = new AbortController();
  const aborted = createClient({ socketPath }).status({ signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
});

test("an answer that is not JSON is corrupt, not a crash", async (context) => {
  const { api, client } = await start(context);
  api.intercept(() => "<html>");
  await assert.rejects(client.status(), (error) => error instanceof Fault && error.code === "corrupt");
});

test("watch() tells what is, resumes after a break and lists again after compaction", async (context) => {
  const { api, client } = await start(context);
  const labels = { "plinth.dev/app": "shop" };
  api.write("Service", "shop.web", { spec: { n: 1 }, labels });
  api.write("Service", "shop.old", { spec: {}, labels });
  api.write("Service", "other.web", { spec: {}, labels: { "plinth.dev/app": "other" } });
  const controller = new AbortController();
  const events = client.watch("Service", { labels, signal: controller.signal });
  const next = async (): Promise<string> => {
    const { value } = await events.next();
    if (value === undefined) return "end";
    return value.type === "SYNCED" ? "SYNCED" : `${value.type} ${value.object.metadata.name}`;
  };
  assert.deepEqual(
    [await next(), await next(), await next()],
    ["ADDED shop.web", "ADDED shop.old", "SYNCED"],
  );

  const changed = next();
  api.write("Service", "shop.web", { spec: { n: 2 } });
  assert.equal(await changed, "MODIFIED shop.web");

  const resumed = next();
  api.breakWatches();
  api.write("Service", "shop.new", { spec: {}, labels });
  assert.equal(await resumed, "ADDED shop.new");

  const relisted = next();
  api.write("Service", "shop.web", { spec: { n: 3 } });
  assert.equal(await relisted, "MODIFIED shop.web");
  // The watcher asks for its next event only after history is gone, so it has to list.
  api.breakWatches();
  api.remove("Service", "shop.old");
  api.compact();
  assert.equal(await next(), "DELETED shop.old");
  assert.equal(await next(), "SYNCED");
  const stopped = assert.rejects(events.next(), /enough/);
  controller.abort(new Error("enough"));
  await stopped;
});

test("exec() and log() pass bytes through unchanged", async (context) => {
  const { api, client } = await start(context);
  const bytes = Buffer.from([0, 255, 10, 27]);
  api.intercept(({ path }) => {
    if (path.endsWith("/log")) return (response) => response.end(bytes);
    if (!path.endsWith("/exec")) return undefined;
    return (response) => {
      response.write(`{"stream":"stdout","data":"${bytes.toString("base64")}"}\n{"exit`);
      response.end('Code":3}\n');
    };
  });
  assert.deepEqual(await Array.fromAsync(client.exec("shop.web.1", ["true"])), [
    { stream: "stdout", data: bytes },
    { exitCode: 3 },
  ]);
  assert.deepEqual(Buffer.concat(await Array.fromAsync(client.log("shop.web.1"))), bytes);
});
