import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { on, once } from "node:events";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { systemClock } from "@plinth/clock";

const OURS = join(import.meta.dirname, "plinth-oci");
const BUSYBOX = "/usr/bin/busybox";
const RUNC = "/usr/sbin/runc";
let place: string;

before(() => {
  place = mkdtempSync(join(tmpdir(), "plinth-oci-"));
  for (const name of ["ours", "theirs"]) mkdirSync(join(place, name));
  const root = join(place, "rootfs");
  for (const name of ["bin", "proc", "dev", "sys"]) mkdirSync(join(root, name), { recursive: true });
  if (!existsSync(BUSYBOX)) return;
  copyFileSync(BUSYBOX, join(root, "bin/busybox"));
  for (const name of ["sh", "sleep", "true", "cat", "tty"]) symlinkSync("busybox", join(root, "bin", name));
});
after(() => rmSync(place, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** In a bundle of its own. To files: a container that runs on would hold pipes open. */
function run(runtime: string, line: readonly string[], input = ""): Ran {
  const directory = join(place, runtime === OURS ? "ours" : "theirs");
  const [output, errors] = [join(directory, "output"), join(directory, "errors")];
  const [out, err] = [openSync(output, "w"), openSync(errors, "w")];
  const { status } = spawnSync(runtime, ["--root", join(directory, "containers"), ...line], {
    cwd: directory,
    input,
    stdio: ["pipe", out, err],
    timeout: 20_000,
  });
  closeSync(out);
  closeSync(err);
  return { code: status, output: readFileSync(output, "utf8"), errors: readFileSync(errors, "utf8") };
}

const ours = (...line: readonly string[]): Ran => run(OURS, line);

function succeeds(ran: Ran): string {
  assert.equal(ran.errors, "");
  assert.equal(ran.code, 0);
  return ran.output;
}

function skipUnlessRunnable(context: TestContext, ...programs: readonly string[]): boolean {
  const missing = [BUSYBOX, ...programs].find((path) => !existsSync(path));
  if (process.geteuid?.() !== 0) context.skip("only root may make these containers");
  else if (missing !== undefined) context.skip(`${missing} is not installed`);
  else return false;
  return true;
}

/** Bundles that run a shell's script, of the configuration that `spec` begins with. */
function bundle(script: string): void {
  for (const name of ["ours", "theirs"]) rmSync(join(place, name, "config.json"), { force: true });
  succeeds(ours("spec"));
  const config = JSON.parse(readFileSync(join(place, "ours/config.json"), "utf8"));
  config.process.terminal = false;
  config.process.args = ["sh", "-c", script];
  config.root.path = join(place, "rootfs");
  // Older runtimes refuse versions they do not know.
  config.ociVersion = "1.0.2";
  for (const name of ["ours", "theirs"]) {
    config.linux.cgroupsPath = `plinth-oci-test-${process.pid}-${name}`;
    writeFileSync(join(place, name, "config.json"), JSON.stringify(config));
  }
}

/** A value's kind, of objects that of each field, in order: what a program that reads it relies on. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return ["list"];
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.entries(value).map(([name, each]) => [name, shapeOf(each)]);
}

const shapeOfText = (text: string): unknown => shapeOf(JSON.parse(text));
const without = (text: string): string => text.replace(/time="[^"]*" /g, "").replaceAll("plinth-oci", "runc");

test("plinth-oci runs a bundle to its end, and nothing is left", (context) => {
  if (skipUnlessRunnable(context)) return;
  bundle("cat; echo $A; exit 3");
  const ran = run(OURS, ["run", "end"], "said to it\n");
  assert.deepEqual(ran, { code: 3, output: "said to it\n\n", errors: "" });
  assert.equal(succeeds(ours("list", "--quiet")), "");
  assert.equal(succeeds(ours("list", "--format", "json")), "null\n");
});

test("plinth-oci is told and tells what runc is told and tells, field by field", (context) => {
  if (skipUnlessRunnable(context, RUNC)) return;
  bundle("exec sleep 60");
  const differences: string[] = [];
  const both = (...line: readonly string[]): [Ran, Ran] => [run(OURS, line), run(RUNC, line)];
  const same = (...line: readonly string[]): void => {
    const [own, theirs] = both(...line);
    const told = [own, theirs].map((ran) => JSON.stringify({ ...ran, errors: without(ran.errors) }));
    if (told[0] !== told[1]) differences.push(`${line.join(" ")}\n  ours   ${told[0]}\n  theirs ${told[1]}`);
  };
  const alike = (...line: readonly string[]): void => {
    const [own, theirs] = both(...line);
    assert.deepEqual(shapeOfText(succeeds(own)), shapeOfText(succeeds(theirs)), line.join(" "));
  };
  // Every program's start costs, runc's too.
  const rarely: typeof same = process.env["PLINTH_SOAK"] === "1" ? same : () => {};
  const id = "alike";
  try {
    same("state", id);
    rarely("start", id);
    rarely("exec", id, "true");
    rarely("delete", "--force", id);
    same("list", "--format", "json");
    rarely("create", "a/b");
    same("create", "--bundle", join(place, "nowhere"), id);
    same("create", "--pid-file", "pid", id);
    alike("state", id);
    rarely("create", id);
    same("start", id);
    alike("state", id);
    alike("list", "--format", "json");
    same("start", id);
    rarely("resume", id);
    same("delete", id);
    rarely("kill", id, "FOO");
    same("exec", id, "sh", "-c", "echo out; echo err >&2; exit 7");
    same("exec", id, "nowhere");
    rarely("exec", id, "/proc");
    rarely("exec", "--cwd", "/nowhere", id, "true");
    rarely("exec", id);
    same(
      "exec",
      "--user",
      "5:6",
      "--env",
      "A=b",
      "--cwd",
      "/proc",
      id,
      "sh",
      "-c",
      "echo $A $PWD; cat self/status | grep -E '^([UG]id|Cap|NoNew|Seccomp)'",
    );
    same("pause", id);
    alike("state", id);
    same("exec", id, "true");
    rarely("start", id);
    same("resume", id);
    same("update", "--pids-limit", "9", "--memory", "64M", id);
    const [own, theirs] = both("events", "--stats", id).map((ran) => JSON.parse(succeeds(ran)).data);
    assert.deepEqual(Object.keys(own).sort(), Object.keys(theirs).sort());
    for (const name of ["cpu", "memory", "cpuset"])
      for (const field of Object.keys(theirs[name])) assert(field in own[name], `${name}.${field}`);
    assert.equal(own.memory.usage.limit, theirs.memory.usage.limit);
    assert.deepEqual(own.pids, theirs.pids);
    same("kill", "--all", id, "KILL");
  } finally {
    both("delete", "--force", id);
  }
  assert.deepEqual(differences, []);
});

test("plinth-oci writes logs as runc does, for programs and for people", (context) => {
  if (skipUnlessRunnable(context, RUNC)) return;
  const logged = (runtime: string, format: string): { readonly log: string; readonly errors: string } => {
    const file = join(place, "log");
    rmSync(file, { force: true });
    const { errors } = run(runtime, ["--log", file, "--log-format", format, "state", "nobody"]);
    return { log: readFileSync(file, "utf8").replace(/\d\d:\d\d:\d\d/, "TIME"), errors };
  };
  for (const format of ["json", "text"]) assert.deepEqual(logged(OURS, format), logged(RUNC, format));
});

test("plinth-oci tells its features and a wrong command line, and needs no root for it", () => {
  const features = JSON.parse(succeeds(ours("features")));
  assert.deepEqual(Object.keys(features), [
    "ociVersionMin",
    "ociVersionMax",
    "hooks",
    "mountOptions",
    "linux",
  ]);
  assert(features.linux.capabilities.includes("CAP_CHECKPOINT_RESTORE"));
  assert(features.mountOptions.includes("rro"));
  const wrong = ours("create");
  assert.equal(wrong.code, 1);
  assert.match(wrong.errors, /^Incorrect Usage: .*\n\nNAME:\n {3}plinth-oci create - /);
  assert.match(ours("--systemd-cgroup", "list").errors, /cgroupfs/);
  assert.equal(ours("frobnicate").code, 3);
});

test("plinth-oci hands on descriptors and keys, and writes the number of the process", async (context) => {
  if (skipUnlessRunnable(context)) return;
  bundle("cat <&3; exec sleep 60");
  writeFileSync(join(place, "three"), "handed on\n");
  const three = openSync(join(place, "three"), "r");
  const out = openSync(join(place, "out"), "w");
  try {
    const line = ["run", "-d", "--preserve-fds", "1", "--pid-file", join(place, "pid"), "fds"];
    const { status } = spawnSync(OURS, ["--root", join(place, "ours/containers"), ...line], {
      cwd: join(place, "ours"),
      stdio: ["ignore", out, "inherit", three],
    });
    assert.equal(status, 0);
    const { pid } = JSON.parse(succeeds(ours("state", "fds")));
    assert.equal(readFileSync(join(place, "pid"), "utf8"), `${pid}`);
    const typed = run(
      OURS,
      ["exec", "--tty", "fds", "sh", "-c", "read line; echo got $line; tty; exit 4"],
      "keys\n",
    );
    assert.deepEqual(typed, { code: 4, output: "keys\r\ngot keys\r\n/dev/pts/0\r\n", errors: "" });
    // It sleeps by then, having said all.
    while (readFileSync(`/proc/${pid}/comm`, "utf8") !== "sleep\n")
      await systemClock.sleep(5, context.signal);
    assert.equal(readFileSync(join(place, "out"), "utf8"), "handed on\n");
  } finally {
    closeSync(three);
    closeSync(out);
    succeeds(ours("delete", "--force", "fds"));
  }
});

test("of a create that is killed nothing runs on, and delete --force removes the rest", async (context) => {
  if (skipUnlessRunnable(context)) return;
  bundle("exec sleep 60");
  const path = join(place, "ours/config.json");
  const said = join(place, "hook-said");
  const args = ["sh", "-c", `cat >${said}.new; mv ${said}.new ${said}; kill -STOP $$`];
  const hooks = { createRuntime: [{ path: "/bin/sh", args, env: ["PATH=/usr/bin:/bin"] }] };
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), hooks }));
  const line = ["--root", join(place, "ours/containers"), "create", "killed"];
  const creator = spawn(OURS, line, { cwd: join(place, "ours"), stdio: "ignore" });
  const watcher = watch(place);
  try {
    const changes = on(watcher, "change");
    while (!existsSync(said)) await changes.next();
    assert.equal(JSON.parse(succeeds(ours("state", "killed"))).status, "creating");
    creator.kill("SIGKILL");
    await once(creator, "exit");
    const { pid } = JSON.parse(readFileSync(said, "utf8"));
    while (runs(pid)) await systemClock.sleep(5, context.signal);
    assert.equal(JSON.parse(succeeds(ours("state", "killed"))).status, "stopped");
  } finally {
    watcher.close();
    succeeds(ours("delete", "--force", "killed"));
    endHook(said);
  }
  assert.equal(succeeds(ours("list", "--quiet")), "");
});

/** Whether there is more of it than its parent's to reap. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** It belongs to nobody after its runtime is gone. */
function endHook(said: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(said)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // Gone already.
    }
  }
}
