import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { isRunning, processIdentity, type ProcessIdentity, statFields } from "@plinth/process";
import { encodeProgram } from "../init/program.ts";
import { Spawner } from "../init/spawner.ts";
import { call, Label } from "../init/step.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import type { OciConfig } from "../oci/config.ts";
import type { Container, CreateOptions } from "./container.ts";
import { createContainer, planContainer } from "./create.ts";
import { containerProgram } from "./program.ts";
import { readExit, readProcesses, readStartFailure } from "./state-files.ts";
import { skipUnlessRoot, TestBox } from "./test-box.ts";

let box: TestBox;
let spawner: Spawner;
let logFile: string;
before(async () => {
  box = await TestBox.open();
  spawner = new Spawner(box.init, box.directory);
  logFile = join(box.directory, "log");
});
beforeEach(() => {
  rmSync(logFile, { force: true });
  for (const name of readdirSync(box.stateDirectory)) rmSync(join(box.stateDirectory, name));
});
after(() => {
  spawner[Symbol.dispose]();
  box[Symbol.dispose]();
});

const logged = (): string => readFileSync(logFile, "utf8");

function optionsFor(script: string, more: Partial<CreateOptions> = {}): CreateOptions {
  const { stdio: _none, ...options } = box.options(box.config(script), {
    spawner,
    logFile,
    startsAtOnce: true,
  });
  return { ...options, ...more };
}

/** What is nobody's child here ends without an event for us. */
async function untilEnded(identity: ProcessIdentity): Promise<void> {
  while (isRunning(identity)) await new Promise((resolve) => setImmediate(resolve));
}

const parentOf = (pid: number): ProcessIdentity => processIdentity(Number(statFields(pid)![1]))!;

/** Ends the parent of its shim. */
async function killSpawnerOf(container: Container): Promise<void> {
  const parent = parentOf(container.shim.pid);
  assert.equal(readFileSync(`/proc/${parent.pid}/comm`, "utf8"), "plinth-spawner\n");
  process.kill(parent.pid, "SIGKILL");
  await untilEnded(parent);
}

test("a spawned container starts at once, and appends both outputs to its log", async (context) => {
  if (skipUnlessRoot(context)) return;
  writeFileSync(logFile, "earlier\n");
  const options = optionsFor("echo out; echo error >&2; exit 3");
  using container = await createContainer(options);
  assert.deepEqual(readProcesses(box.stateDirectory, options.mark), {
    shim: container.shim,
    main: container.main,
  });
  await container.start();
  assert.deepEqual(await container.wait(), { code: 3, signal: undefined });
  assert.deepEqual(readExit(box.stateDirectory, options.mark), { code: 3, signal: undefined });
  assert.equal(logged(), "earlier\nout\nerror\n");
  assert.deepEqual(readdirSync(box.stateDirectory).toSorted(), ["exit", "running"]);
});

test("a container outlives its spawner, and its end is told", async (context) => {
  if (skipUnlessRoot(context)) return;
  using container = await createContainer(
    optionsFor("trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done"),
  );
  await killSpawnerOf(container);
  assert.equal(isRunning(container.main), true);
  using other = await createContainer(optionsFor("echo other", { stateDirectory: box.directory }));
  assert.equal((await other.wait()).code, 0);
  process.kill(container.pid, "SIGKILL");
  assert.deepEqual(await container.wait(), { code: 137, signal: 9 });
});

test("a shim that is killed takes along what is half made, and leaves a command that runs", async (context) => {
  if (skipUnlessRoot(context)) return;
  let half: ProcessIdentity | undefined;
  const creating = createContainer(
    optionsFor("echo never", {
      onNamespaces: async (pid) => {
        half = processIdentity(pid)!;
        const shim = parentOf(pid);
        process.kill(shim.pid, "SIGKILL");
        await untilEnded(shim);
      },
    }),
  );
  await assert.rejects(creating, /the init ended before it was done/);
  await untilEnded(half!);
  assert.deepEqual(readdirSync(box.stateDirectory), []);
  assert.equal(logged(), "");
  using container = await createContainer(optionsFor("sleep 60"));
  process.kill(container.shim.pid, "SIGKILL");
  await assert.rejects(container.wait(), /the init ended before it was done/);
  assert.equal(isRunning(container.main), true);
  process.kill(container.main.pid, "SIGKILL");
  await untilEnded(container.main);
});

