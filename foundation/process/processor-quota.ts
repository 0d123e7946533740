import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = "/sys/fs/cgroup";

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function quotaOf(quota: string | undefined, period: string | undefined): number | undefined {
  const [quotaUs, periodUs] = [Number(quota), Number(period)];
  // "max" and -1 stand for none.
  if (!(quotaUs > 0) || !(periodUs > 0)) return undefined;
  return quotaUs / periodUs;
}

function quotaAt(controller: string, directory: string): number | undefined {
  if (controller === "") {
    const [quota, period] = (read(join(ROOT, directory, "cpu.max")) ?? "").split(" ");
    return quotaOf(quota, period);
  }
  const place = join(ROOT, controller, directory);
  return quotaOf(read(join(place, "cpu.cfs_quota_us")), read(join(place, "cpu.cfs_period_us")));
}

/**
 * How many processors the kernel gives this process before it pauses it: 0.5 is half of one. The smallest quota of the
 * groups it is in, of cgroup v1 or v2; undefined when there is none.
 */
export function processorQuota(): number | undefined {
  let smallest: number | undefined;
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers !== "" && !controllers.split(",").includes("cpu")) continue;
    for (let directory = path; ; directory = dirname(directory)) {
      const quota = quotaAt(controllers, directory);
      if (quota !== undefined && quota < (smallest ?? Infinity)) smallest = quota;
      if (directory === "/" || directory === ".") break;
    }
  }
  return smallest;
}
