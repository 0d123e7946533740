import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock } from "@plinth/clock";
import { TestBox } from "../../container/test-box.ts";
import type { Resources } from "../config.ts";
import { type ContainerCgroupOptions, planContainerCgroup } from "./container-plan.ts";
import { freezeCgroup, isFrozen, killCgroup, thawCgroup, updateCgroup } from "./control.ts";
import { cgroupMembers, makeCgroups, removeCgroups } from "./make.ts";
import type { CgroupPlan } from "./plan.ts";
import { cgroupStats } from "./stats.ts";
import { type CgroupSystem, readCgroupSystem } from "./system.ts";

let count = 0;
const optionsOf = (system: CgroupSystem, resources: Resources): ContainerCgroupOptions => ({
  system,
  name: `plinth-test-${process.pid}-${(count += 1)}`,
  resources,
  hierarchies: "all",
  isRootless: false,
});

/** Files of cgroups as the kernel shows them, in a folder: what is planned for systems this machine has not. */
function pretend(context: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "plinth-cgroup-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** A machine with v2 alone, on which this process is in /shell, as a login is. */
function unifiedSystem(context: TestContext): CgroupSystem {
  const mount = pretend(context, {
    "cgroup.controllers": "cpu io memory pids",
    "cgroup.subtree_control": "cpu memory pids",
    "cgroup.procs": "",
    "shell/cgroup.controllers": "cpu memory pids",
    "shell/cgroup.subtree_control": "",
    "shell/cgroup.type": "domain",
    "shell/cgroup.procs": "1\n",
  });
  return { version: "v2", unified: { mount, own: join(mount, "shell") }, v1: new Map() };
}

test("planContainerCgroup() plans one directory on v2, beside the one this process is in", (context) => {
  const system = unifiedSystem(context);
  const options = optionsOf(system, { memory: { limit: 2 ** 26 }, unified: { "memory.high": "1000" } });
  const { plan, deviceProgram } = planContainerCgroup(options);
  const { mount } = system.unified!;
  const path = join(mount, options.name);
  assert.deepEqual(plan, {
    members: path,
    directories: [
      {
        path,
        mount,
        base: mount,
        version: 2,
        controllers: ["memory", "cpu", "io", "pids"],
        settings: [
          { file: "memory.max", value: "67108864" },
          { file: "memory.high", value: "1000" },
        ],
      },
    ],
  });
  assert(deviceProgram !== undefined && deviceProgram.length % 8 === 0);
});

test("planContainerCgroup() takes an absolute cgroupsPath from the root of each hierarchy", (context) => {
  const system = unifiedSystem(context);
  const at = (cgroupsPath: string): CgroupPlan =>
    planContainerCgroup({ ...optionsOf(system, {}), cgroupsPath }).plan;
  const { mount } = system.unified!;
  assert.equal(at("/pods/a").members, join(mount, "pods/a"));
  assert.equal(at("/pods/a").directories[0]!.base, mount);
  assert.equal(at("/pods/../../../x").members, join(mount, "x"));
  for (const path of ["/", "/..", "."]) assert.throws(() => at(path), { code: "invalid" }, path);
  assert.throws(() => at("system.slice:plinth:x"), { code: "unsupported" });
});

test("planContainerCgroup() refuses what the machine cannot hold", (context) => {
  const none: CgroupSystem = { version: "none", unified: undefined, v1: new Map() };
  const plan = (system: CgroupSystem, resources: Resources): unknown =>
    planContainerCgroup(optionsOf(system, resources));
  assert.deepEqual(planContainerCgroup({ ...optionsOf(none, {}), isRootless: true }).plan.directories, []);
  const refused = {
    code: "unsupported",
    message: 'Cannot set memory.max: this kernel offers no "memory" cgroup controller here',
  };
  assert.throws(() => plan(none, { memory: { limit: 5 } }), refused);
  const system = unifiedSystem(context);
  assert.throws(() => plan(system, { hugepageLimits: [{ pageSize: "2MB", limit: 1 }] }), /"hugetlb"/);
  assert.throws(() => plan(system, { unified: { "misc.max": "1" } }), /"misc"/);
  assert.throws(() => plan(system, { unified: { "../cgroup.kill": "1" } }), { code: "invalid" });
});

const skipUnlessRoot = (context: TestContext): boolean => {
  const writes = process.getuid?.() === 0 && readCgroupSystem().version !== "none";
  if (!writes) context.skip("needs root and cgroups");
  return !writes;
};

function joined(plan: CgroupPlan): ChildProcess {
  const script = 'for file; do echo $$ >"$file"; done; echo in; exec sleep 1000';
  const files = plan.directories.map(({ path }) => join(path, "cgroup.procs"));
  return spawn("/bin/sh", ["-c", script, "sh", ...files], { stdio: ["ignore", "pipe", "inherit"] });
}

test("A container's cgroups hold its limits, freeze, tell what it uses, and go with it", async (context) => {
  if (skipUnlessRoot(context)) return;
  const resources: Resources = {
    memory: { limit: 2 ** 26 },
    cpu: { shares: 512 },
    pids: { limit: 10 },
    devices: [],
  };
  const { plan } = planContainerCgroup(optionsOf(readCgroupSystem(), resources));
  const read = (v1: string, v2: string): string => {
    const found = plan.directories
      .flatMap(({ path }) => [join(path, v1), join(path, v2)])
      .find((path) => existsSync(path));
    return found === undefined ? "" : readFileSync(found, "utf8").trim();
  };
  makeCgroups(plan);
  context.after(() => removeCgroups(plan, systemClock));
  assert.equal(read("memory.limit_in_bytes", "memory.max"), "67108864");
  assert.equal(read("pids.max", "pids.max"), "10");
  const child = joined(plan);
  context.after(() => child.kill("SIGKILL"));
  await once(child.stdout!, "data");
  assert.deepEqual(cgroupMembers(plan.members!), [child.pid]);
  for (const { path } of plan.directories) assert.deepEqual(cgroupMembers(path), [child.pid], path);
  assert.throws(() => makeCgroups(plan), { code: "conflict" });

  const stats = cgroupStats(plan);
  assert.deepEqual(stats.pids, { current: 1, limit: 10 });
  assert.equal(stats.memory.usage?.limit, 2 ** 26);
  assert(stats.memory.usage.usage! > 0 && stats.cpu.usage.total! > 0);

  await freezeCgroup(plan, systemClock);
  assert(isFrozen(plan));
  thawCgroup(plan);
  assert(!isFrozen(plan));

  // Above the limit of memory and swap together that is there: the order of writing matters.
  updateCgroup(plan, { memory: { limit: 2 ** 27, swap: 2 ** 28 }, pids: { limit: 11 } });
  assert.equal(read("memory.limit_in_bytes", "memory.max"), String(2 ** 27));
  assert.equal(read("pids.max", "pids.max"), "11");
  updateCgroup(plan, { memory: { limit: 2 ** 26, swap: 2 ** 26 } });
  assert.equal(read("memory.limit_in_bytes", "memory.max"), String(2 ** 26));

  const ended = once(child, "exit");
  if (!killCgroup(plan.members!)) child.kill("SIGKILL");
  await ended;
  assert.deepEqual(await removeCgroups(plan, systemClock), []);
  for (const { path } of plan.directories) assert(!existsSync(path), path);
});

test("makeCgroups() leaves nothing behind when a limit cannot be set", (context) => {
  if (skipUnlessRoot(context)) return;
  const options = optionsOf(readCgroupSystem(), { cpu: { cpus: "4000" } });
  const cgroupsPath = `/${options.name}/inner/most`;
  const { plan } = planContainerCgroup({ ...options, cgroupsPath });
  assert.throws(() => makeCgroups(plan));
  for (const { mount } of plan.directories) assert(!existsSync(join(mount, options.name)), mount);
});

test("makeCgroups() makes what was there when it was planned, and is gone", async (context) => {
  if (skipUnlessRoot(context)) return;
  const options = optionsOf(readCgroupSystem(), {});
  const parents = readCgroupSystem();
  const made = [
    ...new Set([parents.unified, ...parents.v1.values()].map((each) => join(each!.mount, options.name))),
  ];
  for (const path of made) mkdirSync(path);
  const { plan } = planContainerCgroup({ ...options, cgroupsPath: `/${options.name}/inner` });
  for (const path of made) rmdirSync(path);
  makeCgroups(plan);
  for (const { path } of plan.directories) assert(existsSync(path), path);
  assert.deepEqual(await removeCgroups(plan, systemClock), []);
  for (const path of made.filter((each) => existsSync(each))) rmdirSync(path);
});

test("The kernel takes a container's device program, and holds devices to its rules", async (context) => {
  if (skipUnlessRoot(context)) return;
  const { unified } = readCgroupSystem();
  if (unified === undefined) return context.skip("needs cgroup v2");
  // As on a machine without v1: there a program is all that holds devices.
  const system: CgroupSystem = { version: "v2", unified, v1: new Map() };
  const devices = [{ allow: true, type: "c", major: 1, minor: 11, access: "r" }] as const; // kmsg
  const { plan, deviceProgram } = planContainerCgroup({
    ...optionsOf(system, { devices }),
    hierarchies: "needed",
  });
  makeCgroups(plan);
  context.after(() => removeCgroups(plan, systemClock));
  using box = await TestBox.open();
  const names = ["CAP_MKNOD", "CAP_SYSLOG"];
  const capabilities = { bounding: names, effective: names, permitted: names };
  const script = `cd /dev; mknod own b 7 0 && mknod log c 1 11 && mknod mem c 1 1 || exit 9
    (: <own) 2>&1; (: <mem) 2>&1; : <log && echo log; (: >log) 2>&1; echo x >null && echo null`;
  const { output, errors } = await box.run(
    script,
    { process: { capabilities } },
    { cgroup: { directories: [plan.members!], unified: plan.members!, deviceProgram: deviceProgram! } },
  );
  assert.equal(errors, "");
  const denied = (name: string): RegExp =>
    new RegExp(`cannot (open|create) ${name}: Operation not permitted`);
  const lines = output.trim().split("\n");
  assert.equal(lines.length, 5, output);
  assert.match(lines[0]!, denied("own"));
  assert.match(lines[1]!, denied("mem"));
  assert.deepEqual([lines[2], lines[4]], ["log", "null"]);
  assert.match(lines[3]!, denied("log"));
});
