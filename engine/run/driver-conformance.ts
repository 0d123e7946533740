import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { systemClock } from "@plinth/clock";
import { processIdentity } from "@plinth/process";
import type { ResourceLimits } from "@plinth/resource";
import { canExec, type Driver, type TaskHandle, type TaskSpec } from "./driver.ts";

export const NO_LIMITS: ResourceLimits = {
  memoryBytes: undefined,
  diskBytes: undefined,
  cpus: undefined,
  processes: undefined,
  bestEffort: false,
};

let made: string | undefined;

/** Where the init is, for all drivers of a test's process, which removes it at its end. */
export function initDirectoryOfTests(): string {
  if (made !== undefined) return made;
  const directory = mkdtempSync(join(tmpdir(), "plinth-init-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return (made = directory);
}

/** A task in a directory of its own, removed with the scope. */
export interface Scratch extends Disposable {
  readonly directory: string;
  readonly spec: (command: readonly string[], changes?: Partial<TaskSpec>) => TaskSpec;
  readonly log: () => string;
}

export function scratch(id = "conformance.web.a1"): Scratch {
  const directory = mkdtempSync(join(tmpdir(), "plinth-run-"));
  const logFile = join(directory, "log");
  return {
    directory,
    spec: (command, changes = {}) => ({
      id,
      command,
      directory,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      limits: NO_LIMITS,
      stateDirectory: join(directory, "state"),
      logFile,
      ...changes,
    }),
    log: () => (existsSync(logFile) ? readFileSync(logFile, "utf8") : ""),
    [Symbol.dispose]: () => {
      // What overlayfs leaves there is closed to an ordinary user.
      const work = join(directory, "state", "work", "work");
      if (existsSync(work)) chmodSync(work, 0o700);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const shell = (script: string): string[] => ["/bin/sh", "-c", script];

/** Resolves once a task's output contains `wanted`; the test's own time limit bounds it. */
export async function untilLogged(place: Scratch, handle: TaskHandle, wanted: string): Promise<string> {
  for (;;) {
    const seen = place.log();
    if (seen.includes(wanted)) return seen;
    if (handle.exit() !== undefined) assert.fail(`ended before it wrote ${wanted}: ${seen}`);
    await systemClock.sleep(5);
  }
}

/** What every driver must do. `make` gives a driver that shares nothing but the files with those made before. */
export function driverConformance(name: string, make: () => Driver): void {
  const limit = { timeout: 30_000 };

  test(
    `${name}: start() runs the command with its arguments, directory, environment and log`,
    limit,
    async () => {
      using place = scratch();
      const hostile = ["; rm -rf /", "$(id)", "`id`", "a\nb", "", "-n", "--", "|&()<>*?'\"\\", "ünïcödé 💥"];
      const script =
        "const { argv, env } = process; console.log(JSON.stringify({ argv: argv.slice(1), cwd: process.cwd(), key: env.KEY }))";
      using handle = await make().start(
        place.spec([process.execPath, "-e", script, "--", ...hostile], { env: { KEY: "a b\n$c" } }),
      );
      const exit = await handle.wait();
      assert.deepEqual(exit, { cause: "exited", code: 0, reason: "exit code 0" });
      assert.equal(
        place.log(),
        `${JSON.stringify({ argv: hostile, cwd: place.directory, key: "a b\n$c" })}\n`,
      );
    },
  );

  test(`${name}: wait() tells exit codes and signals`, limit, async () => {
    using place = scratch();
    const driver = make();
    using failed = await driver.start(place.spec(shell("exit 3")));
    assert.equal((await failed.wait()).code, 3);
    // From outside: the first process of a namespace is spared its own signals.
    using killed = await driver.start(place.spec(["sleep", "600"]));
    killed.kill("SIGKILL");
    assert.deepEqual(await killed.wait(), {
      cause: "exited",
      code: 137,
      reason: "exit code 137 (SIGKILL)",
    });
  });

  test(`${name}: start() and wait() say why a command cannot start`, limit, async () => {
    using place = scratch();
    const driver = make();
    const missing = await (await driver.start(place.spec(["no-such-command", "x"]))).wait();
    assert.deepEqual(missing, {
      cause: "cannot-start",
      code: 127,
      reason: 'Cannot start: no such command "no-such-command" in PATH',
    });
    const forbidden = await (await driver.start(place.spec(["/dev/null"]))).wait();
    assert.equal(forbidden.cause, "cannot-start");
    assert.equal(forbidden.code, 126);
    assert.match(forbidden.reason, /"\/dev\/null" may not be executed/);
    await assert.rejects(driver.start(place.spec(["true"], { directory: "/nowhere/at/all" })), {
      code: "not-found",
      message: "Cannot start: the working directory /nowhere/at/all does not exist",
    });
    const itself = await (await driver.start(place.spec(shell("exit 127")))).wait();
    assert.equal(itself.cause, "exited");
  });

  test(`${name}: stop() asks first, then kills, and takes all members along`, limit, async () => {
    using place = scratch();
    const driver = make();
    using polite = await driver.start(
      place.spec(shell('trap "exit 7" TERM; echo up; while :; do sleep 1; done')),
    );
    await untilLogged(place, polite, "up");
    assert.equal((await polite.stop({ graceMs: 20_000 })).code, 7);

    using stubborn = await driver.start(
      place.spec(
        shell('trap "" TERM; (trap "" TERM; sleep 600) & sleep 600 & echo deaf; while :; do sleep 1; done'),
      ),
    );
    await untilLogged(place, stubborn, "deaf");
    const members = stubborn.members();
    assert.ok(members.length >= 3, `members: ${members.join()}`);
    assert.ok(members.includes(stubborn.pid));
    assert.equal((await stubborn.stop({ graceMs: 50 })).code, 137);
    assert.deepEqual(
      members.filter((pid) => processIdentity(pid) !== undefined),
      [],
    );
  });

  test(`${name}: a main process that ends takes its children along`, limit, async () => {
    using place = scratch();
    using handle = await make().start(
      place.spec(
        shell(
          'trap "exit 4" USR1; sleep 600 & (trap "" TERM; sleep 600) & echo up; while :; do sleep 0.1; done',
        ),
      ),
    );
    await untilLogged(place, handle, "up");
    const members = handle.members();
    assert.ok(members.length >= 3, `members: ${members.join()}`);
    handle.kill("SIGUSR1");
    assert.equal((await handle.wait()).code, 4);
    assert.deepEqual(
      members.filter((pid) => processIdentity(pid) !== undefined),
      [],
    );
  });

  test(`${name}: recover() takes over a running task and learns how an ended one ended`, limit, async () => {
    using place = scratch();
    const spec = place.spec(shell('trap "exit 9" USR1; echo up; while :; do sleep 0.1; done'));
    using first = await make().start(spec);
    await untilLogged(place, first, "up");
    first[Symbol.dispose]();

    using second = await make().recover(spec);
    assert.ok(second);
    assert.equal(second.pid, first.pid);
    assert.equal(second.startedAtMs, first.startedAtMs);
    assert.equal(second.exit(), undefined);
    second.kill("SIGUSR1");
    assert.equal((await second.wait()).code, 9);

    using third = await make().recover(spec);
    assert.equal((await third?.wait())?.code, 9);
    assert.equal(
      await make().recover({ id: spec.id, stateDirectory: join(place.directory, "none") }),
      undefined,
    );
  });

  test(`${name}: stats() counts all members while it runs`, limit, async () => {
    using place = scratch();
    using handle = await make().start(place.spec(shell("sleep 600 & echo up; wait")));
    await untilLogged(place, handle, "up");
    const stats = handle.stats();
    assert.ok(stats);
    assert.ok(stats.processes >= 2);
    assert.ok(stats.memoryBytes > 100_000);
    await handle.stop({ graceMs: 0 });
    assert.equal(handle.stats(), undefined);
    assert.deepEqual(handle.members(), []);
  });

  test(
    `${name}: wait() and stop() reject with their signal's reason and leave the task alone`,
    limit,
    async () => {
      using place = scratch();
      using handle = await make().start(place.spec(["sleep", "600"]));
      await assert.rejects(handle.wait(AbortSignal.abort(new Error("enough"))), /enough/);
      assert.equal(handle.exit(), undefined);
      await handle.stop({ graceMs: 0 });
      assert.throws(() => handle.kill("SIGTERM"), { code: "gone" });
    },
  );

  test(
    `${name}: exec() runs a command as a member and gives its streams and code`,
    limit,
    async (context) => {
      const driver = make();
      if (!canExec(driver)) {
        context.skip("this driver has no exec");
        return;
      }
      using place = scratch();
      using handle = await driver.start(place.spec(["sleep", "600"]));
      const stdout = new PassThrough();
      const stdin = new PassThrough();
      stdin.end("from outside");
      const code = driver.exec(handle, shell('cat; echo " $KEY"; exit 5'), {
        env: { KEY: "value", PATH: "/usr/bin:/bin" },
        directory: place.directory,
        stdout,
        stdin,
      });
      const output = text(stdout);
      assert.equal(await code, 5);
      stdout.end();
      assert.equal(await output, "from outside value\n");

      const abort = new AbortController();
      const seen = new PassThrough();
      const running = driver.exec(handle, shell("echo on; exec sleep 600"), {
        env: { PATH: "/usr/bin:/bin" },
        directory: place.directory,
        stdout: seen,
        signal: abort.signal,
      });
      await new Promise((resolve) => seen.once("data", resolve));
      abort.abort(new Error("enough"));
      await assert.rejects(running, /enough/);
      await handle.stop({ graceMs: 0 });
    },
  );
}
