import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { processIdentity, statFields } from "@plinth/process";
import { type Changes, skipUnlessRoot, TestBox } from "../../container/test-box.ts";
import { cgroupMembers } from "../cgroup/make.ts";
import { readCgroupSystem } from "../cgroup/system.ts";
import type { Hook } from "../config.ts";
import { ContainerDirectory, type ContainerRecord } from "./container-directory.ts";
import { type BundleOptions, createFromBundle, type Created, openBundle } from "./create.ts";
import { deleteContainer, killContainer } from "./delete.ts";
import { execInContainer } from "./exec.ts";
import { explainBundle } from "./explain.ts";
import { pauseContainer, resumeContainer } from "./pause.ts";
import { afterStart, startCreated } from "./start.ts";
import { shownState, statusOf } from "./status.ts";

/** Waits a hundredth of what it is asked to. */
const hurried: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  schedule: (delayMs, callback) => systemClock.schedule(delayMs / 100, callback),
  sleep: (delayMs, signal) => systemClock.sleep(delayMs, signal),
};

let box: TestBox;
let containers: ContainerDirectory;
let warnings: string[];
const clock = systemClock;
const warn = (message: string): void => void warnings.push(message);

before(async () => {
  box = await TestBox.open();
  containers = new ContainerDirectory(join(box.directory, "containers"));
});
beforeEach(() => (warnings = []));
after(() => box[Symbol.dispose]());

const openInit = (): Promise<typeof box.init> => Promise.resolve({ ...box.init, [Symbol.dispose]: () => {} });
const removing = {
  get containers() {
    return containers;
  },
  clock,
  warn,
  force: true,
};

function bundle(script: string, changes?: Changes): void {
  writeFileSync(join(box.directory, "config.json"), JSON.stringify(box.config(script, changes)));
}

function create(id: string, more: Partial<BundleOptions> = {}): Promise<Created> {
  return createFromBundle({
    id,
    bundle: openBundle(box.directory),
    containers,
    init: box.init,
    clock,
    warn,
    stdio: ["ignore", "ignore", "ignore"],
    isRootless: false,
    orphan: false,
    ...more,
  });
}

const status = (id: string): string => statusOf(containers, containers.read(id));

/** What is left of a container: its directory, its cgroups. */
function leftOf(id: string): string[] {
  const { unified, v1 } = readCgroupSystem();
  const owns = [...new Set([unified, ...v1.values()].map((hierarchy) => hierarchy?.own ?? ""))];
  return [join(containers.root, id), ...owns.map((own) => join(own, id))].filter((path) => existsSync(path));
}

async function exitOf({ container }: Created): Promise<number> {
  return (await container.wait()).code;
}

test("a container is created, started, stopped and deleted, and each time its status tells", async (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("exec sleep 60", { annotations: { a: "b" }, linux: { resources: { pids: { limit: 20 } } } });
  const created = await create("one");
  const { record, container } = created;
  assert.equal(status("one"), "created");
  assert.deepEqual(shownState(containers, record), {
    ociVersion: "1.2.0",
    id: "one",
    pid: container.pid,
    status: "created",
    bundle: box.directory,
    rootfs: box.root,
    created: record.created,
    annotations: { a: "b" },
    owner: "",
  });
  assert(leftOf("one").length > 1);
  await assert.rejects(create("one"), {
    code: "conflict",
    message: "container with given ID already exists",
  });
  await startCreated("one", { ...removing, openInit });
  assert.equal(status("one"), "running");
  await assert.rejects(
    startCreated("one", { ...removing, openInit }),
    /cannot start an already running container/,
  );
  await assert.rejects(deleteContainer("one", { ...removing, force: false }), {
    message: "cannot delete container one that is not stopped: running",
  });
  await pauseContainer("one", { containers, clock });
  assert.equal(status("one"), "paused");
  await assert.rejects(pauseContainer("one", { containers, clock }), /container not running/);
  await assert.rejects(exec(record, "true"), /cannot exec in a paused container/);
  resumeContainer("one", containers);
  assert.throws(() => resumeContainer("one", containers), /container not paused/);
  await killContainer("one", 15, { containers, clock, all: false });
  await killContainer("one", 9, { containers, clock, all: false });
  assert.equal(await exitOf(created), 137);
  assert.equal(status("one"), "stopped");
  assert.equal(shownState(containers, record).pid, 0);
  await assert.rejects(killContainer("one", 9, { containers, clock, all: false }), /container not running/);
  await assert.rejects(startCreated("one", { ...removing, openInit }), /has stopped/);
  await assert.rejects(exec(record, "true"), { code: "gone" });
  await deleteContainer("one", { ...removing, force: false });
  assert.deepEqual(leftOf("one"), []);
  assert.throws(() => containers.read("one"), { code: "not-found", message: "container does not exist" });
  await deleteContainer("one", removing);
  container[Symbol.dispose]();
});

