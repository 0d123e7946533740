import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Fixture } from "./fixture.ts";
import { HEARTBEAT_MS } from "./limits.ts";

const ROOT = "/apis/plinth.dev/v1";
const secret = (name: string, labels = {}) => ({ metadata: { name, labels }, spec: {} });

interface Event {
  readonly type: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- events are looked into, not relied on
  readonly object: any;
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<Event> {
  for await (const line of createInterface({ input: response })) yield JSON.parse(line) as Event;
}

async function take(events: AsyncGenerator<Event>, count: number): Promise<Event[]> {
  const taken: Event[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    if (done === true) throw new Error(`the watch ended after ${JSON.stringify(taken)}`);
    taken.push(value);
  }
  return taken;
}

const brief = ({ type, object }: Event): string => `${type} ${object.metadata.name}`;

test("a watch without a resourceVersion begins with what is; one from a list goes on behind it", async () => {
  await using fixture = await Fixture.start();
  await fixture.registry.create("Secret", secret("a"));
  const list = (await fixture.call(`${ROOT}/secrets`)).json;
  const fresh = eventsOf(await fixture.open(`${ROOT}/secrets?watch=true`));
  const resumed = eventsOf(
    await fixture.open(`${ROOT}/secrets?watch=1&resourceVersion=${list.metadata.resourceVersion}`),
  );
  await fixture.registry.create("Secret", secret("b"));
  await fixture.registry.updateStatus("Secret", "a", { version: 1 });
  await fixture.registry.delete("Secret", "b");
  assert.deepEqual((await take(fresh, 4)).map(brief), ["ADDED a", "ADDED b", "MODIFIED a", "DELETED b"]);
  assert.deepEqual((await take(resumed, 3)).map(brief), ["ADDED b", "MODIFIED a", "DELETED b"]);
});

test("a watch of every kind tells of all of them in one order, and says so in its bookmarks", async () => {
  await using fixture = await Fixture.start();
  await fixture.registry.create("Secret", secret("a"));
  const { resourceVersion } = fixture.registry;
  const events = eventsOf(
    await fixture.open(
      `${ROOT}/watch?watch=true&resourceVersion=${resourceVersion}&labelSelector=app%3Dshop`,
    ),
  );
  const app = { metadata: { name: "shop", labels: { app: "shop" } }, spec: { services: {} } };
  await fixture.registry.create("App", app);
  await fixture.registry.create("Secret", secret("other"));
  await fixture.registry.create("Secret", secret("b", { app: "shop" }));
  const seen = await take(events, 2);
  assert.deepEqual(
    seen.map(({ type, object }) => `${type} ${object.kind} ${object.metadata.name}`),
    ["ADDED App shop", "ADDED Secret b"],
  );
  await fixture.clock.advance(HEARTBEAT_MS);
  const [bookmark] = await take(events, 1);
  assert.deepEqual(bookmark?.object, {
    apiVersion: "plinth.dev/v1",
    metadata: { resourceVersion: fixture.registry.resourceVersion },
  });
  await fixture.store.compact(fixture.store.revision);
  assert.equal((await fixture.call(`${ROOT}/watch?watch=true&resourceVersion=1`)).code, 410);
});

test("a watch with labels tells of a resource that leaves them as DELETED", async () => {
  await using fixture = await Fixture.start();
  const events = eventsOf(await fixture.open(`${ROOT}/secrets?watch=true&labelSelector=app%3Dshop`));
  await fixture.registry.create("Secret", secret("other"));
  await fixture.registry.create("Secret", secret("a", { app: "shop" }));
  await fixture.registry.update("Secret", secret("a", { app: "files" }));
  await fixture.registry.update("Secret", secret("a", { app: "shop" }));
  assert.deepEqual((await take(events, 3)).map(brief), ["ADDED a", "DELETED a", "ADDED a"]);
});

test("an idle watch says every heartbeat which version it has reached", async () => {
  await using fixture = await Fixture.start();
  const events = eventsOf(await fixture.open(`${ROOT}/apps?watch=true`));
  await fixture.registry.create("Secret", secret("a"));
  await fixture.clock.advance(HEARTBEAT_MS);
  const [bookmark] = await take(events, 1);
  assert.equal(bookmark?.type, "BOOKMARK");
  assert.equal(bookmark?.object.metadata.resourceVersion, fixture.registry.resourceVersion);
  assert.equal(bookmark?.object.kind, "App");
  await fixture.clock.advance(HEARTBEAT_MS);
  assert.equal((await take(events, 1))[0]?.type, "BOOKMARK");
});

test("a watch ends at its timeout, and with the API", async () => {
  await using fixture = await Fixture.start();
  const timed = eventsOf(await fixture.open(`${ROOT}/apps?watch=true&timeoutSeconds=5`));
  await fixture.clock.advance(5000);
  assert.equal((await timed.next()).done, true);
  const open = eventsOf(await fixture.open(`${ROOT}/apps?watch=true`));
  const ended = open.next();
  await fixture.api[Symbol.asyncDispose]();
  assert.equal((await ended).done, true);
});

test("a watch from a compacted or a future version is refused as expired", async () => {
  await using fixture = await Fixture.start();
  await fixture.registry.create("Secret", secret("a"));
  await fixture.registry.create("Secret", secret("b"));
  await fixture.store.compact(fixture.store.revision);
  for (const version of ["1", "2", "4000000"]) {
    const { code, json } = await fixture.call(`${ROOT}/secrets?watch=true&resourceVersion=${version}`);
    assert.deepEqual([code, json.reason], [410, "Expired"], version);
  }
  for (const version of ["x", "-1", "1.5", "9".repeat(30)]) {
    const { code } = await fixture.call(`${ROOT}/secrets?watch=true&resourceVersion=${version}`);
    assert.equal(code, 422, version);
  }
});

test("a client that stops reading costs no memory and is told when it fell behind", async () => {
  await using fixture = await Fixture.start({ historyRevisions: 10 });
  const response = await fixture.open(`${ROOT}/secrets?watch=true`);
  response.pause();
  const annotations = { text: "x".repeat(60_000) };
  await fixture.registry.create("Secret", { metadata: { name: "a", annotations }, spec: {} });
  let version = 0;
  // More than the sockets' buffers hold, then more revisions than history keeps.
  for (; version < 300; version++) await fixture.registry.updateStatus("Secret", "a", { version });
  await Promise.all(
    Array.from({ length: 1500 }, (_, index) =>
      fixture.store.transact([], [{ put: `/other/${index % 5}`, value: Buffer.from("x") }]),
    ),
  );
  assert.ok(fixture.store.compactedRevision > 400);
  const seen: Event[] = [];
  for await (const event of eventsOf(response)) seen.push(event);
  const last = seen.at(-1);
  assert.equal(last?.type, "ERROR");
  assert.deepEqual([last?.object.code, last?.object.reason], [410, "Expired"]);
  const versions = seen.slice(0, -1).map((event) => Number(event.object.status?.version ?? -1));
  assert.deepEqual(
    versions,
    versions.map((_, index) => index - 1),
    "no gap before the end",
  );
  assert.ok(versions.length < 300);
});
