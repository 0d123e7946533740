import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { VirtualClock } from "@plinth/clock/testing";
import { Fault } from "@plinth/fault";
import { createLog } from "@plinth/log";
import { type InstanceStatus, type ServiceSpec, serviceSettings } from "@plinth/resource";
import type { Clock } from "@plinth/clock";
import { freePort } from "@plinth/process/testing";
import type { Driver, ExecAbility } from "./driver.ts";
import { initDirectoryOfTests } from "./driver-conformance.ts";
import { createInstanceRunner, type InstanceRunner, type InstanceRunnerOptions } from "./instance-runner.ts";
import type { ProbeAnswer } from "./probe.ts";
import { createProcessDriver } from "./process/driver.ts";
import { createFakeDriver, type FakeDriver } from "./fake-driver.ts";

const log = createLog({ write: () => {} });
const limit = { timeout: 30_000 };
const processDriver = (): Driver & ExecAbility =>
  createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() });

interface Bench extends Disposable {
  readonly runner: InstanceRunner;
  readonly seen: InstanceStatus[];
  /** Resolves with the first status from now on, or now, that `wanted` accepts. */
  readonly until: (wanted: (status: InstanceStatus) => boolean) => Promise<InstanceStatus>;
}

function bench(
  driver: Driver,
  clock: Clock,
  spec: Partial<ServiceSpec>,
  options: Partial<InstanceRunnerOptions> = {},
): Bench {
  const directory = mkdtempSync(join(tmpdir(), "plinth-runner-"));
  const seen: InstanceStatus[] = [];
  const waiting = new Set<(status: InstanceStatus) => void>();
  const settings = serviceSettings({ command: ["true"], ...spec });
  const runner = createInstanceRunner({
    id: "shop.web.a1",
    driver,
    task: () =>
      Promise.resolve({
        command: settings.command,
        directory,
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      }),
    settings,
    address: "127.0.0.1",
    port: 1,
    stateDirectory: join(directory, "state"),
    logDirectory: join(directory, "logs"),
    clock,
    log,
    onChange: (status) => {
      seen.push(status);
      for (const check of waiting) check(status);
    },
    ...options,
  });
  return {
    runner,
    seen,
    until: (wanted) =>
      new Promise((resolve) => {
        const check = (status: InstanceStatus): void => {
          if (!wanted(status)) return;
          waiting.delete(check);
          resolve(status);
        };
        waiting.add(check);
        check(runner.status);
      }),
    [Symbol.dispose]: () => {
      runner[Symbol.dispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const yes: ProbeAnswer = { yes: true, text: "HTTP 200", refused: false };
const no: ProbeAnswer = { yes: false, text: "HTTP 503 after 1 ms: warming up", refused: false };

function answering(): { answer: ProbeAnswer; ask: () => Promise<ProbeAnswer> } {
  const probe = { answer: yes, ask: () => Promise.resolve(probe.answer) };
  return probe;
}

const states = (seen: readonly InstanceStatus[]): string[] =>
  seen.map(({ state }) => state ?? "").filter((state, index, all) => state !== all[index - 1]);

async function untilTasks(driver: FakeDriver, count: number): Promise<void> {
  while (driver.tasks.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test("InstanceRunner goes over Starting to Ready, and to Exited by stop()", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  using it = bench(driver, clock, {}, answering());
  await it.runner.start();
  const ready = await it.until(({ state }) => state === "Ready");
  assert.equal(ready.pid, driver.tasks[0]?.pid);
  assert.match(driver.tasks[0]!.spec.logFile, /logs\/1\.log$/);
  it.runner.drainingState("Draining");
  assert.equal(it.runner.status.state, "Draining");
  const stopped = it.until(({ state }) => state === "Exited");
  await it.runner.stop();
  assert.equal((await stopped).exitCode, 143);
  assert.deepEqual(states(it.seen), ["Starting", "Ready", "Draining", "Stopping", "Exited"]);
});

test(
  "InstanceRunner restarts with doubling waits, and anew from the first after a good run",
  limit,
  async () => {
    const clock = new VirtualClock();
    const driver = createFakeDriver(clock);
    using it = bench(driver, clock, {}, answering());
    await it.runner.start();
    const waits: number[] = [];
    const crash = async (): Promise<void> => {
      const count = driver.tasks.length;
      await it.until(({ state }) => state === "Ready");
      const backoff = it.until(({ state }) => state === "Backoff");
      driver.tasks.at(-1)!.end(1);
      await backoff;
      let waited = 0;
      while (it.runner.status.state === "Backoff") {
        await clock.advance(100);
        waited += 100;
      }
      waits.push(waited);
      await untilTasks(driver, count + 1);
    };
    for (let round = 0; round < 10; round += 1) await crash();
    assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
    assert.equal(it.runner.status.restarts, 10);
    assert.equal(it.runner.status.crashes, 10);
    await it.until(({ state }) => state === "Ready");
    await clock.advance(60_000);
    await crash();
    assert.equal(waits.at(-1), 200);
    assert.equal(it.runner.status.crashes, 1);
    await it.runner.stop();
  },
);

test("InstanceRunner gives up with NotReady and the last answer when a first start takes too long", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  const probe = answering();
  probe.answer = no;
  using it = bench(driver, clock, { health: { startup: { http: "/", failureThreshold: 10 } } }, probe);
  await it.runner.start();
  await clock.advance(1900);
  assert.equal(it.runner.status.state, "Starting");
  await clock.advance(300);
  const failed = await it.until(({ state }) => state === "Failed");
  assert.equal(failed.reason, "NotReady: not ready within 2 s; last answer: HTTP 503 after 1 ms: warming up");
  assert.deepEqual(driver.tasks[0]!.received, ["stop"]);
});

test("InstanceRunner turns Unready and back by the ready probe's thresholds", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  const probe = answering();
  using it = bench(
    driver,
    clock,
    { health: { ready: { http: "/", period: "1s", successThreshold: 2 } } },
    probe,
  );
  await it.runner.start();
  await clock.advance(1000);
  await it.until(({ state }) => state === "Ready");
  probe.answer = no;
  await clock.advance(2500);
  assert.equal(it.runner.status.state, "Ready");
  await clock.advance(1000);
  assert.equal(it.runner.status.state, "Unready");
  assert.equal(it.runner.status.probe, no.text);
  probe.answer = yes;
  await clock.advance(3000);
  assert.equal(it.runner.status.state, "Ready");
  assert.equal(it.runner.status.probe, undefined);
  assert.equal(it.runner.status.restarts, 0);
  await it.runner.stop();
});

test("InstanceRunner restarts what fails its live probe", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  let alive = true;
  using it = bench(
    driver,
    clock,
    { health: { live: { http: "/live", period: "1s" }, ready: { http: "/ready" } } },
    {
      ask: (question) =>
        Promise.resolve("http" in question && question.http === "/live" && !alive ? no : yes),
    },
  );
  await it.runner.start();
  await it.until(({ state }) => state === "Ready");
  alive = false;
  const backoff = it.until(({ state }) => state === "Backoff");
  await clock.advance(4000);
  assert.equal((await backoff).reason, "NotLive: the live probe said no");
  assert.deepEqual(driver.tasks[0]!.received, ["stop"]);
  alive = true;
  await clock.advance(1000);
  await untilTasks(driver, 2);
  assert.equal((await it.until(({ state }) => state === "Ready")).restarts, 1);
  await it.runner.stop();
});

test("InstanceRunner follows the restart policy", async () => {
  for (const [restart, code, state] of [
    ["always", 0, "Backoff"],
    ["on-failure", 0, "Exited"],
    ["on-failure", 2, "Backoff"],
    ["never", 2, "Exited"],
  ] as const) {
    const clock = new VirtualClock();
    const driver = createFakeDriver(clock);
    using it = bench(driver, clock, { restart }, answering());
    await it.runner.start();
    await it.until((status) => status.state === "Ready");
    const ended = it.until((status) => status.exitCode !== undefined && status.state !== "Ready");
    driver.tasks[0]!.end(code);
    assert.equal((await ended).state, state, `${restart} ${code}`);
    assert.equal(it.runner.status.exitCode, code);
    await it.runner.stop();
    assert.equal(it.runner.status.state, "Exited");
  }
});

test("InstanceRunner tells a refused limit from a command that cannot start yet", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  using it = bench(driver, clock, {}, answering());
  driver.failNext(new Fault("unsupported", "Cannot limit memory: no", { hint: "Be root." }));
  await it.runner.start();
  assert.equal(it.runner.status.state, "Failed");
  assert.equal(it.runner.status.reason, "Refused: Cannot limit memory: no. Be root.");
  driver.failNext(new Fault("not-found", "Cannot start: the working directory /x does not exist"));
  await it.runner.start();
  assert.equal(it.runner.status.state, "Backoff");
  assert.match(it.runner.status.reason ?? "", /^CannotStart: Cannot start: the working/);
  await clock.advance(200);
  await it.until(({ state }) => state === "Ready");
  await it.runner.stop();
});

test("InstanceRunner waits longer and longer for a command that cannot start", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  using it = bench(driver, clock, {}, answering());
  const missing = new Fault("not-found", "Cannot start: the working directory /x does not exist");
  driver.failNext(missing);
  await it.runner.start();
  for (const waitMs of [200, 400, 800]) {
    driver.failNext(missing);
    await clock.advance(waitMs - 1);
    const restarts = it.runner.status.restarts ?? 0;
    const again = it.until((status) => status.state === "Backoff" && status.restarts === restarts + 1);
    await clock.advance(1);
    await again;
  }
  await it.runner.stop();
  assert.equal(it.runner.status.state, "Exited");
});

