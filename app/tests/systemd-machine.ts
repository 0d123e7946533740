import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machine } from "./machines.ts";

const SYSTEMD = "/lib/systemd/systemd";
const PATIENCE_MS = 15_000;
const POLL_MS = 50;

/** Why no systemd can be booted here; undefined: it can. */
export function lacksSystemd(): string | undefined {
  if (process.geteuid?.() !== 0) return "only root may boot systemd in namespaces";
  if (!existsSync(SYSTEMD)) return "no systemd here (Debian's systemd)";
  const { status } = spawnSync("unshare", ["--mount", "--pid", "--fork", "--cgroup", "true"]);
  return status === 0 ? undefined : "no namespaces may be made here";
}

/** The targets that a unit is ordered by; Debian's own would have the whole machine started, and /tmp emptied. */
const TARGETS = ["sysinit", "basic", "shutdown", "network-online", "multi-user"] as const;

/** Goes to cgroups of its own, then makes the namespaces. "$0" names the cgroups, "$1" is the script of the next. */
const ENTER = `for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -e "$hierarchy/cgroup.procs" ] || continue
  [ "\${hierarchy##*/}" = cpuset ] && continue
  mkdir "$hierarchy/$0" && echo $$ > "$hierarchy/$0/cgroup.procs"
done
exec unshare --mount --pid --fork --kill-child --uts --ipc --cgroup -- /bin/sh -ec "$1" "$0" "$2"`;

/** As the first process: the machine's memory file systems, its units on "$1", and systemd. */
const BOOT = `mount --make-rprivate /
mount -t proc proc /proc
for hierarchy in /sys/fs/cgroup/*; do
  [ ! -d "$hierarchy/$0" ] || mount --bind "$hierarchy/$0" "$hierarchy"
done
[ ! -d "/sys/fs/cgroup/$0" ] || mount --bind "/sys/fs/cgroup/$0" /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir /run/lock
mount -t tmpfs tmpfs /var/tmp
mount --bind "$1" /etc/systemd/system
exec env -i PATH="$PATH" container=plinth SYSTEMD_UNIT_PATH=/etc/systemd/system ${SYSTEMD} --system --unit=multi-user.target --log-target=null --show-status=no`;

/** A machine that systemd runs, on this one's network; what is in its memory ends with its power. */
export interface SystemdMachine extends Machine, AsyncDisposable {
  /** Ends every process at once, and starts systemd anew. */
  reboot(): Promise<void>;
  systemctl(...words: readonly string[]): string;
  /** Has other settings hold for plinth.service than its unit says. */
  override(settings: string): void;
}

let made = 0;

export async function bootSystemd(): Promise<SystemdMachine> {
  const units = mkdtempSync(join(tmpdir(), "plinth-units-"));
  for (const name of TARGETS)
    writeFileSync(join(units, `${name}.target`), "[Unit]\nDefaultDependencies=no\n");
  const inside: string[] = [];
  let cgroups = "";
  let outer: ChildProcess | undefined;

  const boot = async (): Promise<void> => {
    cgroups = `plinth-systemd-${process.pid}-${made++}`;
    outer = spawn("/bin/sh", ["-ec", ENTER, cgroups, BOOT, units], {
      stdio: "ignore",
    });
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const first = childOf(outer.pid!);
      if (first !== undefined) {
        inside.splice(
          0,
          inside.length,
          "nsenter",
          "--target",
          `${first}`,
          "--mount",
          "--pid",
          "--uts",
          "--ipc",
          "--cgroup",
          "--",
        );
        const [program, ...words] = [...inside, "systemctl", "is-system-running"];
        const { stdout } = spawnSync(program, words, { encoding: "utf8" });
        if (/running|degraded/.test(stdout)) return;
      }
      if (performance.now() > deadline) throw new Error("systemd does not come up in its namespaces");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const powerOff = async (): Promise<void> => {
    const first = childOf(outer?.pid ?? 0);
    if (first !== undefined) process.kill(first, "SIGKILL");
    const deadline = performance.now() + PATIENCE_MS;
    // Its cgroups can be removed once the last process in them is gone.
    while (!removeCgroups(cgroups) && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  };

  await boot();
  return {
    name: "here",
    address: "127.0.0.1",
    inside,
    cable: () => {},
    async reboot() {
      await powerOff();
      await boot();
    },
    systemctl: (...words) => {
      const [program, ...all] = [...inside, "systemctl", ...words];
      return execFileSync(program!, all, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
    },
    override(settings) {
      mkdirSync(join(units, "plinth.service.d"));
      writeFileSync(join(units, "plinth.service.d/test.conf"), settings);
    },
    async [Symbol.asyncDispose]() {
      await powerOff();
      rmSync(units, { recursive: true, force: true });
    },
  };
}

function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ");
    return first === undefined || first === "" ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

/** True once none of this name is left. */
function removeCgroups(name: string): boolean {
  const script =
    'find /sys/fs/cgroup -mindepth 1 -depth -type d -path "*/$0*" -exec rmdir {} + 2>/dev/null; ! find /sys/fs/cgroup -type d -name "$0" | grep -q .';
  return spawnSync("/bin/sh", ["-c", script, name]).status === 0;
}
