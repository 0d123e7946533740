import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import type { App, AppStatus, ServiceSpec } from "@plinth/resource";
import type { ReleaseController } from "./controller.ts";
import { createMachine, type Machine, startReleases } from "./fake-machine.ts";

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
