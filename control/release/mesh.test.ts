import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import type { AppStatus, ServiceSpec } from "@plinth/resource";
import { instanceEnvironment } from "./environment.ts";
import { createMachine, fakeMesh, FakeNetworks, startReleases } from "./fake-machine.ts";
import { EVERY_ADDRESS } from "./mesh.ts";
import { planApp } from "./plan.ts";

const order = (spec: ServiceSpec) => ({ app: "shop", service: "web", release: 1, revision: "a", spec });

/** What the probes of all instances find, whatever their addresses. */
async function everyInstance(): Promise<{ port: number; close: () => void }> {
  const server = createServer((socket) => socket.destroy()).listen(0, "0.0.0.0");
  await once(server, "listening");
  return { port: (server.address() as { port: number }).port, close: () => void server.close() };
}

test("in transparent mode an instance is attached and announced before it starts, and detached after its end", async () => {
  await using machine = await createMachine();
  const { registry, driver, store } = machine;
  const server = await everyInstance();
  const networks = new FakeNetworks();
  const mesh = fakeMesh(store, networks);
  const drained: string[] = [];
  const daemon = machine.daemon(async (instance) => void drained.push(instance), registry, undefined, mesh);
  const spec: ServiceSpec = {
    command: ["serve"],
    port: server.port,
    egress: { allow: ["192.0.2.0/24", "example.org"] },
  };
  await daemon.create(order(spec));
  while (daemon.serving("shop").length === 0) await systemClock.sleep(5);
  assert.deepEqual(networks.deeds, ["attach 127.77.0.2", "announced"]);
  const { metadata, spec: recorded } = registry.list("Instance")[0]!;
  assert.equal(recorded.address, "127.77.0.2");
  // Host names are the name server's part.
  assert.deepEqual(networks.attachments.get(metadata.name)?.egress, {
    default: "deny",
    allow: ["192.0.2.0/24"],
    deny: [],
  });
  daemon.leave(metadata.name);
  while (registry.list("Instance").length > 0) await systemClock.sleep(5);
  while (daemon.list().length > 0) await systemClock.sleep(5);
  assert.deepEqual(drained, [metadata.name]);
  assert.deepEqual(networks.deeds.slice(2), ["detach 127.77.0.2"]);
  assert.deepEqual(driver.tasks[0]?.received, ["stop"]);
  assert.equal(await mesh.addresses.instance("shop.web.next"), "127.77.0.3");
  await daemon.release();
  server.close();
});

test("a daemon that comes back sweeps networks and addresses of instances that are gone, and keeps the others", async () => {
  await using machine = await createMachine();
  const { registry, store } = machine;
  const server = await everyInstance();
  const networks = new FakeNetworks();
  const mesh = fakeMesh(store, networks);
  const spec: ServiceSpec = { command: ["serve"], port: server.port };
  const first = machine.daemon(() => Promise.resolve(), registry, undefined, mesh);
  await first.create(order(spec));
  while (first.serving("shop").length === 0) await systemClock.sleep(5);
  await first.release();
  const lost = await mesh.addresses.instance("shop.web.lost");
  const none = { default: "allow", allow: [], deny: [] } as const;
  await networks.attach({ id: "shop.web.lost", address: lost, port: 1, egress: none });

  const second = machine.daemon(() => Promise.resolve(), registry, undefined, mesh);
  await second.adopt(() => spec);
  assert.deepEqual([...networks.attachments.keys()], [registry.list("Instance")[0]!.metadata.name]);
  assert.ok(networks.deeds.includes(`detach ${lost}`));
  // Freed, and gone through to the end before it comes round again.
  assert.notEqual(await mesh.addresses.instance("shop.web.lost"), lost);
  await second.release();
  server.close();
});