test("a shim that is killed when its command has begun, and has not said so, leaves nothing", async (context) => {
  if (skipUnlessRoot(context)) return;
  let main: ProcessIdentity | undefined;
  let shim: ProcessIdentity | undefined;
  const creating = createContainer(
    optionsFor("echo up; exec sleep 60", {
      onNamespaces: (pid) => {
        main = processIdentity(pid)!;
        shim = parentOf(pid);
        process.kill(shim.pid, "SIGSTOP");
        return Promise.resolve();
      },
    }),
  );
  const rejected = assert.rejects(creating, /the init ended before it was done/);
  while (!existsSync(logFile) || logged() === "") await new Promise((resolve) => setImmediate(resolve));
  process.kill(shim!.pid, "SIGKILL");
  await rejected;
  await untilEnded(main!);
  assert.deepEqual(readdirSync(box.stateDirectory), []);
});

test("an abort ends a spawned container that is half made", async (context) => {
  if (skipUnlessRoot(context)) return;
  const stopping = new AbortController();
  const creating = createContainer(
    optionsFor("echo never", {
      signal: stopping.signal,
      onNamespaces: () => Promise.resolve(stopping.abort(new Error("enough"))),
    }),
  );
  await assert.rejects(creating, /enough/);
  assert.deepEqual(readdirSync(box.stateDirectory), []);
  assert.equal(logged(), "");
});

test("a container that nobody waits for any more never begins", async (context) => {
  if (skipUnlessRoot(context)) return;
  const options = optionsFor("echo never");
  const { sections } = containerProgram(planContainer(options));
  const held = join(box.directory, "held");
  execFileSync("/usr/bin/mkfifo", [held]);
  // Its shim waits for us before it lets it go on.
  const hold = call("wait for the test", "openat", [-100, held, constants.O_RDONLY]);
  const [shimSection, ...others] = sections;
  const steps = shimSection!.steps.flatMap((step) =>
    !(step instanceof Label) && step.words === "let the child go on" ? [hold, step] : [step],
  );
  const program = { sections: [{ ...shimSection!, steps }, ...others] };
  const init = await spawner.spawn(encodeProgram(program, hostArchitecture()));
  const shim = processIdentity(init.pid)!;
  init.close();
  closeSync(openSync(held, "w"));
  await untilEnded(shim);
  assert.equal(logged(), "");
  assert.match(
    readStartFailure(box.stateDirectory, options.mark)!.reason,
    /^make sure that somebody wants it: ECANCELED/,
  );
});

test("a log that is a link is refused, and a command that is missing told by its errno", async (context) => {
  if (skipUnlessRoot(context)) return;
  symlinkSync("/dev/null", logFile);
  await assert.rejects(createContainer(optionsFor("echo never")), /open the log .*: ELOOP/);
  rmSync(logFile);
  const config: OciConfig = {
    ...box.config(""),
    process: { ...box.config("").process!, args: ["/bin/nothing"] },
  };
  await assert.rejects(createContainer(optionsFor("", { config })), { errno: "ENOENT", isCommand: true });
  assert.deepEqual(readdirSync(box.stateDirectory), []);
});

/** A Node that makes a container which runs, or one that waits to be answered, and is killed then; prints the pid. */
const CREATOR = `
  const [, container, directory, kind] = process.argv;
  const { Spawner } = await import(container + "/../init/spawner.ts");
  const { openInit } = await import(container + "/../init/init-file.ts");
  const { createContainer } = await import(container + "/create.ts");
  const init = await openInit(directory);
  const options = JSON.parse(await new Response(process.stdin).text());
  const tell = (pid) => { console.log(pid); return new Promise(() => setInterval(() => {}, 60_000)); };
  const made = await createContainer({
    ...options, init, spawner: new Spawner(init, directory), ...(kind === "half" && { onNamespaces: tell }),
  });
  await tell(made.pid);
`;

for (const kind of ["half", "running"])
  test(`a creator that is killed leaves a container that runs, and nothing else: ${kind}`, async (context) => {
    if (skipUnlessRoot(context)) return;
    const {
      init: _init,
      spawner: _spawner,
      ...options
    } = optionsFor(kind === "half" ? "echo never" : "exec sleep 60");
    const creator = spawn(
      process.execPath,
      ["--input-type=module", "--eval", CREATOR, import.meta.dirname, box.directory, kind],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    creator.stdin.end(JSON.stringify(options));
    const [line] = (await once(createInterface(creator.stdout), "line")) as [string];
    const main = processIdentity(Number(line))!;
    const shim = parentOf(main.pid);
    const parent = parentOf(shim.pid);
    creator.kill("SIGKILL");
    await once(creator, "exit");
    await untilEnded(parent);
    if (kind === "running") {
      assert.equal(isRunning(main), true);
      process.kill(main.pid, "SIGKILL");
    }
    await untilEnded(main);
    await untilEnded(shim);
    const { mark, stateDirectory } = options;
    const exit = kind === "running" ? { code: 137, signal: 9 } : undefined;
    assert.deepEqual(readExit(stateDirectory, mark), exit);
    assert.equal(logged(), "");
  });
