import { accessSync, constants, existsSync, lstatSync, readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { dirname, join } from "node:path";
import { runtimePath } from "@plinth/process";
import { type Check, type Page, bad, good, weak } from "./check.ts";

/** The first long-term kernel with everything used here: pidfds, cgroup.kill's ancestors, openat2. */
const KERNEL_LEAST: readonly [number, number] = [5, 10];
const DISK_LITTLE_BYTES = 2 ** 30;
const DISK_LEAST_BYTES = 100 * 2 ** 20;
const LIMITS: Page = "docs/reference/config.md#resources";
const OWNER: Page = "docs/how-to/secrets.md#where-it-is-and-who-can-read-it";
/** sun_path of sockaddr_un, without its closing NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** What the machine and the home can do, without asking a daemon. */
export function machineChecks(home: string): Check[] {
  return [kernel(), controlGroups(), node(), bun(), ...homeChecks(home), disk(home)];
}

function kernel(): Check {
  const version = release();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = KERNEL_LEAST;
  const isNew = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (isNew) return good("kernel", `Linux ${version}`);
  return weak(
    "kernel",
    `Linux ${version} is older than ${KERNEL_LEAST.join(".")}`,
    "Plinth is not tested on it; update the system.",
  );
}

function controlGroups(): Check {
  const root = "/sys/fs/cgroup";
  const refused =
    "Limits in `resources` are refused here, unless `enforce: best-effort` says that they need not hold.";
  if (existsSync(join(root, "cgroup.controllers"))) {
    const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    if (isWritable(join(root, own))) return good("cgroups", "version 2, writable: limits can be enforced");
    return weak(
      "cgroups",
      "version 2, but not delegated to this user",
      `${refused} Running under systemd with Delegate=yes gives them.`,
      LIMITS,
    );
  }
  if (existsSync(join(root, "memory"))) {
    const layout = existsSync(join(root, "unified")) ? "hybrid" : "version 1";
    const all = ["memory", "cpu", "pids"].every((controller) => isWritable(join(root, controller)));
    return all
      ? good("cgroups", `${layout}, writable: limits can be enforced`)
      : weak("cgroups", `${layout}, not writable for this user`, refused, LIMITS);
  }
  return weak("cgroups", "none are mounted", refused, LIMITS);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function node(): Check {
  return good("node", `${process.version} at ${process.execPath}`);
}

function bun(): Check {
  const path = runtimePath("bun");
  if (path !== undefined) return good("bun", path);
  return weak(
    "bun",
    "not installed",
    "The proxy can run on Node alone; `npm install` without --omit=optional brings Bun.",
  );
}

/** Whether other users may look into it. */
function isOpen(path: string): boolean {
  return ((lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;
}

function homeChecks(home: string): Check[] {
  const socket = Buffer.byteLength(join(home, "plinth.sock"));
  if (socket > SOCKET_PATH_BYTES_MAX) {
    return [
      bad(
        "home",
        `${home} is too long a path: its socket would have ${socket} bytes of ${SOCKET_PATH_BYTES_MAX}`,
        "Choose a shorter one with --home.",
      ),
    ];
  }
  const stats = lstatSync(home, { throwIfNoEntry: false });
  if (stats === undefined) return [good("home", `${home} (made by the first \`plinth up\`)`)];
  if (!stats.isDirectory()) return [bad("home", `${home} is not a directory`, "Choose another with --home.")];
  if (stats.uid !== process.getuid?.()) {
    return [
      bad(
        "home",
        `${home} belongs to user ${stats.uid}`,
        "A home is one user's; choose your own with --home.",
      ),
    ];
  }
  const checks: Check[] = [];
  if (isOpen(home)) checks.push(bad("home", `${home} is open to other users`, `chmod 700 ${home}`, OWNER));
  for (const name of ["token", "keys/secrets.key"]) {
    const path = join(home, name);
    if (isOpen(path))
      checks.push(
        bad("home", `${path} is open to other users`, `chmod 600 ${path}, and set secrets anew`, OWNER),
      );
  }
  return checks.length > 0 ? checks : [good("home", `${home}, for this user alone`)];
}

function disk(home: string): Check {
  let directory = home;
  while (!existsSync(directory)) directory = dirname(directory);
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const text = `${(free / 2 ** 30).toFixed(1)} GiB free at ${directory}`;
  if (free >= DISK_LITTLE_BYTES) return good("disk", text);
  if (free >= DISK_LEAST_BYTES) return weak("disk", text, "Logs and kept releases need room; free some.");
  return bad("disk", text, "Without room the store turns read-only; free some first.");
}
