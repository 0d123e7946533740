import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isRunning, processIdentity } from "@plinth/process";
import { hostArchitecture } from "../machine/architecture.ts";
import { compileSeccomp } from "../oci/seccomp/compile.ts";
import { startContainer } from "./create.ts";
import { readExit, readProcesses, readStartFailure, waitsForStart } from "./state-files.ts";
import { StepFault } from "./step-fault.ts";
import { leftovers, NAMESPACES, skipUnlessRoot, TestBox } from "./test-box.ts";

let box: TestBox;
before(async () => {
  box = await TestBox.open();
});
after(() => box[Symbol.dispose]());

test("a container is what its config says, as its own /proc tells", async (context) => {
  if (skipUnlessRoot(context)) return;
  const seccomp = compileSeccomp(
    {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }],
    },
    hostArchitecture(),
  );
  const script = `grep -E "^(Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign))" /proc/self/status
    grep "Max open files" /proc/self/limits; umask; pwd; hostname; id -u; id -g; id -G
    for name in pid net ipc uts mnt; do echo "$name $(readlink /proc/self/ns/$name)"; done
    ls /proc/self/fd | wc -l; mkdir /tmp/x 2>&1; cat /proc/self/oom_score_adj; echo "pid $$"`;
  const { code, output, errors } = await box.run(
    script,
    {
      hostname: "inside",
      process: {
        user: { uid: 1000, gid: 1001, additionalGids: [5, 7], umask: 0o077 },
        cwd: "/made/for/it",
        rlimits: [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }],
        oomScoreAdj: 500,
        capabilities: {
          bounding: ["CAP_CHOWN", "CAP_KILL"],
          permitted: ["CAP_CHOWN"],
          effective: ["CAP_CHOWN"],
          inheritable: ["CAP_CHOWN"],
          ambient: ["CAP_CHOWN"],
        },
      },
    },
    { seccomp },
  );
  assert.equal(errors, "");
  assert.equal(code, 0);
  const line = (name: string): string | undefined => new RegExp(`^${name}:?\\s+(.*)$`, "m").exec(output)?.[1];
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
    assert.equal(line(set), "0000000000000001", set);
  assert.equal(line("CapBnd"), "0000000000000021");
  assert.equal(line("NoNewPrivs"), "1");
  assert.equal(line("Seccomp"), "2");
  assert.equal(line("SigBlk"), "0000000000000000");
  assert.match(output, /Max open files\s+100\s+200/);
  assert.match(output, /^0077\n\/made\/for\/it\ninside\n1000\n1001\n1001 5 7$/m);
  for (const name of ["pid", "net", "ipc", "uts", "mnt"])
    assert.notEqual(line(name), readlinkSync(`/proc/self/ns/${name}`));
  assert.match(output, /^4\nmkdir: .*not supported\n500\npid 1$/im);
});

test("mounts, hidden and protected paths, and devices are as the config says", async (context) => {
  if (skipUnlessRoot(context)) return;
  writeFileSync(join(box.directory, "one-file"), "from outside\n");
  const { output } = await box.run(
    `cat /mnt/file; echo x 2>&1 >/mnt/file; touch /root-file 2>&1; cat /proc/timer_list /proc/acpi/* | wc -c
    echo 1 2>&1 >/proc/sys/kernel/hostname; ls -l /dev | tr -s " " | cut -d" " -f1,5,6; readlink /dev/fd /dev/ptmx
    cat /proc/sys/net/ipv4/ip_forward; grep " /mnt/tmp " /proc/mounts; echo full >/dev/full 2>&1`,
    {
      root: { path: "root", readonly: true },
      extraMounts: [
        { destination: "/mnt/file", source: "one-file", options: ["bind", "ro"] },
        { destination: "/mnt/tmp", type: "tmpfs", source: "x", options: ["noexec", "nosuid", "size=16k"] },
      ],
      linux: {
        maskedPaths: ["/proc/timer_list", "/proc/acpi", "/nowhere"],
        readonlyPaths: ["/proc/sys", "/nowhere"],
        sysctl: { "net.ipv4.ip_forward": "1" },
        devices: [
          { type: "c", path: "/dev/own/device", major: 1, minor: 3, fileMode: 0o600, uid: 5, gid: 6 },
        ],
        namespaces: NAMESPACES.map((type) => ({ type })),
      },
    },
  );
  assert.match(output, /^from outside\n/);
  assert.equal(output.match(/Read-only file system/g)?.length, 3);
  assert.match(output, /^0$/m);
  assert.match(output, /^crw-rw-rw- 1, 3$/m);
  assert.match(
    output,
    /^\/proc\/self\/fd\npts\/ptmx\n1\nx \/mnt\/tmp tmpfs rw,nosuid,noexec,relatime,size=16k/m,
  );
  assert.equal(readFileSync(join(box.directory, "one-file"), "utf8"), "from outside\n");
});

