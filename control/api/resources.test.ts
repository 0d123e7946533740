import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseJson } from "./body.ts";
import { Fixture } from "./fixture.ts";
import { mergePatch } from "./merge-patch.ts";

const ROOT = "/apis/plinth.dev/v1";
const app = (name: string, command = "a", metadata = {}) => ({
  apiVersion: "plinth.dev/v1",
  kind: "App",
  metadata: { name, ...metadata },
  spec: { services: { web: { command: [command] } } },
});

test("resources are created, listed, replaced, patched and deleted", async () => {
  await using fixture = await Fixture.start();
  const created = await fixture.send("POST", `${ROOT}/apps`, app("shop", "a", { labels: { tier: "front" } }));
  assert.equal(created.code, 201);
  assert.equal((await fixture.send("POST", `${ROOT}/apps`, app("shop"))).json.reason, "Conflict");
  await fixture.send("PUT", `${ROOT}/apps/files`, app("files"));
  const list = (await fixture.call(`${ROOT}/apps`)).json;
  assert.deepEqual([list.kind, list.apiVersion], ["AppList", "plinth.dev/v1"]);
  assert.equal(list.metadata.resourceVersion, fixture.registry.resourceVersion);
  assert.deepEqual(
    list.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ["files", "shop"],
  );
  const selected = await fixture.call(`${ROOT}/apps?labelSelector=tier%3Dfront`);
  assert.equal(selected.json.items.length, 1);

  const stale = await fixture.send("PUT", `${ROOT}/apps/shop`, app("shop", "b", { resourceVersion: "1" }));
  assert.equal(stale.code, 409);
  assert.match(stale.json.message, /"2" by now, not "1"/);
  const replaced = await fixture.send("PUT", `${ROOT}/apps/shop`, app("shop", "b", { resourceVersion: "2" }));
  assert.equal(replaced.code, 200);
  assert.equal(replaced.json.metadata.generation, 2);

  const patch = { metadata: { labels: { tier: null, team: "x" } }, spec: { ingress: { "*": "web" } } };
  const patched = await fixture.send("PATCH", `${ROOT}/apps/shop`, patch, {
    "Content-Type": "application/merge-patch+json",
  });
  assert.equal(patched.code, 200, patched.text);
  assert.deepEqual(patched.json.metadata.labels, { team: "x" });
  assert.deepEqual(patched.json.spec, { services: { web: { command: ["b"] } }, ingress: { "*": "web" } });
  const stalePatch = await fixture.send(
    "PATCH",
    `${ROOT}/apps/shop`,
    { metadata: { resourceVersion: "2" } },
    { "Content-Type": "application/merge-patch+json" },
  );
  assert.equal(stalePatch.code, 409);

  const deleted = await fixture.call(`${ROOT}/apps/shop`, { method: "DELETE" });
  assert.ok(deleted.json.metadata.deletionTimestamp);
  const missing = await fixture.call(`${ROOT}/apps/shpo`);
  assert.equal(missing.code, 404);
  assert.equal(missing.json.details.hint, 'Did you mean "shop"?');
});

test("dryRun checks like the real thing and changes nothing", async () => {
  await using fixture = await Fixture.start();
  await fixture.send("POST", `${ROOT}/apps`, app("shop"));
  const before = fixture.registry.resourceVersion;
  assert.equal((await fixture.send("POST", `${ROOT}/apps?dryRun=All`, app("other"))).code, 201);
  assert.equal((await fixture.send("POST", `${ROOT}/apps?dryRun=All`, app("shop"))).code, 409);
  assert.equal((await fixture.send("PUT", `${ROOT}/apps/shop?dryRun=All`, app("shop", "b"))).code, 200);
  const stale = app("shop", "b", { resourceVersion: "1" });
  assert.equal((await fixture.send("PUT", `${ROOT}/apps/shop?dryRun=All`, stale)).code, 409);
  assert.equal((await fixture.call(`${ROOT}/apps/shop?dryRun=All`, { method: "DELETE" })).code, 200);
  assert.equal((await fixture.send("PUT", `${ROOT}/apps/shop?dryRun=Some`, app("shop"))).code, 422);
  assert.equal(fixture.registry.resourceVersion, before);
});

test("a resource that does not match its schema is refused with every cause", async () => {
  await using fixture = await Fixture.start();
  const bad = {
    apiVersion: "plinth.dev/v2",
    kind: "App",
    metdata: {},
    metadata: { name: "a.b" },
    spec: { services: { web: { comand: ["x"], calls: ["wbe"] } } },
  };
  const { code, json } = await fixture.send("POST", `${ROOT}/apps`, bad);
  assert.equal(code, 422);
  assert.equal(json.reason, "Invalid");
  assert.deepEqual(
    json.details.causes.map((cause: { field: string; suggestion?: string }) => [
      cause.field,
      cause.suggestion,
    ]),
    [
      ["metdata", "metadata"],
      ["apiVersion", undefined],
      ["spec.services.web.comand", "command"],
      ["spec.services.web.calls[0]", "web"],
      ["metadata.name", undefined],
    ],
  );
  const mismatch = await fixture.send("PUT", `${ROOT}/apps/shop`, app("other"));
  assert.equal(mismatch.json.details.causes[0].field, "metadata.name");
});

