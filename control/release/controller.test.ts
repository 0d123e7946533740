import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import type { App, AppStatus, ServiceSpec } from "@plinth/resource";
import type { ReleaseController } from "./controller.ts";
import { createMachine, type Machine, OWN_PORT, startReleases } from "./fake-machine.ts";

interface Daemon extends AsyncDisposable {
  readonly controller: ReleaseController;
  readonly machine: Machine;
  /** Asks for services and returns without waiting. */
  apply(services: Readonly<Record<string, ServiceSpec>>): Promise<App>;
  /** The app's status once it is so. */
  status(holds: (status: AppStatus) => boolean): Promise<AppStatus>;
}

async function startDaemon(): Promise<Daemon> {
  await using setup = new AsyncDisposableStack();
  const machine = setup.use(await createMachine());
  const { registry } = machine;
  const { controller } = setup.use(await startReleases(machine));
  const lifetime = setup.move();
  return {
    controller,
    machine,
    apply: (services) => {
      const draft = { metadata: { name: "shop" }, spec: { services } };
      return registry.get("App", "shop") === undefined
        ? registry.create("App", draft)
        : registry.update("App", draft);
    },
    async status(holds) {
      for (;;) {
        const status = registry.get("App", "shop")?.status ?? {};
        if (holds(status)) return status;
        await systemClock.sleep(5);
      }
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** Never gets ready, nor gives up within a test. */
const slow = { startup: { exec: ["never"], period: "1s", failureThreshold: 600 } };

test("a refusal stays told when the release that was on its way arrives", async () => {
  await using daemon = await startDaemon();
  const { spec, other, driver } = daemon.machine;
  await daemon.apply({ web: spec });
  await daemon.status(({ phase }) => phase === "Healthy");
  const job: ServiceSpec = { ...other, restart: "never", health: slow };
  await daemon.apply({ web: { ...spec, command: ["two"] }, job });
  await daemon.status(({ targetRelease }) => targetRelease === 2);
  await daemon.apply({ web: { ...spec, env: { KEY: { secret: "unknown" } } } });
  const refused = await daemon.status(({ failure }) => failure !== undefined);
  assert.equal(refused.targetRelease, 2);
  // The job is done: with it the release arrives.
  while (driver.tasks.every(({ id }) => !id.startsWith("shop.job."))) await systemClock.sleep(5);
  driver.tasks.find(({ id }) => id.startsWith("shop.job."))?.end(0);
  const arrived = await daemon.status(({ activeRelease }) => activeRelease === 2);
  assert.equal(arrived.phase, "Failed");
  assert.match(arrived.message ?? "", /refused.*unknown/);
});

test("a service that may run on no host there is is refused with the reason", async () => {
  await using daemon = await startDaemon();
  const { spec } = daemon.machine;
  await daemon.apply({ web: { ...spec, hosts: ["nowhere"] } });
  const { failure } = await daemon.status((status) => status.failure !== undefined);
  assert.match(failure?.message ?? "", /may run on nowhere only, and there is no such host/);
  await daemon.apply({ web: { ...spec, hosts: ["nowhere", "here"] } });
  await daemon.status(({ phase }) => phase === "Healthy");
});

test("services start in the order that is asked for, and wait no longer than they have to", async () => {
  await using daemon = await startDaemon();
  const { spec, other, driver } = daemon.machine;
  const started = (name: string): boolean => driver.tasks.some(({ id }) => id.startsWith(`shop.${name}.`));
  const job: ServiceSpec = { command: ["job"], restart: "never", health: slow, after: { db: "ready" } };
  await daemon.apply({
    web: { ...spec, after: { job: "completed" } },
    job,
    db: { ...other, health: { ready: { tcp: true } } },
  });
  while (!started("job")) await systemClock.sleep(5);
  const messageOf = (name: string): string | undefined =>
    daemon.machine.registry.get("Service", `shop.${name}`)?.status?.message;
  while (messageOf("web") !== 'waits until "job" is completed') await systemClock.sleep(5);
  assert.ok(started("db") && !started("web"));
  driver.tasks.find(({ id }) => id.startsWith("shop.job."))?.end(0);
  await daemon.status(({ phase }) => phase === "Healthy");
  assert.equal(messageOf("web"), undefined);
  // What has not changed has happened.
  await daemon.apply({
    web: { ...spec, command: ["two"], after: { job: "completed" } },
    job,
    db: { ...other, health: { ready: { tcp: true } } },
  });
  await daemon.status(({ activeRelease, phase }) => activeRelease === 2 && phase === "Healthy");
  const jobs = (): number => driver.tasks.filter(({ id }) => id.startsWith("shop.job.")).length;
  assert.equal(jobs(), 1);
  await daemon.controller.rollback("shop", undefined);
  await daemon.status(({ activeRelease, phase }) => activeRelease === 1 && phase === "Healthy");
  assert.equal(jobs(), 1, "nor does it happen again on the way back");
});

test("a service whose forerunner fails does not start, and the release says whose fault it is", async () => {
  await using daemon = await startDaemon();
  const { spec, other, driver } = daemon.machine;
  const job: ServiceSpec = { ...other, restart: "never", health: slow };
  await daemon.apply({ web: { ...spec, after: { job: "completed" } }, job });
  while (driver.tasks.length === 0) await systemClock.sleep(5);
  driver.tasks[0]!.end(3);
  const { failure } = await daemon.status((status) => status.failure !== undefined);
  assert.equal(failure?.service, "job");
  assert.deepEqual(
    driver.tasks.map(({ id }) => id.split(".")[1]),
    ["job"],
  );
});

test("what runs by itself has an instance for each of its addresses, which is ready while it answers", async () => {
  await using daemon = await startDaemon();
  const { spec, other, registry, driver } = daemon.machine;
  const at = ({ port }: ServiceSpec): string => `127.0.0.1:${port}`;
  await daemon.apply({ db: { address: [at(spec), at(other)] } });
  await daemon.status(({ phase }) => phase === "Healthy");
  const shown = (): string[] =>
    registry
      .list("Instance")
      .map(({ spec: { driver: by, address, port }, status }) => `${by} ${address}:${port} ${status?.state}`)
      .sort();
  assert.deepEqual(shown(), [`external ${at(spec)} Ready`, `external ${at(other)} Ready`].sort());
  // One of them is taken out; nothing was started, and nothing is to be stopped.
  await daemon.apply({ db: { address: at(other) } });
  await daemon.status(({ activeRelease, phase }) => activeRelease === 2 && phase === "Healthy");
  while (shown().length > 1) await systemClock.sleep(5);
  assert.deepEqual(shown(), [`external ${at(other)} Ready`]);
  assert.deepEqual(driver.tasks, []);
});

test("a caller from outside has an address of its own until it is revoked", async () => {
  await using daemon = await startDaemon();
  const { controller, machine } = daemon;
  await daemon.apply({ web: machine.spec, other: machine.other });
  await daemon.status(({ phase }) => phase === "Healthy");
  const at = await controller.admitCaller("shop", "web", "report");
  assert.deepEqual(await controller.admitCaller("shop", "web", "report"), at);
  const pairs = (): unknown => controller.topology.views().flatMap((view) => view.pairs);
  assert.deepEqual(pairs(), [{ caller: "report", callee: "web", ...at }]);
  await daemon.apply({ web: { ...machine.spec, command: ["two"] }, other: machine.other });
  await daemon.status(({ activeRelease, phase }) => activeRelease === 2 && phase === "Healthy");
  assert.deepEqual(pairs(), [{ caller: "report", callee: "web", ...at }]);
  await assert.rejects(controller.admitCaller("shop", "wbe", "report"), /no such service/);
  await assert.rejects(controller.admitCaller("shop", "web", "other"), /has a service of that name/);
  await assert.rejects(controller.revokeCaller("shop", "other", "report"), /has no address for shop\/other/);
  await controller.revokeCaller("shop", "web", "report");
  assert.deepEqual(pairs(), []);
});

test("a port that is somebody's already is refused with the name of its owner", async () => {
  await using daemon = await startDaemon();
  const { spec, registry } = daemon.machine;
  const refusalOf = async (publish: string): Promise<string> => {
    await daemon.apply({ web: { ...spec, publish: [publish] } });
    const { failure } = await daemon.status(
      (status) => status.failure?.message.includes(publish.split(":")[1]!) === true,
    );
    return failure!.message;
  };
  assert.match(await refusalOf(`0.0.0.0:${OWN_PORT}`), /is Plinth's own already, for its api;/);
  await registry.create("App", {
    metadata: { name: "blog" },
    spec: { services: { web: { ...spec, publish: ["127.0.0.1:9100"] } } },
  });
  assert.match(await refusalOf("0.0.0.0:9100"), /port 9100 is published by app "blog" already/);
  await daemon.apply({ web: { ...spec, publish: ["127.0.0.2:9100"] } });
  await daemon.status(({ phase }) => phase === "Healthy");
});

test("a service that is broken in every release does not hold up a rollback", async () => {
  await using daemon = await startDaemon();
  const { spec, other } = daemon.machine;
  // Ready at first, and then never again.
  const ready = { exec: ["never"], period: "300ms", failureThreshold: 1 };
  const broken: ServiceSpec = { ...other, health: { startup: { tcp: true }, ready } };
  await daemon.apply({ web: spec, other: broken });
  await daemon.status(({ activeRelease }) => activeRelease === 1);
  await daemon.apply({ web: spec, other: { ...broken, command: ["another"] } });
  await daemon.status(({ activeRelease }) => activeRelease === 2);
  await daemon.apply({ web: { ...spec, command: ["three"] }, other: broken });
  await daemon.status(({ activeRelease, phase }) => activeRelease === 3 && phase === "Degraded");
  await daemon.controller.rollback("shop", 1);
  await daemon.status(({ activeRelease }) => activeRelease === 1);
});