test("InstanceRunner.adopt() keeps a ready instance ready and its restarts counted", async () => {
  const clock = new VirtualClock();
  const driver = createFakeDriver(clock);
  {
    using first = bench(driver, clock, {}, answering());
    await first.runner.start();
    await first.until(({ state }) => state === "Ready");
  }
  using second = bench(driver, clock, {}, { ...answering(), previous: { state: "Ready", restarts: 4 } });
  assert.equal(await second.runner.adopt(), true);
  assert.deepEqual(states(second.seen), ["Ready"]);
  assert.equal(second.runner.status.restarts, 4);
  assert.equal(driver.tasks.length, 1);
  const backoff = second.until(({ state }) => state === "Backoff");
  driver.tasks[0]!.end(6);
  assert.equal((await backoff).exitCode, 6);
  await second.runner.stop();

  using third = bench(driver, clock, { restart: "never" }, { previous: { state: "Ready" } });
  assert.equal(await third.runner.adopt(), true);
  assert.equal(third.runner.status.state, "Exited");
  assert.equal(third.runner.status.exitCode, 6);
});

test("InstanceRunner runs a real server: ready, exposed, killed, restarted, stopped", limit, async () => {
  const port = await freePort();
  const driver = processDriver();
  const script = `require("node:http").createServer((_, answer) => answer.end("ok")).listen(${port}, "0.0.0.0")`;
  using it = bench(
    driver,
    systemClock,
    { command: [process.execPath, "-e", script], health: { ready: { http: "/" } } },
    { port },
  );
  await it.runner.start();
  const first = await it.until(({ state }) => state === "Ready");
  assert.equal((await it.until(({ exposed }) => exposed !== undefined)).exposed, `0.0.0.0:${port}`);
  assert.ok(it.runner.stats());
  const backoff = it.until(({ state }) => state === "Backoff");
  it.runner.kill("SIGKILL");
  assert.equal((await backoff).exitCode, 137);
  const again = await it.until(({ state }) => state === "Ready");
  assert.equal(again.restarts, 1);
  assert.notEqual(again.pid, first.pid);
  await it.runner.stop();
  assert.equal((await it.until(({ state }) => state === "Exited")).exitCode, 143);
});

