import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Architecture, hostArchitecture } from "../machine/architecture.ts";
import { initBinary } from "./binary.ts";
import { type Init, openInit } from "./init-file.ts";
import { Launched } from "./launch.ts";
import { encodeProgram, type Program } from "./program.ts";
import { exitStep, reportFailure } from "./report.ts";
import { runSteps, StepFault, STEPS_MAX } from "./run-steps.ts";
import {
  call,
  copy,
  decimal,
  difference,
  exitCode,
  goToIfEqual,
  Label,
  loadByte,
  loadWord,
  number,
  Pointer,
  Slot,
  type Step,
  storeWord,
} from "./step.ts";

let directory: string;
let init: Init;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), "plinth-init-"));
  init = await openInit(directory);
});
after(() => {
  init[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

/** Change them together with what the interpreter does, after reading what the disassembler says. */
const digests: Record<Architecture, string> = {
  "x86-64": "18aa1d45083be5c4d408a0293b65c3025d97985d326f7bfac47021681dbed823",
  aarch64: "fd8894d8d2f9fe790427d00264e739f7c4d8e0ff9a3f0e79af0c33f5a9e13bf7",
};

const disassemblers: Record<Architecture, string> = {
  "x86-64": "objdump",
  aarch64: "aarch64-linux-gnu-objdump",
};

for (const architecture of ["x86-64", "aarch64"] as const) {
  test(`the init for ${architecture} is the one that was read`, () => {
    const binary = initBinary(architecture);
    assert.equal(createHash("sha256").update(binary).digest("hex"), digests[architecture]);
    assert(binary.length < 2048);
  });

  test(`no segment of the init for ${architecture} is both writable and executable`, () => {
    const binary = initBinary(architecture);
    const headers = Array.from({ length: binary.readUInt16LE(56) }, (_, index) => 64 + 56 * index);
    const flags = headers.map((at) => binary.readUInt32LE(at + 4));
    assert.deepEqual(flags, [5, 6, 6]); // code, memory, stack
  });

  test(`the init for ${architecture} makes system calls at three places, and is instructions throughout`, (context) => {
    const path = join(directory, `code-${architecture}`);
    // Behind the headers there is nothing but code.
    writeFileSync(path, initBinary(architecture).subarray(64 + 3 * 56));
    const machine = architecture === "aarch64" ? "aarch64" : "i386:x86-64";
    let text: string;
    try {
      text = execFileSync(disassemblers[architecture], ["-D", "-b", "binary", "-m", machine, path], {
        encoding: "utf8",
      });
    } catch {
      context.skip(`${disassemblers[architecture]} is missing`);
      return;
    }
    assert.doesNotMatch(text, /\(bad\)|\budf\b|\.inst|unknown/);
    assert.equal(text.match(/\tsyscall|\tsvc\t/g)?.length, 3);
  });
}

test("runSteps() stops at the first step that fails, and tells which and why", async () => {
  const made = join(directory, "made");
  const steps = [
    call("make a directory", "mkdirat", [-100, made, 0o700]),
    call("make it again", "mkdirat", [-100, made, 0o700]),
    call("never come here", "mkdirat", [-100, `${made}-2`, 0o700]),
  ];
  await assert.rejects(runSteps(steps, { init }), (error) => {
    assert(error instanceof StepFault);
    assert.deepEqual([error.step, error.errno], [steps[1], "EEXIST"]);
    assert.equal(error.message, "Cannot make it again: EEXIST (file already exists)");
    return true;
  });
  assert.equal(statSync(made).isDirectory(), true);
  assert.equal(statSync(`${made}-2`, { throwIfNoEntry: false }), undefined);
});

test("runSteps() takes as many steps as it says", async () => {
  const steps = Array.from({ length: STEPS_MAX }, () => call("ask who I am", "getpid", []));
  await runSteps(steps, { init });
  const tooMany = Array.from({ length: 3 * STEPS_MAX }, () => call("ask who I am", "getpid", []));
  await assert.rejects(runSteps(tooMany, { init }), { code: "too-large" });
});

/** Steps that compute; the first result that is not what it should be ends the init with its number. */
function computations(): (Step | Label)[] {
  const steps: (Step | Label)[] = [];
  let step = 0;
  const expect = (value: Slot, wanted: number | bigint): void => {
    const right = new Label("right");
    step += 1;
    steps.push(goToIfEqual("compare", value, wanted, right), exitStep(step), right);
  };
  for (const text of ["0", "7", "10", "99", "1234567890", "4294967295"]) {
    const memory = Buffer.alloc(16, "x");
    const length = new Slot("length");
    const letter = new Slot("letter");
    steps.push(decimal("write it", Number(text), memory, length));
    expect(length, text.length);
    for (const [index, wanted] of Buffer.from(`${text}\0x`).entries()) {
      steps.push(loadByte("take a letter", new Pointer(memory, index), letter));
      expect(letter, wanted);
    }
  }
  const result = new Slot("result");
  for (const [status, wanted] of WAIT_STATUSES) {
    steps.push(exitCode("take the code", status, result));
    expect(result, wanted);
  }
  const listed = Buffer.from("7 4194304\n00012,-1 9");
  const end = new Slot("end");
  const at = new Slot("where it began");
  steps.push(copy("begin", new Pointer(listed), at), copy("begin", at, end));
  for (const [wanted, length] of NUMBERS) {
    steps.push(number("take a number", end, result, end));
    expect(result, wanted);
    steps.push(difference("see how far that is", end, at, result));
    expect(result, length);
  }
  steps.push(loadWord("take a word", Buffer.from([1, 2, 3, 0xff, 9]), result));
  expect(result, 0xff030201);
  const stored = Buffer.alloc(8, 0x55);
  steps.push(storeWord("store a word", 0x12345678, new Pointer(stored, 2)));
  steps.push(loadWord("take what is there now", stored, result));
  expect(result, 0x56785555);
  steps.push(copy("keep a number", -5n, result));
  expect(result, -5n);
  return steps;
}

/** Those in a text, and where each ends: a number is cut by a NUL, and may have no digits. */
const NUMBERS: readonly (readonly [number, number])[] = [
  [7, 2],
  [4194304, 10],
  [12, 16],
  [0, 17],
  [1, 19],
  [0, 21],
];

/** And the code a shell has for each. */
const WAIT_STATUSES: readonly (readonly [number, number])[] = [
  [0, 0],
  [0x0300, 3],
  [0xff00, 255],
  [9, 137],
  [0x8b, 139],
];

/** Runs an init on this machine or an emulated one. */
async function runInit(
  command: readonly string[],
  table: Buffer,
): Promise<{ launched: Launched; output: string }> {
  const program = { table, stepAt: (): undefined => undefined, release: (): void => {} };
  const child = spawn(command[0]!, command.slice(1), {
    env: {},
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const launched = new Launched(child, program);
  let output = "";
  child.stdout!.setEncoding("latin1").on("data", (chunk: string) => (output += chunk));
  await once(child, "close");
  return { launched, output };
}

function everything(): Program {
  const failure = new Label("failure");
  const expected = new Label("expected");
  const steps = [
    ...computations(),
    call("write", "write", [1, "said", 4]),
    call("find nothing", "openat", [-100, "/does/not/exist", 0], { on: { EPERM: "next", ENOENT: expected } }),
    exitStep(100),
    expected,
    call("find nothing again", "openat", [-100, "/does/not/exist", 0]),
    exitStep(101),
    failure,
    ...reportFailure(1),
    exitStep(42),
  ];
  return { sections: [{ name: "init", steps, failure, carriesWords: true }] };
}

test("the init computes, writes, and tells a failure by the record's address and its errno", async () => {
  const program = encodeProgram(everything(), hostArchitecture());
  const { launched, output } = await runInit([join(directory, fileNameIn(directory))], program.table);
  assert.deepEqual(await launched.ended, { code: 42, signal: null });
  const report = Buffer.from(output.slice("said".length), "latin1");
  assert.equal(program.stepAt(report.readUInt32LE(4))?.words, "find nothing again");
  assert.equal(report.readUInt32LE(8), 2);
});

test("the init for aarch64 does the same on an emulated processor", async (context) => {
  const path = join(directory, "init-aarch64");
  writeFileSync(path, initBinary("aarch64"));
  chmodSync(path, 0o500);
  const program = encodeProgram(everything(), "aarch64");
  let ran: Awaited<ReturnType<typeof runInit>>;
  try {
    ran = await runInit(["/usr/bin/qemu-aarch64", path], program.table);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ENOENT");
    context.skip("qemu-aarch64 is missing");
    return;
  }
  assert.deepEqual(await ran.launched.ended, { code: 42, signal: null });
  const report = Buffer.from(ran.output.slice("said".length), "latin1");
  assert.equal(program.stepAt(report.readUInt32LE(4))?.words, "find nothing again");
});

test("the init refuses what is not a whole table", async () => {
  const { table } = encodeProgram(everything(), hostArchitecture());
  const other = Buffer.from(table);
  other.writeUInt32LE(1, 0);
  const path = join(directory, fileNameIn(directory));
  const { launched } = await runInit([path], other);
  assert.equal((await launched.ended).code, 124);
  const child = spawn(path, [], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  (child.stdio[3] as Socket).end(table.subarray(0, table.length - 1));
  const [code] = await once(child, "exit");
  assert.equal(code, 124);
});

test("openInit() writes its file once, and again when it was changed", async () => {
  const path = join(directory, fileNameIn(directory));
  const { ino } = statSync(path);
  (await openInit(directory))[Symbol.dispose]();
  assert.equal(statSync(path).ino, ino);
  chmodSync(path, 0o700);
  (await openInit(directory))[Symbol.dispose]();
  assert.notEqual(statSync(path).ino, ino);
  assert.equal(statSync(path).mode & 0o777, 0o500);
  assert.deepEqual(readFileSync(path), initBinary(hostArchitecture()));
});

test("openInit() keeps the init where no descriptor that is handed over can take its place", async (context) => {
  if (!init.isSealed) {
    context.skip("this kernel runs nothing from memory");
    return;
  }
  // What becomes 3 and on in the init: its own number among them would run another file, or none.
  const own = Number(/\d+$/.exec(init.path)![0]);
  const descriptors = Array.from({ length: 8 }, () => openSync("/dev/null", "r"));
  try {
    assert.ok(own > descriptors.length + 3, init.path);
    await runSteps([], { init, descriptors });
  } finally {
    for (const fd of descriptors) closeSync(fd);
  }
});

/** Its file's name has a digest in it. */
const fileNameIn = (where: string): string =>
  readdirSync(where).find((name) => /^init-[0-9a-f]{16}$/.test(name))!;
