import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { isRunning, processIdentity } from "@plinth/process";
import { initDirectoryOfTests, NO_LIMITS, scratch, untilLogged } from "../driver-conformance.ts";
import { createProcessDriver } from "./driver.ts";
import { membersOf } from "./members.ts";
import { ProcessHandle } from "./handle.ts";

const limit = { timeout: 60_000 };
const driver = createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() });
const shell = (script: string): string[] => ["/bin/sh", "-c", script];
const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

test(
  "a member that left its session and cleared its environment is a member, and ends with the command",
  limit,
  async () => {
    using place = scratch();
    const escape = `env -i setsid /bin/sh -c 'trap "" TERM; echo "escaped $$"; while :; do sleep 1; done'`;
    // Its parent ends at once: nothing leads back to the command.
    using handle = await driver.start(place.spec(shell(`(${escape} &); sleep 600`), { env }));
    const log = await untilLogged(place, handle, "escaped");
    const escaped = processIdentity(Number(/escaped (\d+)/.exec(log)?.[1]));
    assert.ok(escaped);
    assert.ok(handle instanceof ProcessHandle);
    assert.ok(membersOf({ ...handle.membership, cgroup: undefined }).includes(escaped.pid));
    handle.kill("SIGKILL");
    assert.equal((await handle.wait()).code, 137);
    assert.equal(isRunning(escaped), false);
  },
);

test("those left behind are asked to end before they are killed, also in other sessions", limit, async () => {
  using place = scratch();
  const helper = (name: string): string =>
    `sh -c 'trap "echo ${name} went; exit" TERM; echo ${name} is up; sleep 600 & wait'`;
  const script = `${helper("near")} & setsid ${helper("far")} & trap "exit 4" USR1; while :; do sleep 0.05; done`;
  using handle = await driver.start(place.spec(shell(script), { env }));
  await untilLogged(place, handle, "near is up");
  await untilLogged(place, handle, "far is up");
  handle.kill("SIGUSR1");
  assert.equal((await handle.wait()).code, 4);
  assert.match(place.log(), /^near went$/m);
  assert.match(place.log(), /^far went$/m);
});

test("what fits into no page of a list is ended to the last", limit, async () => {
  using place = scratch();
  const count = 800;
  const script = `i=0; while [ $i -lt ${count} ]; do (trap "" TERM; exec setsid sleep 600) & i=$((i + 1)); done; wait`;
  using handle = await driver.start(place.spec(shell(script), { env, limits: NO_LIMITS }));
  while (handle.members().length < count) await systemClock.sleep(20);
  const identities = handle.members().map(processIdentity);
  handle.kill("SIGKILL");
  await handle.wait();
  assert.deepEqual(
    identities.filter((identity) => identity !== undefined && isRunning(identity)),
    [],
  );
});

test("exec() that is given up on ends what its command started", limit, async () => {
  using place = scratch();
  using handle = await driver.start(place.spec(["sleep", "600"]));
  const abort = new AbortController();
  const stdout = new PassThrough();
  const running = driver.exec(handle, shell("sleep 600 & echo $!; wait"), {
    env,
    directory: place.directory,
    stdout,
    signal: abort.signal,
  });
  const [line] = (await stdout.take(1).toArray()) as Buffer[];
  const child = processIdentity(Number(String(line)));
  assert.ok(child);
  abort.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
  while (isRunning(child)) await systemClock.sleep(5);
  await handle.stop({ graceMs: 0 });
});

test(
  "exec() ends with its command, also where that writes nothing and ends before it is known to run",
  limit,
  async () => {
    using place = scratch();
    using handle = await driver.start(place.spec(["sleep", "600"]));
    // The shim tells that the command runs a moment after it does: in some rounds all is over by then.
    for (let round = 0; round < 300; round += 1) {
      const stdout = new PassThrough();
      assert.equal(await driver.exec(handle, ["true"], { env, directory: "/", stdout }), 0);
    }
    await handle.stop({ graceMs: 0 });
  },
);

test("a script without an interpreter in its first line is the shell's", limit, async () => {
  using place = scratch();
  const script = join(place.directory, "serve");
  writeFileSync(script, 'echo "served $1 by $0"\nexit 6\n');
  chmodSync(script, 0o700);
  using byPath = await driver.start(place.spec([script, "a b"]));
  assert.equal((await byPath.wait()).code, 6);
  assert.equal(place.log(), `served a b by ${script}\n`);
  const found = place.spec(["serve"], { env: { PATH: `/nowhere:${place.directory}` } });
  assert.equal((await (await driver.start(found)).wait()).code, 6);
});

test("ProcessDriver.start() refuses texts with a NUL, which the kernel would cut", limit, async () => {
  using place = scratch();
  await assert.rejects(driver.start(place.spec(["echo", "a\0b"])), { code: "invalid" });
  await assert.rejects(driver.start(place.spec(["echo"], { env: { A: "\0" } })), { code: "invalid" });
});