test("names that carry shell, path or option syntax are refused wherever they stand", async () => {
  await using fixture = await Fixture.start();
  for (const name of [
    "a;b",
    "a|b",
    "a&b",
    "$(a)",
    "`a`",
    "a\nb",
    "-a",
    "..",
    "a/b",
    "a\u0000",
    "a".repeat(41),
  ]) {
    const created = await fixture.send("POST", `${ROOT}/apps`, app(name));
    assert.equal(created.code, 422, name);
    const path = encodeURIComponent(name);
    assert.equal((await fixture.send("PUT", `${ROOT}/apps/${path}`, app(name))).code, 422, name);
    const deeds = ["apps/NAME/rollback", "instances/NAME/exec", "instances/NAME/signal"];
    for (const deed of deeds) {
      const answer = await fixture.send("POST", `${ROOT}/${deed.replace("NAME", path)}`, {});
      assert.equal(answer.code, 422, `${deed} ${name}`);
    }
    const secret = await fixture.call(`${ROOT}/secrets/${path}/value`, { method: "PUT", body: "x" });
    assert.equal(secret.code, 422, name);
  }
  assert.deepEqual(fixture.deeds, []);
  assert.equal(fixture.registry.resourceVersion, "1");
});

test("kinds that controllers write cannot be written by users", async () => {
  await using fixture = await Fixture.start();
  for (const [method, path] of [
    ["POST", "services"],
    ["PUT", "services/a.b"],
    ["PATCH", "instances/a.b.c"],
    ["DELETE", "releases/a.1"],
  ] as const) {
    const { code, headers, json } = await fixture.send(method, `${ROOT}/${path}`, {});
    assert.equal(code, 405);
    assert.equal(headers.allow, "GET");
    assert.equal(json.reason, "MethodNotAllowed");
  }
});

test("bodies that are not what they say are refused, and prototypes stay as they are", async () => {
  await using fixture = await Fixture.start();
  await fixture.send("POST", `${ROOT}/apps`, app("shop"));
  const post = (body: string | Uint8Array, type = "application/json") =>
    fixture.call(`${ROOT}/apps`, { method: "POST", body, headers: { "Content-Type": type } });
  assert.equal((await post("{")).code, 400);
  assert.equal((await post("")).code, 400);
  assert.equal((await post(Buffer.from([0x22, 0xff, 0x22]))).code, 400);
  assert.equal((await post("[".repeat(100_000))).code, 400);
  assert.equal((await post('"\\"[[["')).code, 422);
  assert.equal((await post("{}", "text/plain")).code, 415);
  const twice = await post('{"spec":{"services":{"web":{},"\\u0077eb" : {}}}}');
  assert.equal(twice.code, 400);
  assert.match(twice.json.message, /names "web" twice/);
  assert.equal((await post("null")).code, 422);
  const poison = '{"__proto__":{"polluted":1},"spec":{"services":{"__proto__":{"command":["x"]}}}}';
  const patched = await fixture.call(`${ROOT}/apps/shop`, {
    method: "PATCH",
    body: poison,
    headers: { "Content-Type": "application/merge-patch+json" },
  });
  assert.equal(patched.code, 422);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

test("concurrent merge patches of different keys are all kept", async () => {
  await using fixture = await Fixture.start();
  await fixture.send("POST", `${ROOT}/apps`, app("shop"));
  const headers = { "Content-Type": "application/merge-patch+json" };
  const answers = await Promise.all(
    Array.from({ length: 15 }, (_, index) =>
      fixture.send("PATCH", `${ROOT}/apps/shop`, { metadata: { labels: { [`k${index}`]: "v" } } }, headers),
    ),
  );
  assert.deepEqual(new Set(answers.map((answer) => answer.code)), new Set([200]));
  assert.equal(Object.keys(fixture.registry.get("App", "shop")?.metadata.labels ?? {}).length, 15);
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

test("parseJson() reads whatever JSON.stringify writes, and refuses what names a key twice", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text));
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (key, first, second) => {
      const quotedKey = JSON.stringify(key);
      const text = `[{${quotedKey}:${JSON.stringify(first)},${quotedKey}:${JSON.stringify(second)}}]`;
      assert.throws(() => parseJson(Buffer.from(text)), /twice|nested/);
    }),
  );
});

test("mergePatch() merges as RFC 7396 says", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 1, "x", true),
      fc.array(fc.constantFrom(null, 1), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const merged = mergePatch(target, patch);
      assert.deepEqual(mergePatch(merged, patch), merged);
      if (!isObject(patch)) return assert.deepEqual(merged, patch);
      assert.ok(isObject(merged));
      for (const [key, value] of Object.entries(patch)) {
        assert.equal(Object.hasOwn(merged, key), value !== null);
      }
      for (const key of isObject(target) ? Object.keys(target) : []) {
        if (!Object.hasOwn(patch, key)) {
          assert.deepEqual(merged[key], (target as Record<string, unknown>)[key]);
        }
      }
    }),
  );
  assert.deepEqual(mergePatch({ a: { b: 1, c: 2 } }, { a: { b: null }, d: { e: null } }), {
    a: { c: 2 },
    d: {},
  });
});
