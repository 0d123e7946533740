import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "@plinth/clock";
import type { ResourceLimits } from "@plinth/resource";
import { initDirectoryOfTests, NO_LIMITS, scratch, untilLogged } from "../driver-conformance.ts";
import type { CgroupSystem } from "../oci/cgroup/system.ts";
import { planCgroups } from "./cgroup.ts";
import { createProcessDriver } from "./driver.ts";
import { readTask } from "./state.ts";

const limit = { timeout: 60_000 };
const driver = createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() });
const MIB = 2 ** 20;

function skipUnlessEnforced(context: TestContext, limits: ResourceLimits): boolean {
  const [first] = driver.check(limits);
  if (first !== undefined) context.skip(first.reason);
  return first !== undefined;
}

test("ProcessDriver ends a task at its memory limit and says so", limit, async (context) => {
  const limits = { ...NO_LIMITS, memoryBytes: 64 * MIB };
  if (skipUnlessEnforced(context, limits)) return;
  using place = scratch();
  const hog = "const held = []; for (;;) held.push(Buffer.alloc(4 * 2 ** 20, 1));";
  const exit = await (await driver.start(place.spec([process.execPath, "-e", hog], { limits }))).wait();
  assert.deepEqual(exit, {
    cause: "out-of-memory",
    code: 137,
    reason: "out of memory at its limit of 64 MiB, exit code 137 (SIGKILL)",
  });
});

test(
  "ProcessDriver holds a task to its number of processes, its own shim not counted",
  limit,
  async (context) => {
    const limits = { ...NO_LIMITS, processes: 1 };
    if (skipUnlessEnforced(context, limits)) return;
    using place = scratch();
    const script = "(echo forked); echo still here";
    using handle = await driver.start(place.spec(["/bin/sh", "-c", script], { limits }));
    assert.equal((await handle.wait()).code, 2);
    assert.match(place.log(), /fork/);
    assert.doesNotMatch(place.log(), /forked|still/);
  },
);

test("ProcessDriver holds a task to its share of the CPU", limit, async (context) => {
  const limits = { ...NO_LIMITS, cpus: 0.05 };
  if (skipUnlessEnforced(context, limits)) return;
  using place = scratch();
  using handle = await driver.start(
    place.spec(["/bin/sh", "-c", "echo up; while :; do :; done"], { limits }),
  );
  await untilLogged(place, handle, "up");
  const { cgroups } = readTask(place.spec([]).stateDirectory)!;
  // The kernel counts the periods in which it held the task back; how much time passed does not matter.
  const throttled = (): number =>
    Math.max(
      ...cgroups.directories.map(({ path }) => {
        const text = readFileSync(join(path, "cpu.stat"), "utf8");
        return Number(/^nr_throttled (\d+)$/m.exec(text)?.[1] ?? 0);
      }),
    );
  while (throttled() === 0) await systemClock.sleep(20, context.signal);
  await handle.stop({ graceMs: 0 });
});

test("ProcessDriver ends a fork bomb within its limit of processes", limit, async (context) => {
  const limits = { ...NO_LIMITS, processes: 40 };
  if (skipUnlessEnforced(context, limits)) return;
  using place = scratch();
  // Starts a hundred and another for each that ends or cannot be started, forever; asking it to end does not help.
  const bomb = `const { spawn } = require("node:child_process");
    const more = () => spawn("/bin/sleep", ["60"]).on("exit", more).on("error", () => setTimeout(more, 10));
    for (let count = 0; count < 100; count++) more();
    process.on("SIGTERM", () => {});`;
  using handle = await driver.start(place.spec([process.execPath, "-e", bomb], { limits }));
  while (handle.members().length < 20) await systemClock.sleep(5, context.signal);
  assert.ok(handle.members().length <= 40);
  await handle.stop({ graceMs: 10 });
  assert.deepEqual(handle.members(), []);
});

const nowhere: CgroupSystem = { version: "none", unified: undefined, v1: new Map() };

test("planCgroups() refuses each limit this machine cannot hold, with a reason and a next step", () => {
  const all = { memoryBytes: MIB, cpus: 1, processes: 5, diskBytes: undefined, bestEffort: false };
  const { plan, limitations } = planCgroups(nowhere, all, "x");
  assert.deepEqual(plan, { members: null, directories: [] });
  assert.deepEqual(
    limitations.map(({ reason }) => reason),
    [
      'Cannot limit memory: this kernel offers no "memory" cgroup controller here',
      'Cannot limit cpu: this kernel offers no "cpu" cgroup controller here',
      'Cannot limit processes: this kernel offers no "pids" cgroup controller here',
    ],
  );
  assert.match(limitations[0]!.hint, /best-effort/);
});

test("ProcessDriver refuses to limit what a process writes, which is the machine's own", () => {
  const [limitation] = driver.check({ ...NO_LIMITS, diskBytes: MIB });
  assert.match(limitation?.reason ?? "", /^Cannot limit disk: /);
});

test(
  "ProcessDriver refuses what it cannot enforce, or only says so under best effort",
  limit,
  async (context) => {
    const limits = { ...NO_LIMITS, memoryBytes: 64 * MIB };
    if (driver.check(limits).length === 0) {
      context.skip("this user may set limits; ordinary-user.test.ts runs this test as one who may not");
      return;
    }
    using place = scratch();
    await assert.rejects(driver.start(place.spec(["true"], { limits })), { code: "unsupported" });
    using handle = await driver.start(place.spec(["true"], { limits: { ...limits, bestEffort: true } }));
    assert.equal(handle.notices.length, 1);
    assert.match(handle.notices[0]!, /^Cannot limit memory: /);
    assert.equal((await handle.wait()).code, 0);
  },
);

test("ProcessDriver.fingerprint() tells what can be enforced", async () => {
  const fingerprint = await driver.fingerprint();
  assert.equal(fingerprint.available, true);
  assert.match(fingerprint.attributes["cgroup.version"] ?? "", /^(none|v1|v2|hybrid)$/);
  assert.equal(
    fingerprint.attributes["limit.memory"],
    fingerprint.limitations.some(({ resource }) => resource === "memory") ? "no" : "yes",
  );
});
