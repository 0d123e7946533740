import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Socket } from "node:net";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { bootId, hasInEnvironment, isRunning, processIdentity, processTable } from "@plinth/process";
import { readProcesses } from "../container/state-files.ts";
import type { TaskHandle } from "../driver.ts";
import { initDirectoryOfTests, NO_LIMITS, scratch, untilLogged } from "../driver-conformance.ts";
import { openInit } from "../init/init-file.ts";
import { NO_TABLE_CODE } from "../init/layout.ts";
import { encodeProgram } from "../init/program.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import { createProcessDriver } from "./driver.ts";
import { MARK_VARIABLE } from "./members.ts";
import { taskProgram } from "./program.ts";
import { readTask, type TaskRecord, writeTask } from "./state.ts";

const limit = { timeout: 60_000 };
const driver = createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() });
const shell = (script: string): string[] => ["/bin/sh", "-c", script];
const NO_CGROUPS = { members: null, directories: [] };

/** A process that starts one task and is then as dead as a killed daemon. */
function startDaemon(spec: unknown): ChildProcess {
  const script = `
    const { createProcessDriver } = await import(${JSON.stringify(new URL("driver.ts", import.meta.url).href)});
    const { systemClock } = await import(${JSON.stringify(import.meta.resolve("@plinth/clock"))});
    const driver = createProcessDriver({ clock: systemClock, initDirectory: ${JSON.stringify(initDirectoryOfTests())} });
    const handle = await driver.start(${JSON.stringify(spec)});
    console.log(handle.pid);
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function killDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  daemon.kill("SIGKILL");
  await once(daemon, "exit");
}

test(
  "ProcessDriver.recover() learns the exit code of what ended while no daemon was there",
  limit,
  async (context) => {
    using place = scratch();
    const gate = join(place.directory, "gate");
    const spec = place.spec(shell(`while [ ! -e ${gate} ]; do sleep 0.02; done; sleep 600 & exit 11`));
    const daemon = startDaemon(spec);
    const [line] = (await once(createInterface(daemon.stdout!), "line")) as [string];
    await killDaemon(daemon);

    using first = await driver.recover(spec);
    assert.ok(first);
    assert.equal(first.pid, Number(line));
    assert.equal(first.exit(), undefined);
    first[Symbol.dispose]();

    writeFileSync(gate, "");
    const exitFile = join(spec.stateDirectory, "exit");
    while (!existsSync(exitFile)) await systemClock.sleep(5, context.signal);
    using second = await driver.recover(spec);
    assert.deepEqual(await second?.wait(), { cause: "exited", code: 11, reason: "exit code 11" });
    assert.deepEqual(marked(readTask(spec.stateDirectory)!), []);
  },
);

function marked({ mark }: TaskRecord): number[] {
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => hasInEnvironment(pid, MARK_VARIABLE, mark));
}

test("ProcessDriver loses no task to a daemon killed at any moment of a start", limit, async (context) => {
  let running = 0;
  for (let changes = 1; changes <= 12; changes += 1) {
    using place = scratch();
    const spec = place.spec(["sleep", "600"]);
    const daemon = startDaemon({ ...spec, stateDirectory: place.directory });
    let seen = 0;
    const watcher = watch(place.directory, () => {
      seen += 1;
      if (seen === changes) daemon.kill("SIGKILL");
    });
    await Promise.race([once(createInterface(daemon.stdout!), "line"), once(daemon, "exit")]);
    await killDaemon(daemon);
    watcher.close();

    const task = readTask(place.directory);
    using handle = await driver.recover({ id: spec.id, stateDirectory: place.directory });
    if (handle !== undefined && handle.exit() === undefined) {
      running += 1;
      assert.ok(handle.members().includes(handle.pid));
      await handle.stop({ graceMs: 0 });
    }
    // What is left now is a shim that finds its daemon dead, or has just written how its command ended.
    const isThere = (): boolean => task !== undefined && marked(task).length > 0;
    while (isThere()) await systemClock.sleep(5, context.signal);
  }
  assert.ok(running > 0);
});

test("ProcessDriver's shim runs nothing for a daemon that died before it said all", limit, async () => {
  using place = scratch();
  using init = await openInit(initDirectoryOfTests());
  const program = taskProgram({
    command: { args: ["touch", join(place.directory, "ran")], env: [], directory: "/" },
    stateDirectory: place.directory,
    mark: "f".repeat(32),
    bootId: bootId(),
    cgroups: NO_CGROUPS,
    strict: true,
    place: undefined,
  });
  const { table } = encodeProgram(program, hostArchitecture());
  const child = spawn(init.path, [], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  (child.stdio[3] as Socket).end(table.subarray(0, table.length - 1));
  assert.deepEqual(await once(child, "exit"), [NO_TABLE_CODE, null]);
  assert.deepEqual(readdirSync(place.directory), []);
});

test("ProcessHandle finds and ends a member that left the session", limit, async () => {
  using place = scratch();
  const escape = 'setsid sh -c \'trap "" TERM; echo "escaped $$"; while :; do sleep 1; done\'';
  using handle = await driver.start(place.spec(shell(`${escape} & sleep 600`)));
  const log = await untilLogged(place, handle, "escaped");
  const escaped = processIdentity(Number(/escaped (\d+)/.exec(log)?.[1]));
  assert.ok(escaped);
  assert.ok(handle.members().includes(escaped.pid));
  handle.kill("SIGKILL");
  assert.equal((await handle.wait()).code, 137);
  assert.equal(isRunning(escaped), false);
});

test("ProcessHandle finds an escaped member by its mark where there is no cgroup", limit, async () => {
  using place = scratch();
  const escape = "setsid sh -c 'echo \"escaped $$\"; while :; do sleep 1; done'";
  using handle = await driver.start(place.spec(shell(`${escape} & sleep 600`)));
  const log = await untilLogged(place, handle, "escaped");
  const { stateDirectory } = place.spec([]);
  handle[Symbol.dispose]();
  writeTaskWithoutCgroups(stateDirectory);
  using blind = await driver.recover({ id: handle.id, stateDirectory });
  assert.ok(blind);
  assert.ok(blind.members().includes(Number(/escaped (\d+)/.exec(log)?.[1])));
  await blind.stop({ graceMs: 0 });
});

/** Rewrites task.json alone, as a daemon on a machine without cgroups would have written it. */
function writeTaskWithoutCgroups(stateDirectory: string): void {
  const task = readTask(stateDirectory)!;
  writeFileSync(join(stateDirectory, "task.json"), JSON.stringify({ ...task, cgroups: NO_CGROUPS }));
}

function shimOf(stateDirectory: string): number {
  return readProcesses(stateDirectory, readTask(stateDirectory)!.mark)!.shim.pid;
}

test(
  "ProcessHandle keeps a task whose shim was killed, and says that its end was not seen",
  limit,
  async () => {
    using place = scratch();
    const spec = place.spec(shell("sleep 600 & echo up; wait"));
    using handle = await driver.start(spec);
    await untilLogged(place, handle, "up");
    const members = handle.members();
    process.kill(shimOf(spec.stateDirectory), "SIGKILL");
    using adopted = await driver.recover(spec);
    assert.equal(adopted?.exit(), undefined);
    handle.kill("SIGKILL");
    for (const each of [handle, adopted!]) {
      assert.deepEqual(await each.wait(), {
        cause: "lost",
        code: undefined,
        reason: "ended unseen: its shim was killed before it could write the exit code",
      });
    }
    assert.deepEqual(
      members.filter((pid) => processIdentity(pid) !== undefined),
      [],
    );
  },
);

test("ProcessHandle.stop() ends a task whose shim was killed", limit, async () => {
  using place = scratch();
  const spec = place.spec(shell('trap "exit 0" TERM; sleep 600 & echo up; wait'));
  using handle = await driver.start(spec);
  await untilLogged(place, handle, "up");
  const members = handle.members();
  process.kill(shimOf(spec.stateDirectory), "SIGKILL");
  assert.equal((await handle.stop({ graceMs: 5000 })).cause, "lost");
  assert.deepEqual(
    members.filter((pid) => processIdentity(pid) !== undefined),
    [],
  );
});

test("ProcessHandle never signals a stranger that has its pid now", limit, async () => {
  using place = scratch();
  const { stateDirectory } = place.spec([]);
  const stranger = spawn("sleep", ["600"], { detached: true });
  await once(stranger, "spawn");
  const identity = processIdentity(stranger.pid!)!;
  const stat = readFileSync(`/proc/${identity.pid}/stat`, "utf8").trim();
  const fields = stat.split(" ");
  const other = [...fields.slice(0, 21), String(identity.startTicks - 1), ...fields.slice(22)].join(" ");
  for (const [boot, line] of [
    [identity.bootId, other],
    ["00000000-0000-0000-0000-000000000000", stat],
  ]) {
    writeTask(stateDirectory, {
      id: "a",
      mark: "f".repeat(32),
      startedAtMs: 0,
      command: "x",
      isFound: true,
      directory: "/",
      memoryBytes: null,
      cgroups: NO_CGROUPS,
      notices: [],
    });
    writeFileSync(join(stateDirectory, "running"), `${"f".repeat(32)}\n${boot}\n${line}\n${line}\n`);
    const handle: TaskHandle | undefined = await driver.recover({ id: "a", stateDirectory });
    assert.ok(handle);
    assert.throws(() => handle.kill("SIGKILL"), { code: "gone" });
    assert.deepEqual(handle.members(), []);
    const exit = await handle.stop({ graceMs: 10 });
    assert.equal(exit.cause, "lost");
    assert.equal(isRunning(identity), true);
  }
  stranger.kill("SIGKILL");
  await once(stranger, "exit");
});

test(
  "ProcessDriver.start() gives the command the default signals and no other environment",
  limit,
  async () => {
    using place = scratch();
    const status = "/proc/self/status";
    using handle = await driver.start(
      place.spec(["/bin/sh", "-c", `/bin/grep ^Sig ${status}; /usr/bin/env`], { env: { SECRET: "s3cr3t" } }),
    );
    await handle.wait();
    const log = place.log();
    assert.match(log, /^SigIgn:\t0{16}$/m);
    assert.match(log, /^SigBlk:\t0{16}$/m);
    const names = [...log.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name!);
    // A shell sets PWD; `_` and SHLVL come from shells other than Debian's.
    assert.deepEqual(names.filter((name) => !["PWD", "_", "SHLVL", "OLDPWD"].includes(name)).sort(), [
      "PLINTH_INSTANCE",
      "PLINTH_INSTANCE_MARK",
      "SECRET",
    ]);
    for (const file of readdirSync(place.directory, { recursive: true, encoding: "utf8" })) {
      if (file === "log" || file === "state") continue;
      assert.doesNotMatch(readFileSync(join(place.directory, file), "utf8"), /s3cr3t/, file);
    }
  },
);

test("ProcessDriver.start() runs commands with hostile names as nothing else", limit, async () => {
  for (const command of ["", "-x", "$(touch pwned)", "a;touch pwned", "`touch pwned`", "|", "a\nb", "--"]) {
    using place = scratch();
    const exit = await (await driver.start(place.spec([command, "-c", "touch pwned"]))).wait();
    assert.equal(exit.cause, "cannot-start", JSON.stringify(command));
    assert.equal(existsSync(join(place.directory, "pwned")), false);
  }
  using place = scratch();
  await assert.rejects(driver.start({ ...place.spec(["true"]), id: "../../etc" }), { code: "invalid" });
});

test("ProcessHandle survives a workload that signals its own group", limit, async () => {
  using place = scratch();
  using handle = await driver.start(place.spec(shell("kill -INT 0; sleep 600")));
  assert.equal((await handle.wait()).code, 130);
  using quiet = await driver.start(place.spec(shell('trap "" HUP TERM; kill -HUP 0; kill -TERM 0; exit 21')));
  assert.equal((await quiet.wait()).code, 21);
});

test("ProcessHandle removes its cgroup directories", limit, async () => {
  using place = scratch();
  const spec = place.spec(["true"], { limits: NO_LIMITS });
  using handle = await driver.start(spec);
  const { cgroups } = readTask(spec.stateDirectory)!;
  await handle.wait();
  assert.deepEqual(
    cgroups.directories.filter(({ path }) => existsSync(path)),
    [],
  );
});

test("ProcessDriver.start() refuses a task that is running already", limit, async () => {
  using place = scratch();
  const spec = place.spec(["sleep", "600"]);
  using handle = await driver.start(spec);
  await assert.rejects(driver.start(spec), { code: "conflict" });
  await handle.stop({ graceMs: 0 });
});

test("ProcessHandle ends what made itself a cgroup below its own", limit, async (context) => {
  using place = scratch();
  using handle = await driver.start(place.spec(shell("sleep 600 & wait")));
  const { cgroups } = readTask(place.spec([]).stateDirectory)!;
  const below = cgroups.members === null ? undefined : join(cgroups.members, "below");
  if (below === undefined) {
    await handle.stop({ graceMs: 0 });
    context.skip("this user may make no cgroups");
    return;
  }
  while (handle.members().length < 2) await systemClock.sleep(5, context.signal);
  const child = processIdentity(handle.members().find((pid) => pid !== handle.pid)!)!;
  mkdirSync(below);
  writeFileSync(join(below, "cgroup.procs"), String(child.pid));
  assert.ok(handle.members().includes(child.pid));
  handle.kill("SIGKILL");
  await handle.wait();
  assert.equal(isRunning(child), false);
  assert.equal(existsSync(cgroups.members!), false);
});

test(
  "ProcessDriver.recover() reads records of before cgroups had bases, and removes their directories",
  limit,
  async () => {
    using place = scratch();
    const spec = place.spec(shell("echo up; exec sleep 1000"));
    const first = await driver.start(spec);
    await untilLogged(place, first, "up");
    first[Symbol.dispose]();
    const task = readTask(spec.stateDirectory)!;
    const directories = task.cgroups.directories.map(({ path }) => ({ path, settings: {} }));
    const earlier = { ...task, cgroups: { ...task.cgroups, directories } };
    writeFileSync(join(spec.stateDirectory, "task.json"), JSON.stringify(earlier));
    using handle = await driver.recover({ id: spec.id, stateDirectory: spec.stateDirectory });
    await handle!.stop({ graceMs: 0 });
    for (const { path } of directories) assert(!existsSync(path), path);
  },
);