test("InstanceRunner says CannotStart of a missing command", limit, async () => {
  using it = bench(processDriver(), systemClock, {
    command: ["no-such-command"],
  });
  await it.runner.start();
  const { reason, exitCode } = await it.until(({ state }) => state === "Backoff");
  assert.equal(reason, 'CannotStart: Cannot start: no such command "no-such-command" in PATH');
  assert.equal(exitCode, 127);
  await it.runner.stop();
});

test(
  "InstanceRunner.adopt() keeps a real server running, and its exec probe is asked inside it",
  limit,
  async () => {
    const port = await freePort();
    const options = { driver: processDriver(), port };
    const directory = mkdtempSync(join(tmpdir(), "plinth-adopt-"));
    const places = { stateDirectory: join(directory, "state"), logDirectory: join(directory, "logs") };
    const spec: Partial<ServiceSpec> = {
      command: [process.execPath, "-e", `require("node:net").createServer().listen(${port}, "127.0.0.1")`],
      health: {
        ready: {
          exec: ["/bin/sh", "-c", 'echo "$PLINTH_INSTANCE is not there" >&2; test -e ready'],
          period: "50ms",
        },
      },
    };
    let pid: number | undefined;
    {
      using first = bench(options.driver, systemClock, spec, { ...options, ...places });
      await first.runner.start();
      const answered = await first.until(({ probe }) => probe !== undefined);
      assert.match(answered.probe ?? "", /^exit code 1 after \d+ ms: shop\.web\.a1 is not there$/);
      assert.equal(await first.runner.exec(["/bin/sh", "-c", "touch ready"], {}), 0);
      pid = (await first.until(({ state }) => state === "Ready")).pid;
    }
    using second = bench(options.driver, systemClock, spec, {
      ...options,
      ...places,
      previous: { state: "Ready", restarts: 2 },
    });
    assert.equal(await second.runner.adopt(), true);
    assert.equal(second.runner.status.state, "Ready");
    assert.equal(second.runner.status.pid, pid);
    // It runs in a directory of the second bench now: no "ready" there.
    assert.equal((await second.until(({ state }) => state === "Unready")).restarts, 2);
    await second.runner.stop();
    assert.deepEqual(second.runner.status.exitCode, 143);
    rmSync(directory, { recursive: true });
  },
);