async function exec(record: ContainerRecord, script: string, cgroup?: string): Promise<number> {
  const command = await execInContainer(
    record,
    { cwd: "/", args: ["/bin/sh", "-c", script], env: ["PATH=/usr/bin:/bin"] },
    {
      containers,
      init: box.init,
      clock,
      stdio: ["ignore", "ignore", "ignore"],
      orphan: false,
      ...(cgroup !== undefined && { subCgroups: new Map([["", cgroup]]) }),
    },
  );
  return (await command.wait()).code;
}

test("commands join a container, its cgroups and its filter; one that ends does not end it", async (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("exec sleep 60", {
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type }) as { type: "pid" }),
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }],
      },
    },
  });
  const { record, container } = await create("two");
  await startCreated("two", { ...removing, openInit });
  assert.equal(await exec(record, "exit 7"), 7);
  assert.equal(await exec(record, "kill -9 $$"), 137);
  assert.equal(await exec(record, "! mkdir /tmp/x && [ $(cat /proc/1/comm) = sleep ]"), 0);
  const own = record.cgroup.members!.split("/").at(-1)!;
  assert.equal(await exec(record, `grep -q ${own} /proc/self/cgroup`), 0);
  await assert.rejects(exec(record, "true", "../../x"), { code: "invalid" });
  assert.equal(status("two"), "running");
  await killContainer("two", 9, { containers, clock, all: true });
  assert.equal(await exitOf({ record, container }), 137);
  await deleteContainer("two", removing);
  assert.deepEqual(leftOf("two"), []);
});

test("a main process without a shim belongs to whoever takes orphans", async (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("exec sleep 60");
  const { container } = await create("three", { orphan: true });
  container[Symbol.dispose]();
  const parent = (): number => Number(statFields(container.pid)![1]);
  // The shim has said that it is created, and ends.
  while (nameOf(parent()) === "plinth-init") await clock.sleep(5);
  // Not this process, and nobody of ours in between.
  assert.notEqual(parent(), process.pid);
  assert.equal(status("three"), "created");
  await startCreated("three", { ...removing, openInit });
  assert.equal(status("three"), "running");
  // On v1, who stands still does not even die.
  await pauseContainer("three", { containers, clock });
  await deleteContainer("three", removing);
  assert.deepEqual(leftOf("three"), []);
});

