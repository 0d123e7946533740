import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppSpec } from "@plinth/resource";
import { planApp } from "./plan.ts";
import { releaseDigest, revisionOf } from "./revision.ts";

const app = (web: Partial<AppSpec["services"][string]> = {}): AppSpec => ({
  services: {
    web: { command: ["node", "web.mjs"], ...web },
    store: { command: ["redis-server"], port: 6379 },
  },
  ingress: { "*": "web" },
});
const changeOf = (after: AppSpec): unknown =>
  planApp({ spec: app(), secrets: {} }, { spec: after, secrets: {} }).changes.find(
    ({ service }) => service === "web",
  )?.action;

test("planApp() tells a new process from a setting from a number", () => {
  assert.equal(changeOf(app()), "unchanged");
  assert.equal(changeOf(app({ replicas: 3 })), "scale");
  assert.equal(changeOf(app({ deploy: { grace: "1s" } })), "update");
  assert.equal(changeOf(app({ command: ["node", "other.mjs"] })), "replace");
  assert.equal(changeOf(app({ env: { A: "1" } })), "replace");
});

test("planApp() names what was added and removed, and says what a fixed port means", () => {
  const { services } = app();
  const without: AppSpec = { services: { web: services["web"]! } };
  const added = planApp({ spec: without, secrets: {} }, { spec: app(), secrets: {} });
  const store = added.changes.find(({ service }) => service === "store");
  assert.equal(store?.action, "create");
  assert.match(store?.notes.join() ?? "", /Fixed port 6379/);
  const changed = planApp(
    { spec: app(), secrets: {} },
    {
      spec: { ...app(), services: { ...services, store: { ...services["store"]!, env: { A: "1" } } } },
      secrets: {},
    },
  );
  assert.match(changed.changes[0]?.notes.join() ?? "", /stop-first/);
  const removed = planApp({ spec: app(), secrets: {} }, { spec: without, secrets: {} });
  assert.equal(removed.changes.find(({ service }) => service === "store")?.action, "remove");
});

test("planApp() shows secrets as changed, unchanged or missing", () => {
  const spec = app({ env: { KEY: { secret: "api-key" } } });
  const changes = (before: Record<string, number>, after: Record<string, number>): string | undefined =>
    planApp({ spec, secrets: before }, { spec, secrets: after }).secrets[0]?.change;
  assert.equal(changes({ "api-key": 1 }, { "api-key": 1 }), "unchanged");
  assert.equal(changes({ "api-key": 1 }, { "api-key": 2 }), "changed");
  assert.equal(changes({ "api-key": 1 }, {}), "missing");
});

test("revisionOf() heeds the source's digest, not where its copy lies; releaseDigest() heeds replicas", () => {
  const source = (directory: string, letter: string): AppSpec =>
    app({ source: { directory, digest: `sha256:${letter.repeat(64)}` } });
  const revision = (spec: AppSpec): string => revisionOf(spec.services["web"]!, {});
  assert.equal(revision(source("/a", "a")), revision(source("/b", "a")));
  assert.notEqual(revision(source("/a", "a")), revision(source("/a", "b")));
  assert.equal(revision(app()), revision(app({ replicas: 5 })));
  assert.notEqual(releaseDigest(app(), {}), releaseDigest(app({ replicas: 5 }), {}));
});

test("routes make another release, not another process, and are compared by their names", () => {
  const route = (
    name: string,
    limit: number,
  ): NonNullable<AppSpec["services"][string]["routes"]>[number] => ({
    name,
    match: { path: `/${name}` },
    policy: { retry: { limit } },
  });
  const routed = app({ routes: [route("search", 1), route("pay", 0)] });
  assert.equal(revisionOf(app().services["web"]!, {}), revisionOf(routed.services["web"]!, {}));
  assert.notEqual(releaseDigest(app(), {}), releaseDigest(routed, {}));
  assert.equal(changeOf(routed), "update");
  const fields = (...routes: ReturnType<typeof route>[]): unknown =>
    planApp({ spec: routed, secrets: {} }, { spec: app({ routes }), secrets: {} }).changes.find(
      ({ service }) => service === "web",
    )?.fields;
  assert.deepEqual(fields(route("search", 3), route("pay", 0)), [
    { path: "routes.search.policy.retry.limit", before: 1, after: 3 },
  ]);
  assert.deepEqual(fields(route("search", 1)), [
    { path: "routes.pay", before: route("pay", 0), after: null },
  ]);
  assert.deepEqual(fields(route("pay", 0), route("search", 1)), [
    { path: "routes", before: ["search", "pay"], after: ["pay", "search"] },
  ]);
});

test("a policy, or how lines are read, makes another release, not another process", () => {
  for (const other of [
    app({ policy: { timeout: { request: "10s" } } }),
    app({ logs: { remap: ". = parse_json!(.message)" } }),
  ]) {
    assert.equal(revisionOf(app().services["web"]!, {}), revisionOf(other.services["web"]!, {}));
    assert.notEqual(releaseDigest(app(), {}), releaseDigest(other, {}));
    assert.equal(changeOf(other), "update");
  }
});
