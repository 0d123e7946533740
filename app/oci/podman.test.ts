import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const OURS = join(import.meta.dirname, "plinth-oci");
const PODMAN = "/usr/bin/podman";
const BUSYBOX = "/usr/bin/busybox";
const missing =
  process.env["PLINTH_SOAK"] !== "1"
    ? "set PLINTH_SOAK=1: takes half a minute"
    : process.geteuid?.() !== 0
      ? "only root may make these containers"
      : [PODMAN, BUSYBOX].find((path) => !existsSync(path));
let place: string;

before(() => {
  place = mkdtempSync(join(tmpdir(), "plinth-podman-"));
  const bin = join(place, "rootfs/bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(place, "rootfs/tmp"));
  if (missing !== undefined) return;
  // What podman runs after a container's end is not told of --runtime-flag.
  const runtime = `#!/bin/sh\nexec ${OURS} --root ${join(place, "containers")} "$@"\n`;
  writeFileSync(join(place, "runtime"), runtime, { mode: 0o700 });
  copyFileSync(BUSYBOX, join(bin, "busybox"));
  for (const name of ["sh", "sleep", "cat", "id", "tty", "ls", "grep"])
    symlinkSync("busybox", join(bin, name));
});
after(() => {
  if (missing === undefined) podman("rm", "--all", "--force", "--time", "0");
  rmSync(place, { recursive: true, force: true });
});

function podman(...line: readonly string[]): {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
} {
  const storage = [
    "--root",
    join(place, "storage"),
    "--runroot",
    join(place, "run"),
    "--storage-driver",
    "vfs",
  ];
  const ways = [
    "--cgroup-manager",
    "cgroupfs",
    "--events-backend",
    "file",
    "--runtime",
    join(place, "runtime"),
  ];
  const { status, stdout, stderr } = spawnSync(
    PODMAN,
    [...storage, "--tmpdir", join(place, "tmp"), ...ways, ...line],
    {
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  return { code: status, output: stdout, errors: stderr };
}

function succeeds({ code, errors }: ReturnType<typeof podman>): void {
  assert.equal(code, 0, errors);
}

/** Limits that also those may set who may not raise their own. */
const OPTIONS = ["--network", "none", "--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000"];
const image = (): readonly string[] => ["--rootfs", join(place, "rootfs")];

const runs = (options: readonly string[], ...command: readonly string[]): string => {
  const { code, output, errors } = podman("run", "--rm", ...OPTIONS, ...options, ...image(), ...command);
  assert.equal(code, 0, errors);
  return output;
};

test(
  "podman runs, executes in, logs, stops, starts and removes containers of ours",
  { skip: missing },
  () => {
    assert.equal(runs([], "sh", "-c", "echo said"), "said\n");
    const script = "trap 'echo ends; exit 5' TERM; echo begins; while :; do sleep 0.1; done";
    const made = podman("run", "--detach", "--name", "web", ...OPTIONS, ...image(), "sh", "-c", script);
    succeeds(made);
    const { code, errors } = podman("exec", "web", "sh", "-c", "echo inside; exit 3");
    assert.equal(code, 3, errors);
    assert.match(podman("exec", "--tty", "web", "tty").output, /^\/dev\/pts\/\d+\r\n$/);
    assert.equal(podman("exec", "web", "nowhere").code, 127);
    assert.match(podman("top", "web").output, /sleep 0\.1/);
    succeeds(podman("pause", "web"));
    assert.equal(podman("inspect", "--format", "{{.State.Status}}", "web").output, "paused\n");
    succeeds(podman("unpause", "web"));
    succeeds(podman("stop", "web"));
    assert.equal(
      podman("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "web").output,
      "exited 5\n",
    );
    assert.equal(podman("logs", "web").output, "begins\nends\n");
    succeeds(podman("start", "web"));
    succeeds(podman("rm", "--force", "--time", "0", "web"));
  },
);

test("podman's options come through", { skip: missing }, () => {
  assert.match(runs(["--tty"], "tty"), /^\/dev\/pts\/\d+\r\n$/);
  assert.equal(
    runs(["--user", "5:6", "--cap-drop", "all"], "sh", "-c", "id -u; id -g; grep CapEff /proc/self/status"),
    "5\n6\nCapEff:\t0000000000000000\n",
  );
  assert.match(runs(["--privileged"], "grep", "CapEff", "/proc/self/status"), /[1-9a-f]f+$/m);
  assert.equal(
    runs(["--read-only"], "sh", "-c", "echo x >/tmp/x && cat /tmp/x; echo y 2>/dev/null >/y || echo no"),
    "x\nno\n",
  );
  assert.match(
    runs(["--uidmap", "0:100000:10", "--gidmap", "0:100000:10"], "cat", "/proc/self/uid_map"),
    /^\s+0\s+100000\s+10$/m,
  );
  assert.equal(
    runs(
      ["--hostname", "box", "--sysctl", "net.ipv4.ip_forward=1"],
      "cat",
      "/proc/sys/kernel/hostname",
      "/proc/sys/net/ipv4/ip_forward",
    ),
    "box\n1\n",
  );
  const limited = runs(
    ["--memory", "32m", "--pids-limit", "7", "--cgroupns", "private"],
    "sh",
    "-c",
    "cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max",
  );
  assert.equal(limited, "7\n");
});

test("a command that is not there is told apart from one that may not be run", { skip: missing }, () => {
  const told = (command: string): number | null =>
    podman("run", "--rm", ...OPTIONS, ...image(), command).code;
  assert.equal(told("nowhere"), 127);
  assert.equal(told("/tmp"), 126);
});

test("podman leaves nothing behind", { skip: missing }, () => {
  assert.equal(podman("ps", "--all", "--quiet").output, "");
  const left = readdirSync(join(place, "containers"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  assert.deepEqual(left, []);
  assert(!readFileSync("/proc/self/mountinfo", "utf8").includes(`${place}/rootfs`));
});