/** Undefined once it is gone. */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Writes a line of its name, the state's status and whether it sees the container's mounts to a file. */
function hook(name: string, more: Partial<Hook> & { readonly exits?: number } = {}): Hook {
  const { exits = 0, ...rest } = more;
  const script = `state=$(cat); case $state in *'"status":"created"'*) s=created;; *'"running"'*) s=running;; *'"stopped"'*) s=stopped;; esac
    [ -e /proc/self/mountinfo ] && grep -q " ${box.root}/dev " /proc/self/mountinfo && s="$s inside"
    echo "${name} $s $A" >>${join(box.directory, "said")}; exit ${exits}`;
  return { path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/bin:/bin", "A=b"], ...rest };
}

const said = (): string[] => {
  const path = join(box.directory, "said");
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  rmSync(path, { force: true });
  return lines;
};

test("hooks run in the order of the specification, each where it belongs, with the state", async (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("exec sleep 60", {
    hooks: {
      prestart: [hook("prestart")],
      createRuntime: [hook("createRuntime"), hook("createRuntime2")],
      createContainer: [hook("createContainer")],
      startContainer: [
        {
          path: "/bin/sh",
          args: ["sh", "-c", "grep -q created && echo $$ >/dev/shm-said"],
          env: ["PATH=/usr/bin:/bin"],
        },
      ],
      poststart: [hook("poststart", { exits: 1 }), hook("poststart2")],
      poststop: [hook("poststop", { exits: 1 }), hook("poststop2")],
    },
  });
  const { record, container } = await create("four");
  assert.deepEqual(said(), [
    "prestart created b",
    "createRuntime created b",
    "createRuntime2 created b",
    "createContainer created inside b",
  ]);
  await startCreated("four", { ...removing, openInit });
  assert.equal(await exec(record, "test -e /dev/shm-said"), 0);
  assert.deepEqual(said(), ["poststart running b", "poststart2 running b"]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^error running poststart hook #0: exit status 1/);
  await deleteContainer("four", removing);
  assert.deepEqual(said(), ["poststop stopped b", "poststop2 stopped b"]);
  assert.equal(warnings.length, 2);
  container[Symbol.dispose]();
});

test("a hook that fails before the start, or takes too long, ends the container, and nothing is left", async (context) => {
  if (skipUnlessRoot(context)) return;
  const poststop = [hook("poststop")];
  bundle("true", { hooks: { createRuntime: [hook("fails", { exits: 3 }), hook("never")], poststop } });
  await assert.rejects(create("five"), { message: /^error running createRuntime hook #0: exit status 3/ });
  assert.deepEqual(said(), ["fails created b", "poststop stopped b"]);
  assert.deepEqual(leftOf("five"), []);
  bundle("true", { hooks: { prestart: [{ path: "/bin/sleep", args: ["sleep", "60"], timeout: 1 }] } });
  await assert.rejects(create("five", { clock: hurried }), { code: "timeout" });
  bundle("true", { hooks: { prestart: [{ path: "/no/such/hook" }] } });
  await assert.rejects(create("five"), /prestart hook #0: \/no\/such\/hook: no such file/);
  bundle("true", { hooks: { createContainer: [hook("x", { exits: 4 })] } });
  await assert.rejects(create("five"), /createContainer hook #0: exit status 4/);
  bundle("true", { hooks: { startContainer: [{ path: "/bin/false" }] } });
  const { container } = await create("five");
  await assert.rejects(
    startCreated("five", { ...removing, openInit }),
    /startContainer hook #0: exit status 1/,
  );
  container[Symbol.dispose]();
  assert.deepEqual(leftOf("five"), []);
});

test("a container may join another's mounts, or be among the machine's, which get none of its own", async (context) => {
  if (skipUnlessRoot(context)) return;
  const mountsOf = (pid: number): string => readlinkSync(`/proc/${pid}/ns/mnt`);
  const machine = readFileSync("/proc/self/mountinfo", "utf8");
  const other = spawn("unshare", ["--mount", "sh", "-c", "echo; exec sleep 60"]);
  await once(other.stdout, "data");
  for (const [path, expected] of [
    [`/proc/${other.pid}/ns/mnt`, mountsOf(other.pid!)],
    [undefined, mountsOf(process.pid)],
  ]) {
    const types = ["pid", "ipc", "uts", ...(path === undefined ? [] : ["mount"])];
    const namespaces = types.map((type) => (type === "mount" ? { type, path } : { type }) as { type: "pid" });
    bundle("touch /dev/inside; [ -e /dev/null ] && [ ! -e /home ] && exec sleep 60", {
      linux: { namespaces },
    });
    const { record, container } = await create("seven");
    await startCreated("seven", { ...removing, openInit });
    while (nameOf(container.pid) !== "sleep") await clock.sleep(5);
    assert.equal(mountsOf(container.pid), expected);
    assert.equal(await exec(record, "[ -e /dev/inside ] && [ $(cat /proc/1/comm) = sleep ]"), 0);
    assert.equal(readFileSync("/proc/self/mountinfo", "utf8"), machine);
    await deleteContainer("seven", removing);
    container[Symbol.dispose]();
    assert.deepEqual(leftOf("seven"), []);
  }
  other.kill("SIGKILL");
  assert.equal(readFileSync("/proc/self/mountinfo", "utf8"), machine);
});

test("a bundle that cannot become a container leaves nothing half made", async (context) => {
  if (skipUnlessRoot(context)) return;
  const refused: [what: string, changes: Changes, message: RegExp][] = [
    ["a command that is not there", { process: { args: ["nowhere"] } }, /find the command nowhere/],
    [
      "a mount that cannot be made",
      { extraMounts: [{ destination: "/x", source: "/no/such", options: ["bind"] }] },
      /no\/such/,
    ],
    ["a cgroup's limit", { linux: { resources: { cpu: { cpus: "4000" } } } }, /cpuset.cpus/],
    [
      "the machine's own mounts",
      { linux: { namespaces: [{ type: "mount", path: "/proc/self/ns/mnt" }] } },
      /join the mount namespace .*: it is the machine's/,
    ],
    [
      "the machine's mounts and a user namespace",
      {
        linux: {
          namespaces: [{ type: "user" }],
          uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
        },
      },
      /without a mount namespace/,
    ],
    ["systemd's cgroup", { linux: { cgroupsPath: "a.slice:b:c" } }, /systemd/],
    ["a terminal without a socket", { process: { terminal: true } }, /without a console socket/],
    [
      "a listener of seccomp",
      {
        linux: {
          seccomp: {
            defaultAction: "SCMP_ACT_ALLOW",
            listenerPath: "/x",
            syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
          },
        },
      },
      /listener/,
    ],
  ];
  for (const [what, changes, message] of refused) {
    bundle("true", changes);
    await assert.rejects(create("six"), { message }, what);
    assert.deepEqual(leftOf("six"), [], what);
  }
  assert.throws(
    () => openBundle(join(box.directory, "nowhere")),
    /chdir .*nowhere: no such file or directory/,
  );
  writeFileSync(
    join(box.directory, "config.json"),
    JSON.stringify({ ...box.config("true"), root: { path: "config.json" } }),
  );
  assert.throws(() => openBundle(box.directory), /not a directory/);
});

test("of creators that want one name at once, one gets it", async (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("true");
  const outcomes = await Promise.allSettled([create("seven"), create("seven"), create("seven")]);
  const made = outcomes.filter((each) => each.status === "fulfilled");
  assert.equal(made.length, 1);
  await afterStart(made[0]!.value.record, { clock, warn });
  await deleteContainer("seven", removing);
  made[0]!.value.container[Symbol.dispose]();
  assert.deepEqual(leftOf("seven"), []);
});

test("statusOf() believes no file about processes that are gone", () => {
  const self = processIdentity(process.pid)!;
  const record: ContainerRecord = {
    id: "eight",
    mark: "m",
    bundle: "/b",
    rootfs: "/b/r",
    created: "2026-01-01T00:00:00Z",
    creator: self,
    main: null,
    cgroup: { members: null, directories: [] },
    config: { ociVersion: "1.2.0" },
  };
  const told = (changes: Partial<ContainerRecord>): string => statusOf(containers, { ...record, ...changes });
  assert.equal(told({}), "creating");
  assert.equal(told({ creator: { ...self, startTicks: 1 } }), "stopped");
  assert.equal(told({ main: self }), "running");
  assert.equal(told({ main: { ...self, bootId: "an earlier one" } }), "stopped");
  assert.equal(told({ main: { ...self, startTicks: self.startTicks + 1 } }), "stopped");
});

test("deleteContainer() removes what a creator left that was killed", async () => {
  containers.claim("nine");
  assert.throws(() => containers.read("nine"), { code: "not-found" });
  assert.deepEqual(containers.list(), []);
  await assert.rejects(deleteContainer("nine", { ...removing, force: false }), { code: "not-found" });
  await deleteContainer("nine", removing);
  assert(!existsSync(join(containers.root, "nine")));
});

test("ContainerDirectory takes no name that leads elsewhere, and lets nobody else look", () => {
  for (const id of ["", ".", "..", "a/b", "../x", "a b", "ä", "x".repeat(241), "a\n"])
    assert.throws(() => containers.claim(id), { code: "invalid" }, id);
  const path = containers.claim("A-b_c.d+1");
  assert.deepEqual(readdirSync(path), []);
  containers.remove("A-b_c.d+1");
});

test("explainBundle() says each system call in words, and makes nothing", (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("true", { hostname: "box", linux: { resources: { pids: { limit: 5 } } } });
  const lines = explainBundle(box.directory, { stateDirectory: "/run/x/ID", isRootless: false });
  assert(lines.includes('  write "5" to its pids.max'));
  assert(lines.some((line) => /^ {2}sethostname +set the host name box$/.test(line)));
  assert(lines.some((line) => /^ {2}execve +run /.test(line)));
  assert(
    lines.findIndex((line) => / {2}pivot_root /.test(line)) <
      lines.findIndex((line) => / {2}execve /.test(line)),
  );
  assert.deepEqual(leftOf("ID"), []);
  assert.equal(cgroupMembers("/sys/fs/cgroup/ID"), undefined);
});

test("a container that wants the cgroup of others is refused, and they live on", async (context) => {
  if (skipUnlessRoot(context)) return;
  bundle("exec sleep 60");
  const first = await create("first");
  const { members } = first.record.cgroup;
  const { unified, v1 } = readCgroupSystem();
  const mount = [unified, ...v1.values()].find((each) => members!.startsWith(`${each?.mount}/`))!.mount;
  bundle("true", { linux: { cgroupsPath: members!.slice(mount.length) } });
  await assert.rejects(create("second"), { code: "conflict", message: /with processes in it/ });
  assert.equal(status("first"), "created");
  await deleteContainer("first", removing);
  first.container[Symbol.dispose]();
  assert.deepEqual([...leftOf("first"), ...leftOf("second")], []);
});

/** Any part of a configuration, replaced by any of these. */
const JUNK: readonly unknown[] = [
  null,
  true,
  -1,
  2 ** 53,
  "",
  "/",
  "..",
  "/proc/self/fd/3",
  "\0",
  "ä",
  [],
  [null],
  {},
  { path: "/" },
  "CAP_SYS_ADMIN",
  1e300,
];

function replaced(
  value: unknown,
  at: number,
  junk: unknown,
): { readonly value: unknown; readonly at: number } {
  if (at === 0) return { value: junk, at: -1 };
  let left = at - 1;
  if (typeof value !== "object" || value === null) return { value, at: left };
  const entries = Object.entries(value).map(([name, each]) => {
    if (left < 0) return [name, each] as const;
    const inner = replaced(each, left, junk);
    left = inner.at;
    return [name, inner.value] as const;
  });
  return {
    value: Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries),
    at: left,
  };
}

test("a configuration with anything in any place makes a container or a Fault, and leaves nothing", async (context) => {
  if (skipUnlessRoot(context)) return;
  const whole = box.config("true", {
    hostname: "box",
    process: {
      rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }],
      capabilities: { bounding: ["CAP_KILL"] },
    },
    linux: {
      namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type }) as { type: "pid" }),
      resources: { pids: { limit: 20 }, cpu: { shares: 100 }, devices: [{ allow: false }] },
      cgroupsPath: "fuzzed",
      devices: [{ type: "c", path: "/dev/x", major: 1, minor: 3 }],
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }],
      },
      maskedPaths: ["/proc/keys"],
      readonlyPaths: ["/proc/sys"],
      sysctl: { "net.ipv4.ip_forward": "1" },
    },
  });
  const places = JSON.stringify(whole).split(/[{[,]/).length;
  const rounds = process.env["PLINTH_SOAK"] === "1" ? 1000 : 40;
  for (let round = 0; round < rounds; round += 1) {
    const at = 1 + ((round * 7919) % places);
    const junk = JUNK[(round * 31) % JUNK.length];
    const text = JSON.stringify(replaced(whole, at, junk).value);
    writeFileSync(join(box.directory, "config.json"), text);
    const made = await Promise.resolve()
      .then(() => create("fuzzed"))
      .catch((error: unknown) => {
        assert(error instanceof Fault, `${text}\n${(error as Error).stack}`);
      });
    if (made !== undefined) {
      await deleteContainer("fuzzed", removing);
      made.container[Symbol.dispose]();
    }
    assert.deepEqual(leftOf("fuzzed"), [], text);
  }
});