test("createContainer() lets the command wait for start(), and its files tell who and how", async (context) => {
  if (skipUnlessRoot(context)) return;
  using container = await box.create("exit 3");
  const mark = markIn("running");
  const processes = readProcesses(box.stateDirectory, mark)!;
  assert.equal(processes.main.pid, container.pid);
  assert.deepEqual(processes.shim, container.shim);
  assert.equal(isRunning(processes.main), true);
  assert.equal(waitsForStart(box.stateDirectory), true);
  assert.equal(readFileSync(`/proc/${container.pid}/comm`, "utf8"), "plinth-init\n");
  await startContainer("box", box.stateDirectory, mark);
  assert.equal(waitsForStart(box.stateDirectory), false);
  assert.deepEqual(await container.wait(), { code: 3, signal: undefined });
  assert.deepEqual(readExit(box.stateDirectory, mark), { code: 3, signal: undefined });
  assert.equal(readExit(box.stateDirectory, "another"), undefined);
  await assert.rejects(startContainer("box", box.stateDirectory, mark), /does not wait to be started/);
});

test("an end by a signal is told from an exit code that looks like it", async (context) => {
  if (skipUnlessRoot(context)) return;
  using container = await box.create("exec sleep 60");
  await container.start();
  process.kill(container.pid, "SIGKILL");
  assert.deepEqual(await container.wait(), { code: 137, signal: 9 });
  const { code, signal } = await box.run("exit 137");
  assert.deepEqual({ code, signal }, { code: 137, signal: undefined });
});

test("a command that is not there, or may not be executed, is told before the start", async (context) => {
  if (skipUnlessRoot(context)) return;
  const refused = async (args: string[], errno: string): Promise<void> => {
    await assert.rejects(box.create("", { process: { args } }), (error) => {
      assert(error instanceof StepFault);
      assert.equal(error.isCommand, true);
      assert.equal(error.errno, errno);
      return true;
    });
    assert.equal(existsSync(join(box.stateDirectory, "running")), false);
    assert.equal(waitsForStart(box.stateDirectory), false);
  };
  await refused(["no-such-command"], "ENOENT");
  await refused(["/dev/null"], "EACCES");
  mkdirSync(join(box.root, "own"));
  writeFileSync(join(box.root, "own/text"), "not a program", { mode: 0o755 });
  using container = await box.create("", { process: { args: ["/own/text"] } });
  await assert.rejects(container.start(), /Cannot start "box": run .*text: ENOEXEC \(exec format error\)/);
  const failure = readStartFailure(box.stateDirectory, markIn("cannot-start"));
  assert.equal(failure?.reason, "run /own/text: ENOEXEC (exec format error)");
});

