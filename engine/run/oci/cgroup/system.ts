import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The cgroup hierarchies this process sees. */
export interface CgroupSystem {
  readonly version: "none" | "v1" | "v2" | "hybrid";
  readonly unified: Hierarchy | undefined;
  /** By controller. */
  readonly v1: ReadonlyMap<string, Hierarchy>;
}

export interface Hierarchy {
  readonly mount: string;
  /** The directory this process is in. */
  readonly own: string;
}

export function readCgroupSystem(): CgroupSystem {
  const v1 = new Map<string, Hierarchy>();
  let unified: Hierarchy | undefined;
  try {
    const own = ownPaths(readFileSync("/proc/self/cgroup", "utf8"));
    for (const line of readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n")) {
      // ID PARENT DEVICE ROOT MOUNT OPTIONS TAGS... - TYPE SOURCE SUPER-OPTIONS
      const [left, right] = line.split(" - ");
      const [, , , root = "/", mount = ""] = left!.split(" ");
      const [type, , options = ""] = right!.split(" ");
      const hierarchy = (name: string): Hierarchy => {
        const path = own.get(name) ?? "/";
        const inside = root === "/" || path === root || path.startsWith(`${root}/`);
        // "/.." is what a cgroup outside of our namespace looks like.
        const below = !inside || path.startsWith("/..") ? "/" : root === "/" ? path : path.slice(root.length);
        return { mount, own: below === "/" ? mount : join(mount, below) };
      };
      if (type === "cgroup2") unified ??= hierarchy("");
      if (type === "cgroup") {
        for (const option of options.split(",")) if (own.has(option)) v1.set(option, hierarchy(option));
      }
    }
  } catch {
    // No /proc/self/cgroup: a kernel without cgroups.
  }
  const version = unified === undefined ? (v1.size === 0 ? "none" : "v1") : v1.size === 0 ? "v2" : "hybrid";
  return { version, unified, v1 };
}

/** Paths by controller out of /proc/PID/cgroup; v2's by the empty name. */
function ownPaths(text: string): Map<string, string> {
  const own = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const name of (names ?? "").split(",")) own.set(name, path ?? "/");
  }
  return own;
}
