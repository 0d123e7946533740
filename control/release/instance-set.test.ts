import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Registry } from "@plinth/registry";
import type { Instance, ServiceSpec } from "@plinth/resource";
import { createMachine } from "./fake-machine.ts";

/** A registry that does some things differently. */
const but = (registry: Registry, other: Partial<Registry>): Registry =>
  new Proxy(registry, {
    get: (target, name: keyof Registry) => {
      const own = target[name];
      return other[name] ?? (typeof own === "function" ? own.bind(target) : own);
    },
  });

const order = (spec: ServiceSpec) => ({ app: "shop", service: "web", release: 1, revision: "a", spec });

async function recorded(
  registry: Registry,
  holds: (instances: readonly Instance[]) => boolean,
): Promise<void> {
  while (!holds(registry.list("Instance"))) await systemClock.sleep(5);
}

const isAll =
  (state: string) =>
  (instances: readonly Instance[]): boolean =>
    instances.length > 0 && instances.every(({ status }) => status?.state === state);

test("an instance told to leave is so on record, and a daemon that comes back drains it and lets it go", async () => {
  await using machine = await createMachine();
  const { registry, driver, spec } = machine;
  const first = machine.daemon(() => new Promise(() => {}));
  await first.create(order(spec));
  await recorded(registry, isAll("Ready"));
  const { name } = registry.list("Instance")[0]!.metadata;
  first.leave(name);
  await recorded(registry, isAll("Draining"));
  await first.release();

  const drained: string[] = [];
  const second = machine.daemon(async (instance) => void drained.push(instance));
  await second.adopt(() => spec);
  await recorded(registry, (instances) => instances.length === 0);
  assert.deepEqual(drained, [name]);
  assert.deepEqual(
    driver.tasks.map(({ received }) => received),
    [["stop"]],
  );
  await second.release();
});

test("a daemon that ends while an instance drains does not stop it", async () => {
  await using machine = await createMachine();
  const { registry, driver, spec } = machine;
  const ending = Promise.withResolvers<void>();
  const daemon = machine.daemon(() => ending.promise);
  await daemon.create(order(spec));
  await recorded(registry, isAll("Ready"));
  daemon.leave(registry.list("Instance")[0]!.metadata.name);
  await recorded(registry, isAll("Draining"));
  const released = daemon.release();
  ending.reject(new Error("the daemon ends"));
  await released;
  await recorded(registry, isAll("Draining"));
  assert.deepEqual(driver.tasks[0]?.received, []);
});

test("an instance that was stopped to go is not started again by a daemon that comes back before it is forgotten", async () => {
  await using machine = await createMachine();
  const { registry, driver, spec } = machine;
  const dying = but(registry, { purge: () => new Promise(() => {}) });
  const first = machine.daemon(() => Promise.resolve(), dying);
  await first.create(order(spec));
  await recorded(registry, isAll("Ready"));
  first.leave(registry.list("Instance")[0]!.metadata.name);
  await recorded(registry, isAll("Stopping"));
  await driver.tasks[0]?.wait();
  await first.release();
  const second = machine.daemon(() => Promise.resolve());
  await second.adopt(() => spec);
  await recorded(registry, (instances) => instances.length === 0);
  assert.equal(driver.tasks.length, 1);
  await second.release();
});

test("an instance that is not ready just now is drained all the same before it is stopped", async () => {
  await using machine = await createMachine();
  const { registry, driver, spec } = machine;
  const drained: string[] = [];
  const daemon = machine.daemon(async (instance) => {
    assert.deepEqual(driver.tasks[0]?.received, []);
    drained.push(instance);
  });
  const ready = { exec: ["is-ready"], period: "20ms", failureThreshold: 1 };
  await daemon.create(order({ ...spec, health: { startup: { tcp: true }, ready } }));
  // The fake driver knows no exec, so the ready probe never says yes.
  await recorded(registry, isAll("Unready"));
  daemon.leave(registry.list("Instance")[0]!.metadata.name);
  await recorded(registry, (instances) => instances.length === 0);
  assert.equal(drained.length, 1);
  await daemon.release();
});

test("an instance that cannot be put on record keeps no port", async () => {
  await using machine = await createMachine();
  const full = new Fault("exhausted", "Cannot write: no space is left");
  const registry = but(machine.registry, { create: () => Promise.reject(full) });
  const daemon = machine.daemon(() => Promise.resolve(), registry);
  for (let attempt = 0; attempt < 120; attempt++) {
    await assert.rejects(daemon.create(order({ command: ["serve"] })), full);
  }
  assert.equal(machine.claimed.length, 1);
});
