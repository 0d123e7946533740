import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import type { ServiceSpec } from "@plinth/resource";
import { instanceEnvironment } from "./environment.ts";
import { createMachine, fakeMesh, FakeNetworks, startReleases } from "./fake-machine.ts";
import { planApp } from "./plan.ts";

const SECRET = "store.shop.state";
const storeSpec = (spec: ServiceSpec): ServiceSpec => ({
  ...spec,
  command: ["${PLINTH}", "store", "--data-dir=${DATA}"],
  env: { PLINTH_STORE_PASSWORD: { secret: SECRET } },
  store: true,
});

test("a store gets a password nobody chose and a directory of its own, and is replaced stop-first", async () => {
  await using machine = await createMachine();
  const { registry, driver, secrets, spec } = machine;
  await using _releases = await startReleases(machine);
  const services = { state: storeSpec(spec) };
  await registry.create("App", { metadata: { name: "shop" }, spec: { services } });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await systemClock.sleep(5);
  };
  await until(() => registry.get("App", "shop")?.status?.phase === "Healthy");
  assert.deepEqual([...secrets], [SECRET]);
  const [first] = driver.tasks;
  const [program, , data = ""] = first!.spec.command;
  assert.equal(program, "/opt/plinth");
  const directory = data.slice("--data-dir=".length);
  assert.match(directory, /\/data\/shop\/state$/);
  assert.equal(statSync(directory).mode & 0o777, 0o700);

  const changed = { state: { ...services.state, command: [...(services.state.command ?? []), "--more"] } };
  await registry.update("App", { metadata: { name: "shop" }, spec: { services: changed } });
  await until(() => driver.tasks.length === 2);
  assert.ok(first!.received.includes("stop"), "the one before has been stopped when the next begins");
  assert.equal(driver.tasks[1]!.spec.command[2], data);
  await until(() => registry.get("App", "shop")?.status?.activeRelease === 2);
});

test("other services know nothing of ${DATA} and ${PLINTH}", async () => {
  await using machine = await createMachine();
  await using releases = await startReleases(machine);
  const web = { ...machine.spec, command: ["${PLINTH}", "${DATA}"] };
  await machine.registry.create("App", { metadata: { name: "shop" }, spec: { services: { web } } });
  while (machine.driver.tasks.length === 0) await systemClock.sleep(5);
  assert.deepEqual(machine.driver.tasks[0]!.spec.command, ["${PLINTH}", "${DATA}"]);
  assert.equal(releases.instances.list("shop").length, 1);
});

for (const mode of ["cooperative", "transparent"] as const) {
  test(`in ${mode} mode a store's caller has its URL, password included`, async () => {
    await using machine = await createMachine();
    const { registry, spec, other, store } = machine;
    const mesh = mode === "transparent" ? fakeMesh(store, new FakeNetworks()) : undefined;
    await using releases = await startReleases(machine, mesh);
    const web: ServiceSpec = {
      ...other,
      calls: ["state"],
      env: { PLINTH_STATE_PASSWORD: { secret: SECRET } },
    };
    await registry.create("App", {
      metadata: { name: "shop" },
      spec: { services: { state: storeSpec(spec), web } },
    });
    const webs = () => registry.list("Instance").filter((one) => one.spec.service === "web");
    while (webs().length === 0) await systemClock.sleep(5);
    const callees = await releases.controller.topology.callees(webs()[0]!, web);
    const env = instanceEnvironment({
      app: "shop",
      service: "web",
      instance: "shop.web.1",
      release: 1,
      spec: web,
      port: 1,
      host: "127.0.0.1",
      callees,
      reveal: () => "pass/word",
      inherited: {},
      runtime: "/bin/node",
    });
    assert.equal(env["PLINTH_STATE_PASSWORD"], "pass/word");
    assert.equal(
      env["PLINTH_STATE_URL"],
      `etcd://root:pass%2Fword@${env["PLINTH_STATE_HOST"]}:${env["PLINTH_STATE_PORT"]}`,
    );
    if (mode === "transparent")
      assert.deepEqual([env["PLINTH_STATE_HOST"], env["PLINTH_STATE_PORT"]], ["state", "2379"]);
  });
}

test("a plan does not ask for the password of a store that is to come", () => {
  const spec = { services: { state: storeSpec({ command: ["x"] }) } };
  assert.deepEqual(planApp(undefined, { spec, secrets: {} }).secrets, []);
  assert.deepEqual(planApp(undefined, { spec, secrets: { [SECRET]: 1 } }).secrets, [
    { name: SECRET, change: "unchanged" },
  ]);
});
