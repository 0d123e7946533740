import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "@plinth/fault";
import { sysctlPath } from "./config-rules.ts";
import { CONFIG_BYTES_MAX, parseConfig, readConfig } from "./read-config.ts";

const least = { ociVersion: "1.0.2", root: { path: "rootfs" } };
const process = { cwd: "/", args: ["true"] };

function problemsOf(config: unknown): string[] {
  try {
    parseConfig(JSON.stringify(config), "config.json");
    return [];
  } catch (error) {
    assert(error instanceof Fault);
    assert.equal(error.code, "invalid");
    return error.message.replace("Cannot use config.json: ", "").split("; ");
  }
}

const withLinux = (linux: unknown, more: object = {}): unknown => ({ ...least, ...more, linux });

test("parseConfig() tells all problems at once, each with its place", () => {
  assert.deepEqual(
    problemsOf({
      ociVersion: "1.0.2",
      root: { path: "", readonly: "yes" },
      process: { cwd: "home", args: ["a", 1], user: { uid: -1, gid: 2 ** 32 } },
      mounts: [{ options: {} }],
      linux: { namespaces: [{ type: "net" }], resources: { memory: { limit: 1.5 } } },
    }),
    [
      "root.path: empty",
      "root.readonly: a string, not true or false",
      'process.cwd: "home" is not an absolute path',
      "process.args[1]: a number, not text",
      "process.user.uid: -1 is not between 0 and 4294967294",
      "process.user.gid: 4294967296 is not between 0 and 4294967294",
      "mounts[0].destination: missing",
      "mounts[0].options: an object, not a list",
      'linux.namespaces[0].type: "net" is none of pid, network, mount, ipc, uts, user, cgroup, time',
      "linux.resources.memory.limit: a number, not an integer",
    ],
  );
});

/** [what is refused, configuration, problem] */
const refused: readonly (readonly [string, unknown, string])[] = [
  ["no root", { ociVersion: "1.0.2" }, "root: missing"],
  [
    "another specification",
    { ...least, ociVersion: "2.0.0" },
    'ociVersion: "2.0.0" is not a version 1 of the specification',
  ],
  ["a process without arguments", { ...least, process: { cwd: "/" } }, "process.args: missing"],
  [
    "an environment without =",
    { ...least, process: { ...process, env: ["PATH"] } },
    'process.env[0]: "PATH" is not NAME=VALUE',
  ],
  [
    "a NUL in an argument",
    { ...least, process: { ...process, args: ["a\0b"] } },
    "process.args[0]: holds a NUL byte",
  ],
  [
    "a limit twice",
    {
      ...least,
      process: {
        ...process,
        rlimits: [
          { type: "RLIMIT_CORE", soft: 0, hard: 0 },
          { type: "RLIMIT_CORE", soft: 0, hard: 0 },
        ],
      },
    },
    "process.rlimits[1].type: RLIMIT_CORE is there twice",
  ],
  [
    "a hostname of the machine",
    { ...least, hostname: "a" },
    "hostname: cannot be set without a UTS namespace of the container's own",
  ],
  [
    "a namespace twice",
    withLinux({ namespaces: [{ type: "pid" }, { type: "pid", path: "/proc/1/ns/pid" }] }),
    'linux.namespaces[1]: "pid" is there twice',
  ],
  [
    "a relative namespace",
    withLinux({ namespaces: [{ type: "pid", path: "ns/pid" }] }),
    'linux.namespaces[0].path: "ns/pid" is not an absolute path',
  ],
  [
    "mappings without a user namespace",
    withLinux({ uidMappings: [{ containerID: 0, hostID: 0, size: 1 }] }),
    "linux.uidMappings: needs a user namespace",
  ],
  [
    "a sysctl of the machine",
    withLinux({ sysctl: { "vm.swappiness": "1" } }),
    "linux.sysctl.vm.swappiness: is not separate for a container",
  ],
  [
    "a sysctl of the host's network",
    withLinux({ sysctl: { "net/ipv4/ip_forward": "1" } }),
    "linux.sysctl.net/ipv4/ip_forward: needs a network namespace of the container's own",
  ],
  [
    "a sysctl with a way out",
    withLinux({ namespaces: [{ type: "network" }], sysctl: { "net/../kernel/core_pattern": "|/x" } }),
    "linux.sysctl.net/../kernel/core_pattern: not a name of a setting",
  ],
  [
    "a device without numbers",
    withLinux({ devices: [{ type: "c", path: "/dev/x" }] }),
    "linux.devices[0]: a device of type c needs major and minor",
  ],
  [
    "a hook that has no time",
    { ...least, hooks: { prestart: [{ path: "/x", timeout: 0 }] } },
    "hooks.prestart[0].timeout: 0 is not between 1 and 2147483647",
  ],
];

for (const [what, config, problem] of refused)
  test(`parseConfig() refuses ${what}`, () => assert.deepEqual(problemsOf(config), [problem]));

test("parseConfig() takes null for absent, and keeps 64-bit numbers whole", () => {
  const config = parseConfig(
    `{"ociVersion":"1.2.0","root":{"path":"r"},"process":{"cwd":"/","args":["a"],"user":null,
      "rlimits":[{"type":"RLIMIT_NOFILE","soft":18446744073709551615,"hard":18446744073709551615}]},
      "linux":{"seccomp":null,"unknown":null}}`,
    "config.json",
  );
  assert.equal(config.process?.rlimits?.[0]?.soft, 2n ** 64n - 1n);
  assert.equal("user" in config.process, false);
  assert.equal("seccomp" in config.linux!, false);
});

test("readConfig() refuses what is no file of bounded size", () => {
  const bundle = mkdtempSync(join(tmpdir(), "plinth-oci-config-"));
  try {
    const path = join(bundle, "config.json");
    assert.throws(() => readConfig(bundle), {
      code: "not-found",
      message: `Cannot read ${path}: no such file`,
    });
    writeFileSync(path, "{");
    assert.throws(() => readConfig(bundle), { code: "invalid", message: /not JSON/ });
    writeFileSync(path, " ".repeat(CONFIG_BYTES_MAX + 1));
    assert.throws(() => readConfig(bundle), { code: "too-large" });
    rmSync(path);
    execFileSync("mkfifo", [path]);
    assert.throws(() => readConfig(bundle), { code: "invalid", message: /not a regular file/ });
  } finally {
    rmSync(bundle, { recursive: true });
  }
});

test("sysctlPath() knows both notations", () => {
  assert.equal(sysctlPath("net.ipv4.conf.eth0/1.forwarding"), "net/ipv4/conf/eth0.1/forwarding");
  assert.equal(sysctlPath("net/ipv4/conf/eth0.1/forwarding"), "net/ipv4/conf/eth0.1/forwarding");
});