test("whoever is killed while a container is half made, nothing of it stays", async (context) => {
  if (skipUnlessRoot(context)) return;
  const stopping = new AbortController();
  const creating = box.create(
    "sleep 60",
    {},
    {
      signal: stopping.signal,
      onNamespaces: (pid) => {
        assert.match(readFileSync(`/proc/${pid}/mountinfo`, "utf8"), /plinth-box-/);
        stopping.abort(new Error("enough"));
        return Promise.resolve();
      },
    },
  );
  await assert.rejects(creating, /enough/);
  // The same without a word: the shim is killed while the command waits, as another user at that.
  using container = await box.create("sleep 60", { process: { user: { uid: 1000, gid: 1000 } } });
  const main = processIdentity(container.pid)!;
  process.kill(container.shim.pid, "SIGKILL");
  await assert.rejects(container.wait(), /ended by SIGKILL before it was done/);
  for (const deadline = performance.now() + 5000; isRunning(main) && performance.now() < deadline;)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isRunning(main), false);
});

test("a reaper makes the command an ordinary process, hands on signals, and takes orphans", async (context) => {
  if (skipUnlessRoot(context)) return;
  using container = await box.create(
    `(sleep 0.01 & exit 0); echo "I am $$"; exec sleep 60`,
    {},
    { reaper: true },
  );
  container.stdout!.setEncoding("utf8");
  await container.start();
  const [said] = await Array.fromAsync(take(container.stdout!, 1));
  assert.match(String(said), /^I am [2-9]/);
  process.kill(container.pid, "SIGTERM");
  assert.equal((await container.wait()).code, 143);
});

/** Each of the shim's files begins with it. */
function markIn(file: string): string {
  return readFileSync(join(box.stateDirectory, file), "utf8").split("\n")[0]!;
}

async function* take<T>(from: AsyncIterable<T>, count: number): AsyncIterable<T> {
  let taken = 0;
  for await (const item of from) {
    yield item;
    taken += 1;
    if (taken === count) return;
  }
}

test("an overlay is mounted where only the container sees it", async (context) => {
  if (skipUnlessRoot(context)) return;
  const layer = (name: string): string => {
    const path = join(box.directory, name);
    mkdirSync(path);
    return path;
  };
  const [top, bottom, upper, work] = [layer("top"), layer("bottom"), layer("upper"), layer("work")];
  writeFileSync(join(top, "file"), "top\n");
  writeFileSync(join(bottom, "file"), "bottom\n");
  writeFileSync(join(bottom, "other"), "other\n");
  const { output } = await box.run(
    "cat /file /other; echo new >/file; grep -c ' / overlay ' /proc/mounts",
    {},
    { overlay: { lower: [top, bottom, box.root], upper, work } },
  );
  assert.equal(output, "top\nother\n1\n");
  assert.equal(readFileSync(join(upper, "file"), "utf8"), "new\n");
  assert.equal(readFileSync(join(top, "file"), "utf8"), "top\n");
});

test("a tmpfs with tmpcopyup has what the image has there, and the image stays as it is", async (context) => {
  if (skipUnlessRoot(context)) return;
  mkdirSync(join(box.root, "kept/below"), { recursive: true });
  writeFileSync(join(box.root, "kept/file"), "image\n");
  const { output, errors } = await box.run(
    "cat /kept/file; echo new >/kept/file; rmdir /kept/below; ls -A /kept; stat -c %a /kept; touch /new-dir/x; ls -A /new-dir",
    {
      extraMounts: ["/kept", "/new-dir"].map((destination) => ({
        destination,
        type: "tmpfs",
        source: "tmpfs",
        options: ["nosuid", "noexec", "mode=1770", "tmpcopyup"],
      })),
    },
  );
  assert.equal(errors, "");
  assert.equal(output, "image\nfile\n1770\nx\n");
  assert.equal(readFileSync(join(box.root, "kept/file"), "utf8"), "image\n");
  assert.equal(existsSync(join(box.root, "kept/below")), true);
});

