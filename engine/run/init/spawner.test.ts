import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { isRunning, processIdentity, processTable, type ProcessIdentity, statFields } from "@plinth/process";
import { type Architecture, hostArchitecture } from "../machine/architecture.ts";
import { initBinary } from "./binary.ts";
import { type Init, openInit } from "./init-file.ts";
import { Launched, launch } from "./launch.ts";
import { REPORT, REPORT_BYTES } from "./layout.ts";
import { type EncodedProgram, encodeProgram, type Program, stepsOf } from "./program.ts";
import { exitStep, receiveSteps, reportFailure, reportStep } from "./report.ts";
import { Spawner } from "./spawner.ts";
import { spawnerProgram } from "./spawner-program.ts";
import { call, fail, Label, type Step } from "./step.ts";

let directory: string;
let init: Init;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), "plinth-spawner-"));
  init = await openInit(directory);
});
after(() => {
  init[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

function programOf(steps: readonly (Step | Label)[], architecture: Architecture): EncodedProgram {
  const failure = new Label("failure");
  const all = [...steps, failure, ...reportFailure(), exitStep(1)];
  return encodeProgram({ sections: [{ name: "init", steps: all, failure }] }, architecture);
}

/** Says "waiting", is answered, says "ended", and ends. */
const answered = (architecture: Architecture = hostArchitecture()): EncodedProgram =>
  programOf(
    [
      ...reportStep("waiting", 7),
      ...receiveSteps("wait for an answer"),
      ...reportStep("ended", 8),
      exitStep(0),
    ],
    architecture,
  );

/** Of this process. */
function spawners(): ProcessIdentity[] {
  return processTable()
    .filter(({ pid, parent }) => parent === process.pid && nameOf(pid) === "plinth-spawner")
    .map(({ pid }) => processIdentity(pid)!);
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

/** Of what is nobody's child here, no event tells. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

const names = (): string[] => readdirSync(directory).filter((name) => name.startsWith("spawner-"));

test("spawn() makes an init that has nothing of the spawner but its parent", async () => {
  using spawner = new Spawner(init, directory);
  const one = await spawner.spawn(answered());
  assert.deepEqual(await one.next(), { kind: "waiting", value: 7 });
  const [parent, ...others] = spawners();
  assert(parent !== undefined && others.length === 0);
  const [, ppid, , session] = statFields(one.pid)!;
  assert.deepEqual([Number(ppid), Number(session)], [parent.pid, one.pid]);
  const descriptors = readdirSync(`/proc/${one.pid}/fd`);
  assert.deepEqual(descriptors, ["0", "1", "2", "3"]);
  assert.match(readFileSync(`/proc/${one.pid}/status`, "utf8"), /^SigBlk:\t0+$/m);
  assert.equal(readlinkSync(`/proc/${one.pid}/cwd`), "/");
  assert.deepEqual(names(), []);
  one.answer();
  assert.deepEqual(await one.next(), { kind: "ended", value: 8 });
  assert.equal(await one.next(), undefined);
});

test("a step that fails in a spawned init is told as one of a launched one", async () => {
  using spawner = new Spawner(init, directory);
  const missing = call("open what is missing", "openat", [-100, "/does/not/exist", 0]);
  const one = await spawner.spawn(programOf([missing], hostArchitecture()));
  assert.deepEqual(await one.next(), { kind: "failed", step: missing, errno: constants.errno.ENOENT });
});

test("many are made at a time, and nobody is left: processes, their remains, descriptors, names", async () => {
  const spawner = new Spawner(init, directory);
  const first = await spawner.spawn(answered());
  first.close();
  await first.ended;
  const [parent] = spawners();
  assert(parent !== undefined);
  const descriptors = readdirSync("/proc/self/fd").length;
  // More than wait for a process at once, with tables that take several writes.
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const large = call("do nothing", "write", [1, Buffer.alloc(index < 5 ? 1 << 20 : 1 << 10), 0]);
      const one = await spawner.spawn(
        programOf([large, ...reportStep("ended", index), exitStep(0)], hostArchitecture()),
      );
      assert.deepEqual(await one.next(), { kind: "ended", value: index });
      await one.ended;
    }),
  );
  // Also those that wait to be reaped.
  const children = `/proc/${parent.pid}/task/${parent.pid}/children`;
  await until(() => readFileSync(children, "utf8") === "");
  await until(() => readdirSync("/proc/self/fd").length <= descriptors);
  // Three times nothing, its creator, the signals, its socket.
  assert.deepEqual(readdirSync(`/proc/${parent.pid}/fd`), ["0", "1", "2", "3", "4", "5"]);
  spawner[Symbol.dispose]();
  await until(() => !isRunning(parent));
  assert.deepEqual(names(), []);
  await assert.rejects(spawner.spawn(answered()), { code: "unavailable" });
});

test("a spawner that is killed is replaced, and what it made runs on", async () => {
  using spawner = new Spawner(init, directory);
  const one = await spawner.spawn(answered());
  const [parent] = spawners();
  process.kill(parent!.pid, "SIGKILL");
  await until(() => !isRunning(parent!));
  const other = await spawner.spawn(answered());
  assert.notEqual(Number(statFields(other.pid)![1]), parent!.pid);
  for (const each of [one, other]) {
    assert.deepEqual(await each.next(), { kind: "waiting", value: 7 });
    each.answer();
    assert.deepEqual(await each.next(), { kind: "ended", value: 8 });
  }
});

test("a spawner that is killed between requests and answers costs nobody an init", async () => {
  using spawner = new Spawner(init, directory);
  (await spawner.spawn(answered())).close();
  const [parent] = spawners();
  process.kill(parent!.pid, "SIGSTOP");
  const asked = Array.from({ length: 5 }, () => spawner.spawn(answered()));
  // All are connected, and nobody takes them.
  await new Promise((resolve) => setImmediate(resolve));
  process.kill(parent!.pid, "SIGKILL");
  for (const one of await Promise.all(asked)) {
    assert.deepEqual(await one.next(), { kind: "waiting", value: 7 });
    one.close();
    await one.ended;
  }
});

test("an init ends when who asked for it hangs up or kills it", async () => {
  using spawner = new Spawner(init, directory);
  const [left, killed] = await Promise.all([spawner.spawn(answered()), spawner.spawn(answered())]);
  const identities = [left, killed].map(({ pid }) => processIdentity(pid)!);
  left.close();
  killed.kill();
  await killed.ended;
  killed.kill(); // has nobody to hit
  for (const identity of identities) await until(() => !isRunning(identity));
});

/** A Node that keeps a spawner and an init which waits, until it is killed; prints the pids. */
const CREATOR = `
  const { openInit } = await import(process.argv[1] + "/init-file.ts");
  const { Spawner } = await import(process.argv[1] + "/spawner.ts");
  const { encodeProgram } = await import(process.argv[1] + "/program.ts");
  const { exitStep } = await import(process.argv[1] + "/report.ts");
  const { call, Label } = await import(process.argv[1] + "/step.ts");
  const { hostArchitecture } = await import(process.argv[1] + "/../machine/architecture.ts");
  const { readFileSync } = await import("node:fs");
  const spawner = new Spawner(await openInit(process.argv[2]), process.argv[2]);
  const failure = new Label("failure");
  // Nothing of it asks for its creator.
  const steps = [call("wait for ever", "ppoll", [0, 0, 0, 0, 8]), failure, exitStep(1)];
  const one = await spawner.spawn(encodeProgram({ sections: [{ name: "init", steps, failure }] }, hostArchitecture()));
  const parent = readFileSync("/proc/" + one.pid + "/stat", "utf8").split(" ")[3];
  console.log(JSON.stringify([Number(parent), one.pid]));
  setInterval(() => {}, 60_000);
`;

test("a spawner ends with its creator, however that ends; what it made does not", async () => {
  const creator = spawn(
    process.execPath,
    ["--input-type=module", "--eval", CREATOR, import.meta.dirname, directory],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(createInterface(creator.stdout), "line")) as [string];
  const [parent, made] = (JSON.parse(line) as number[]).map((pid) => processIdentity(pid)!);
  assert.equal(nameOf(parent!.pid), "plinth-spawner");
  creator.kill("SIGKILL");
  await once(creator, "exit");
  await until(() => !isRunning(parent!));
  assert.equal(isRunning(made!), true);
  process.kill(made!.pid, "SIGKILL");
  assert.deepEqual(names(), []);
});

test("names that killed creators left are removed, those of others are not", async () => {
  const gone = spawn("/bin/true");
  await once(gone, "exit");
  const left = `spawner-${gone.pid}-0`;
  const used = `spawner-${process.pid}-0`;
  for (const name of [left, used]) writeFileSync(join(directory, name), "");
  using spawner = new Spawner(init, directory);
  (await spawner.spawn(answered())).close();
  assert.deepEqual(names(), [used]);
  rmSync(join(directory, used));
});

/** The program with one step that fails; the others stay what they are. */
function withFailure(program: Program, words: string): Program {
  let isThere = false;
  const sections = program.sections.map((section) => ({
    ...section,
    steps: section.steps.map((step) => {
      if (step instanceof Label || step.words !== words) return step;
      isThere = true;
      return fail(words, constants.errno.EPERM, { onError: step.onError, on: step.on });
    }),
  })) as Program["sections"];
  assert(isThere, words);
  return { sections };
}

const socketName = "spawner-of-a-test";

/** Launches a spawner with a step that fails. */
function launchFailing(words: string): Promise<Launched> {
  const program = withFailure(spawnerProgram({ directory, socketName }), words);
  return launch({ init, program: encodeProgram(program, hostArchitecture()) });
}

test("whichever step fails before a spawner is there, it says so and leaves no name", async () => {
  const [section] = spawnerProgram({ directory, socketName }).sections;
  const steps = stepsOf(section!);
  const early = steps.slice(
    0,
    steps.findIndex(({ words }) => words.startsWith("say what to wait for")),
  );
  const calls = early.filter(({ operation }) => operation === "call");
  assert(calls.length >= 10);
  for (const { words } of calls) {
    const spawner = await launchFailing(words);
    let report = await spawner.next();
    if (report?.kind === "waiting") {
      // Who does not wait for an answer is gone before it comes, and what it said with it.
      if (!words.startsWith("wait")) spawner.answer();
      report = await spawner.next();
    }
    // A report that fails can be told by nobody but the exit code.
    if (!words.startsWith("report")) assert.equal(report?.kind === "failed" && report.step.words, words);
    assert.deepEqual(await spawner.ended, { code: 1, signal: null }, words);
    assert.deepEqual(names(), [], words);
  }
});

test("a spawner that can make no process says so, and goes on", async () => {
  const spawner = await launchFailing("make an init");
  assert.equal((await spawner.next())?.kind, "waiting");
  // It has its name until it is answered.
  const sockets = [1, 2, 3].map(() => connect(join(directory, socketName)));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  spawner.answer();
  for (const socket of sockets) {
    const bytes = Buffer.concat((await Array.fromAsync(socket)) as Buffer[]);
    assert.equal(bytes.length, REPORT_BYTES);
    assert.deepEqual([bytes.readUInt32LE(0), bytes.readUInt32LE(4)], [REPORT.refused, constants.errno.EPERM]);
  }
  spawner.close();
  assert.deepEqual(await spawner.ended, { code: 0, signal: null });
});

test("an init whose first steps fail is no init: its connection ends without a word", async () => {
  const [, section] = spawnerProgram({ directory, socketName }).sections;
  const calls = stepsOf(section!).filter(({ operation, words }) => operation === "call" && words !== "end");
  for (const { words } of calls) {
    const spawner = await launchFailing(words);
    assert.equal((await spawner.next())?.kind, "waiting");
    const socket = connect(join(directory, socketName));
    await once(socket, "connect");
    spawner.answer();
    assert.deepEqual(await Array.fromAsync(socket), [], words);
    spawner.close();
    assert.deepEqual(await spawner.ended, { code: 0, signal: null });
  }
});

test("the spawner for aarch64 makes inits on an emulated processor", async (context) => {
  const path = join(directory, "init-aarch64");
  writeFileSync(path, initBinary("aarch64"));
  chmodSync(path, 0o500);
  const plan = spawnerProgram({ directory, socketName });
  // The emulator has descriptors of its own, which it cannot do without.
  const sections = plan.sections.map((section) => ({
    ...section,
    steps: section.steps.filter((step) => step instanceof Label || step.call !== "close_range"),
  }));
  const child: ChildProcess = spawn("/usr/bin/qemu-aarch64", [path], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const failed = once(child, "error");
  const spawner = await Promise.race([
    once(child, "spawn").then(() => new Launched(child, encodeProgram({ sections }, "aarch64"))),
    failed.then(() => undefined),
  ]);
  if (spawner === undefined) {
    context.skip("qemu-aarch64 is missing");
    return;
  }
  assert.equal((await spawner.next())?.kind, "waiting");
  const socket = connect(join(directory, socketName));
  await once(socket, "connect");
  spawner.answer();
  const { table } = answered("aarch64");
  socket.write(table);
  const bytes: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes.push(chunk);
    if (Buffer.concat(bytes).length === 2 * REPORT_BYTES) socket.write("\n");
  }
  const all = Buffer.concat(bytes);
  const kinds = Array.from({ length: all.length / REPORT_BYTES }, (_, index) =>
    all.readUInt32LE(index * REPORT_BYTES),
  );
  assert.deepEqual(kinds, [REPORT.began, REPORT.waiting, REPORT.ended]);
  spawner.close();
  assert.deepEqual(await spawner.ended, { code: 0, signal: null });
});