test("with networks of their own, services share a fixed port, run several instances on it and are not stopped first", async () => {
  await using machine = await createMachine();
  const { registry, store } = machine;
  const server = await everyInstance();
  const networks = new FakeNetworks();
  const mesh = fakeMesh(store, networks);
  await using releases = await startReleases(machine, mesh);
  const { controller, instances } = releases;
  const until = async (holds: (status: AppStatus) => boolean): Promise<void> => {
    while (!holds(registry.get("App", "shop")?.status ?? {})) await systemClock.sleep(5);
  };
  const spec: ServiceSpec = { command: ["serve"], port: server.port, replicas: 2 };
  const services = { web: { ...spec, calls: ["catalog"] }, catalog: spec };
  await registry.create("App", { metadata: { name: "shop" }, spec: { services } });
  await until(({ activeRelease }) => activeRelease === 1);
  const [view] = controller.topology.views();
  assert.equal(view?.local.length, 4);
  assert.deepEqual(networks.virtual.toSorted(), ["127.77.128.1", "127.77.128.2"]);
  assert.deepEqual(view?.pairs, []);
  const web = registry.list("Instance").find((one) => one.spec.service === "web")!;
  assert.deepEqual(await controller.topology.callees(web, services.web), { catalog: "http://catalog" });

  let fewest = 2;
  const watching = new AbortController();
  const watch = (async () => {
    while (!watching.signal.aborted) {
      fewest = Math.min(fewest, instances.serving("shop").filter((one) => one.spec.service === "web").length);
      await systemClock.sleep(2);
    }
  })();
  const next = { ...services, web: { ...services.web, command: ["two"] } };
  await registry.update("App", { metadata: { name: "shop" }, spec: { services: next } });
  await until(({ activeRelease }) => activeRelease === 2);
  watching.abort();
  await watch;
  assert.equal(fewest, 2);
  const { changes } = controller.plan("shop", { services: { ...next, web: spec } });
  assert.doesNotMatch(JSON.stringify(changes), /stop-first|one instance/);

  await registry.delete("App", "shop");
  while (registry.get("App", "shop") !== undefined) await systemClock.sleep(5);
  assert.deepEqual(networks.virtual, []);
  assert.equal(networks.attachments.size, 0);
  server.close();
});

test("in cooperative mode egress, and one fixed port for two, are refused instead of left unenforced", async () => {
  await using machine = await createMachine();
  const { registry, driver, spec } = machine;
  await using _releases = await startReleases(machine);
  const refused: [string, Record<string, ServiceSpec>, RegExp][] = [
    ["one", { web: { ...spec, egress: { deny: ["example.org"] } } }, /egress cannot be held to/],
    ["two", { web: spec, api: spec }, /is service "web"'s already/],
    ["three", { web: { ...spec, replicas: 2 } }, /can have one instance only/],
  ];
  for (const [name, services, message] of refused) {
    await registry.create("App", { metadata: { name }, spec: { services } });
    while (registry.get("App", name)?.status?.failure === undefined) await systemClock.sleep(5);
    assert.match(registry.get("App", name)?.status?.failure?.message ?? "", message);
  }
  assert.equal(driver.tasks.length, 0);
});

test("instanceEnvironment() tells what to listen on and names instead of addresses", () => {
  const env = instanceEnvironment({
    app: "shop",
    service: "web",
    instance: "shop.web.b",
    release: 1,
    spec: { command: ["x"], env: { BIND: "${HOST}:${PORT}" } },
    port: 8080,
    host: EVERY_ADDRESS,
    callees: { catalog: "http://catalog" },
    reveal: () => "",
    inherited: {},
    runtime: "/opt/node",
  });
  assert.equal(env["BIND"], "0.0.0.0:8080");
  assert.equal(env["PLINTH_CATALOG_URL"], "http://catalog");
  const plan = planApp(undefined, {
    spec: { services: { web: { command: ["x"], port: 80 } } },
    secrets: {},
    host: { ownNetworks: true, rootless: false },
  });
  assert.doesNotMatch(plan.changes[0]?.notes.join() ?? "", /Fixed port/);
});