test("ids are mapped in a user namespace; what only root may read can be mounted still", async (context) => {
  if (skipUnlessRoot(context)) return;
  const map = [{ containerID: 0, hostID: 100_000, size: 1000 }];
  const { output } = await box.run(
    "id -u; cat /proc/self/uid_map | tr -s ' '; stat -c %u /dev /usr; readlink /proc/self/ns/user",
    {
      linux: {
        namespaces: [...NAMESPACES, "user" as const].map((type) => ({ type })),
        uidMappings: map,
        gidMappings: map,
      },
    },
  );
  assert.match(output, /^0\n 0 100000 1000\n0\n65534\nuser:/);
  assert.notEqual(output.trim().split("\n").at(-1), readlinkSync("/proc/self/ns/user"));
});

/** A new cgroup on v2; undefined where this machine has none that we may make. */
function makeUnified(): string | undefined {
  for (const root of ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]) {
    if (!existsSync(join(root, "cgroup.controllers"))) continue;
    const path = join(root, `plinth-box-${process.pid}`);
    try {
      mkdirSync(path);
      return path;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

test("the container is in its cgroup from the start, with its device filter, and all in it ends with it", async (context) => {
  if (skipUnlessRoot(context)) return;
  const unified = makeUnified();
  if (unified === undefined) {
    context.skip("no cgroup can be made on v2");
    return;
  }
  // Devices may be made (access 1), but neither read nor written.
  const deviceProgram = Buffer.from(
    [
      "6112000000000000", // r2 = access and type
      "7702000010000000", // r2 >>= 16
      "b700000001000000", // r0 = 1
      "1502010001000000", // if r2 == 1, end
      "b700000000000000", // r0 = 0
      "9500000000000000", // end
    ].join(""),
    "hex",
  );
  try {
    const { output } = await box.run(
      `grep ^0:: /proc/self/cgroup; cat /dev/null 2>&1; sleep 60 >&- 2>&- & exit 0`,
      { linux: { namespaces: NAMESPACES.filter((type) => type !== "pid").map((type) => ({ type })) } },
      { cgroup: { directories: [unified], unified, deviceProgram } },
    );
    assert.match(output, new RegExp(`^0::.*/plinth-box-${process.pid}$`, "m"));
    assert.match(output, /Operation not permitted/);
    for (const deadline = performance.now() + 5000; performance.now() < deadline;) {
      if (readFileSync(join(unified, "cgroup.procs"), "utf8") === "") break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(readFileSync(join(unified, "cgroup.procs"), "utf8"), "");
  } finally {
    rmdirSync(unified);
  }
});

test("the shim is small", async (context) => {
  if (skipUnlessRoot(context)) return;
  using container = await box.create("exec sleep 60");
  await container.start();
  const status = readFileSync(`/proc/${container.shim.pid}/status`, "utf8");
  const residentKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  context.diagnostic(`${residentKib} KiB`);
  assert(residentKib > 0 && residentKib <= 100, `${residentKib} KiB`);
  process.kill(container.pid, "SIGKILL");
  await container.wait();
});

test("a setuid program gains nothing, and the init cannot be written to from inside", async (context) => {
  if (skipUnlessRoot(context)) return;
  copyFileSync("/usr/bin/id", join(box.root, "own-id"));
  chmodSync(join(box.root, "own-id"), 0o4755);
  const { output } = await box.run("/own-id -u", { process: { user: { uid: 1000, gid: 1000 } } });
  assert.equal(output, "1000\n");
  assert.equal(box.init.isSealed, true);
  assert.throws(() => writeFileSync(box.init.path, "overwritten"), { code: "EPERM" });
  const itself = await box.run("", { process: { args: ["/proc/self/exe", "-c", ":"] } });
  assert.equal(itself.code, 124); // it is the init, without a table
});

test("rounds of containers leave nothing behind", async (context) => {
  if (skipUnlessRoot(context)) return;
  const rounds = process.env["PLINTH_SOAK"] === "1" ? 1000 : 5;
  await box.run(":");
  const earlier = leftovers();
  for (let round = 0; round < rounds; round++) {
    await box.run(":");
    await assert.rejects(box.create("", { process: { args: ["no-such-command"] } }));
  }
  assert.deepEqual(leftovers(), earlier);
});
