import { posix } from "node:path";

/** A hierarchy as a container with a mount of type "cgroup" sees it. */
export interface CgroupMount {
  /** Its directory below the mount point; empty for v2 alone, which is the mount point itself. */
  readonly name: string;
  readonly type: "cgroup" | "cgroup2";
  /** What mount(2) is told: the controllers. */
  readonly data: string;
  /** Other names of the directory: "cpu" of "cpu,cpuacct". */
  readonly links: readonly string[];
  /** Without a cgroup namespace: the container's directory on the host, shown instead of the hierarchy. */
  readonly bind: string | undefined;
}

/**
 * From the text of /proc/self/mountinfo. `shown` are the container's directories, when it has no cgroup namespace;
 * hierarchies in which it has none are left out then.
 */
export function readCgroupMounts(mountInfo: string, shown: readonly string[] | undefined): CgroupMount[] {
  const found: { mount: string; type: "cgroup" | "cgroup2"; data: string }[] = [];
  for (const line of mountInfo.trim().split("\n")) {
    // ID PARENT DEVICE ROOT MOUNT OPTIONS TAGS... - TYPE SOURCE SUPER-OPTIONS
    const [left = "", right = ""] = line.split(" - ");
    const mount = left.split(" ")[4] ?? "";
    const [type, , options = ""] = right.split(" ");
    if (type === "cgroup2" && !found.some((known) => known.type === "cgroup2"))
      found.push({ mount, type, data: "" });
    if (type !== "cgroup") continue;
    const names = options
      .split(",")
      .filter((name) => !NOT_CONTROLLERS.has(name) && !name.startsWith("release_agent"));
    const data = names.map((name) => (name.startsWith("name=") ? `none,${name}` : name)).join(",");
    if (!found.some((known) => known.data === data)) found.push({ mount, type, data });
  }
  const alone = found.length === 1 && found[0]!.type === "cgroup2";
  return found.flatMap(({ mount, type, data }) => {
    const bind = shown?.find((path) => path === mount || path.startsWith(`${mount}/`));
    if (shown !== undefined && bind === undefined) return [];
    const name = alone ? "" : posix.basename(mount);
    const controllers = data.startsWith("none,") ? [] : data.split(",");
    const links = controllers.filter((controller) => controller !== "" && controller !== name);
    return [{ name, type, data, links, bind }];
  });
}

const NOT_CONTROLLERS: ReadonlySet<string> = new Set([
  "rw",
  "ro",
  "xattr",
  "clone_children",
  "seclabel",
  "noprefix",
  "cpuset_v2_mode",
]);
