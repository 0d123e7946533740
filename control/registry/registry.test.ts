import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { VirtualClock } from "@plinth/clock/testing";
import { Fault } from "@plinth/fault";
import { openStore, type Store } from "@plinth/store";
import * as fc from "fast-check";
import { createRegistry, type Registry, type ResourceEvent } from "./registry.ts";

const faultOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code;
const spec = (command: string) => ({ services: { web: { command: [command] } } });

async function withRegistry(run: (registry: Registry, store: Store) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-registry-"));
  try {
    await using store = await openStore(directory);
    await run(createRegistry({ store, clock: new VirtualClock(0) }), store);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("Registry.create() fills in the metadata that is its own and refuses a second of the same name", () =>
  withRegistry(async (registry) => {
    const app = await registry.create("App", {
      metadata: { name: "shop", labels: { tier: "1" }, generation: 99, uid: "mine" },
      spec: spec("a"),
    });
    assert.equal(app.metadata.generation, 1);
    assert.match(app.metadata.uid!, /^[0-9a-f-]{36}$/);
    assert.equal(app.metadata.creationTimestamp, "1970-01-01T00:00:00.000Z");
    assert.equal(app.metadata.resourceVersion, registry.resourceVersion);
    assert.deepEqual(registry.get("App", "shop"), app);
    await assert.rejects(
      registry.create("App", { metadata: { name: "shop" }, spec: spec("b") }),
      faultOf("conflict"),
    );
  }));

test("Registry.update() counts changes of spec, keeps the status and refuses a stale resourceVersion", () =>
  withRegistry(async (registry) => {
    const created = await registry.create("App", { metadata: { name: "shop" }, spec: spec("a") });
    await registry.updateStatus("App", "shop", { phase: "Healthy" });
    await assert.rejects(registry.update("App", { ...created, spec: spec("b") }), (error: unknown) => {
      assert.ok(error instanceof Fault);
      assert.match(error.message, /resourceVersion is "3" by now, not "2"/);
      return error.code === "conflict";
    });
    const updated = await registry.update("App", { metadata: { name: "shop" }, spec: spec("b") });
    assert.equal(updated.metadata.generation, 2);
    assert.deepEqual(updated.status, { phase: "Healthy" });
    const labelled = await registry.update("App", {
      metadata: { name: "shop", labels: { a: "b" } },
      spec: spec("b"),
    });
    assert.equal(labelled.metadata.generation, 2);
    assert.deepEqual(labelled.metadata.labels, { a: "b" });
    const same = await registry.update("App", labelled);
    assert.equal(same.metadata.resourceVersion, labelled.metadata.resourceVersion);
    await assert.rejects(
      registry.update("App", { metadata: { name: "none" }, spec: spec("a") }),
      faultOf("not-found"),
    );
  }));

test("Registry.updateStatus() writes nothing when nothing changed and says when the resource is gone", () =>
  withRegistry(async (registry) => {
    await registry.create("Secret", { metadata: { name: "key" }, spec: {} });
    const first = await registry.updateStatus("Secret", "key", { version: 1 });
    const again = await registry.updateStatus("Secret", "key", { version: 1 });
    assert.equal(again?.metadata.resourceVersion, first?.metadata.resourceVersion);
    assert.equal(await registry.updateStatus("Secret", "none", {}), undefined);
  }));

test("Registry.delete() marks an App and removes anything else", () =>
  withRegistry(async (registry) => {
    await registry.create("App", { metadata: { name: "shop" }, spec: spec("a") });
    await registry.delete("App", "shop");
    const marked = registry.get("App", "shop");
    assert.ok(marked?.metadata.deletionTimestamp);
    await assert.rejects(
      registry.update("App", { metadata: { name: "shop" }, spec: spec("b") }),
      /it is being deleted/,
    );
    const kept = await registry.update("App", {
      metadata: { name: "shop", labels: { a: "b" } },
      spec: spec("a"),
    });
    assert.equal(kept.metadata.deletionTimestamp, marked.metadata.deletionTimestamp);
    await registry.purge("App", "shop");
    assert.equal(registry.get("App", "shop"), undefined);
    await registry.purge("App", "shop");
    await registry.create("Secret", { metadata: { name: "key" }, spec: {} });
    await registry.delete("Secret", "key");
    await assert.rejects(registry.delete("Secret", "key"), faultOf("not-found"));
  }));

test("Registry refuses names that would leave their place", () =>
  withRegistry(async (registry) => {
    for (const name of [
      "",
      "..",
      "-a",
      "a/b",
      "a\n",
      "A",
      "a;b",
      "$(a)",
      "`a`",
      "a".repeat(161),
      "../services/x",
    ]) {
      await assert.rejects(
        registry.create("Secret", { metadata: { name }, spec: {} }),
        faultOf("invalid"),
        name,
      );
      assert.throws(() => registry.get("App", name), faultOf("invalid"), name);
    }
  }));

test("Registry.watch() with labels keeps a reader's copy equal to a list, whatever changes", async () => {
  const someChange = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    app: fc.constantFrom("shop", "files", undefined),
    deed: fc.constantFrom("apply", "apply", "apply", "status", "delete"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(someChange, { maxLength: 25 }), fc.nat(25), (changes, resumeAt) =>
      withRegistry(async (registry) => {
        const labels = { "plinth.dev/app": "shop" };
        const copy = new Map<string, unknown>();
        const apply = ({ type, object }: ResourceEvent<"Secret">): void => {
          const { name } = object.metadata;
          assert.equal(copy.has(name), type !== "ADDED", `${type} ${name}`);
          if (type === "DELETED") copy.delete(name);
          else copy.set(name, object);
        };
        const follow = async (
          watch: AsyncIterator<ResourceEvent<"Secret">> & { version?: string },
          until: () => boolean,
        ): Promise<void> => {
          while (!until()) apply((await watch.next()).value);
        };
        const expected = (): Map<string, unknown> =>
          new Map(registry.list("Secret", labels).map((secret) => [secret.metadata.name, secret]));
        const equal = (): boolean => isDeepStrictEqual(copy, expected());

        let controller = new AbortController();
        let watch = registry.watch("Secret", { labels, signal: controller.signal });
        let iterator = watch[Symbol.asyncIterator]();
        for (const [index, { name, app, deed }] of changes.entries()) {
          if (index === resumeAt) {
            await follow(iterator, equal);
            const { resourceVersion } = watch;
            await iterator.return?.();
            controller.abort();
            controller = new AbortController();
            watch = registry.watch("Secret", { labels, resourceVersion, signal: controller.signal });
            iterator = watch[Symbol.asyncIterator]();
          }
          const exists = registry.get("Secret", name) !== undefined;
          const metadata = { name, ...(app && { labels: { "plinth.dev/app": app } }) };
          if (deed === "delete") await registry.purge("Secret", name);
          else if (deed === "status") await registry.updateStatus("Secret", name, { version: index });
          else if (exists) await registry.update("Secret", { metadata, spec: {} });
          else await registry.create("Secret", { metadata, spec: {} });
        }
        await follow(iterator, equal);
        assert.deepEqual(copy, expected());
        controller.abort();
      }),
    ),
    { numRuns: 40 },
  );
});
