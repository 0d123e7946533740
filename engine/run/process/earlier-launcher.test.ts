import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { isRunning, processIdentity } from "@plinth/process";
import { readProcesses } from "../container/state-files.ts";
import { initDirectoryOfTests, type Scratch, scratch, untilLogged } from "../driver-conformance.ts";
import { createProcessDriver } from "./driver.ts";
import { MARK_VARIABLE } from "./members.ts";
import { type TaskRecord, writeTask } from "./state.ts";

const limit = { timeout: 60_000 };
const driver = createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() });
const MARK = "0123456789abcdef".repeat(2);

/** What the launcher of earlier releases did and wrote, without what it did for limits, networks and leftovers. */
const LAUNCHER = `
state=$1 mark=$2
shift 2
trap : HUP INT QUIT TERM USR1
read -r boot </proc/sys/kernel/random/boot_id
read -r launcher <"/proc/$$/stat"
sleep 600 </dev/null >/dev/null 2>&1 &
tool=$!
(
  read -r self </proc/self/stat
  printf '%s\\n' "$mark" "$boot" "$launcher" "$self" >"$state/running.new"
  mv "$state/running.new" "$state/running"
  : >"$state/begun"
  exec "$@"
)
status=$?
kill "$tool"
printf '%s\\n' "$mark" "$status" >"$state/exit.new"
mv "$state/exit.new" "$state/exit"
`;

function recordOf(place: Scratch): TaskRecord {
  return {
    id: "conformance.web.a1",
    mark: MARK,
    startedAtMs: 1,
    command: "/bin/sh",
    isFound: true,
    directory: place.directory,
    memoryBytes: null,
    cgroups: { members: null, directories: [] },
    notices: [],
    network: null,
  };
}

/** Resolves once the command runs. */
async function startAsEarlier(place: Scratch, script: string): Promise<void> {
  const { stateDirectory, logFile } = place.spec([]);
  writeTask(stateDirectory, recordOf(place));
  const log = openSync(logFile, "a");
  const child = spawn("/bin/sh", ["-c", LAUNCHER, "sh", stateDirectory, MARK, "/bin/sh", "-c", script], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: "/usr/bin:/bin", [MARK_VARIABLE]: MARK },
  });
  closeSync(log);
  await once(child, "spawn");
  child.unref();
  while (!existsSync(join(stateDirectory, "begun"))) await systemClock.sleep(5);
}

test(
  "a task that an earlier release's launcher keeps is recovered, and told its members and end",
  limit,
  async () => {
    using place = scratch();
    await startAsEarlier(place, 'trap "exit 7" TERM; sleep 600 & echo up; wait');
    const { shim } = readProcesses(place.spec([]).stateDirectory, MARK)!;
    using handle = await driver.recover(place.spec([]));
    assert.ok(handle);
    await untilLogged(place, handle, "up");
    assert.equal(handle.exit(), undefined);
    const members = handle.members();
    assert.equal(members.length, 2, "neither the launcher nor its tools are members");
    assert.ok(members.includes(handle.pid));
    assert.ok((handle.stats()?.processes ?? 0) >= 2);
    const exit = await handle.stop({ graceMs: 20_000 });
    assert.deepEqual(exit, { cause: "exited", code: 7, reason: "exit code 7" });
    // It wrote that down, and ends.
    while (isRunning(shim)) await systemClock.sleep(5);
    assert.deepEqual(
      members.filter((pid) => processIdentity(pid) !== undefined),
      [],
    );
  },
);

test("what an earlier release's launcher wrote while no daemon was there is understood", limit, async () => {
  using place = scratch();
  await startAsEarlier(place, "kill -KILL $$");
  const { stateDirectory } = place.spec([]);
  while (!existsSync(join(stateDirectory, "exit"))) await systemClock.sleep(5);
  using handle = await driver.recover(place.spec([]));
  assert.deepEqual(handle?.exit(), { cause: "exited", code: 137, reason: "exit code 137 (SIGKILL)" });

  writeFileSync(join(stateDirectory, "cannot-start"), "exec 127\n");
  using missing = await driver.recover(place.spec([]));
  assert.equal(missing?.exit()?.cause, "cannot-start");
  assert.equal(missing?.exit()?.code, 127);
});
