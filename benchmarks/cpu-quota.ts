import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Short, so that a victim's figure tells what its proxy does, and not how long a quota's pause is. */
const PERIOD_US = 10_000;

/** Against what else runs on the machine: a quota that others use up is none. Ten times what groups usually have. */
const WEIGHT_V1 = 10_240;
const WEIGHT_V2 = 1_000;

const V1 = "/sys/fs/cgroup/cpu";
const V2 = "/sys/fs/cgroup";

/** Which cgroups can limit processor time here; undefined where none can. */
export function quotaKind(): "cgroup v1" | "cgroup v2" | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existsSync(join(V1, "cpu.cfs_quota_us"))) return "cgroup v1";
  const controllers = join(V2, "cgroup.subtree_control");
  if (existsSync(controllers) && readFileSync(controllers, "utf8").split(/\s+/).includes("cpu"))
    return "cgroup v2";
  return undefined;
}

/** A group of processes that together get a fixed share of one processor. */
export class CpuQuota implements Disposable {
  readonly #directory: string;

  constructor(name: string, cores: number) {
    const kind = quotaKind();
    if (kind === undefined) throw new Error("no cgroup can limit processor time here");
    this.#directory = join(kind === "cgroup v1" ? V1 : V2, `plinth-bench-${process.pid}-${name}`);
    mkdirSync(this.#directory);
    const quota = Math.round(cores * PERIOD_US);
    if (kind === "cgroup v1") {
      writeFileSync(join(this.#directory, "cpu.cfs_period_us"), String(PERIOD_US));
      writeFileSync(join(this.#directory, "cpu.cfs_quota_us"), String(quota));
      writeFileSync(join(this.#directory, "cpu.shares"), String(WEIGHT_V1));
    } else {
      writeFileSync(join(this.#directory, "cpu.max"), `${quota} ${PERIOD_US}`);
      writeFileSync(join(this.#directory, "cpu.weight"), String(WEIGHT_V2));
    }
  }

  /** The command that runs another one within the quota, under the same process id. */
  wrap(command: string, parameters: readonly string[]): readonly [string, readonly string[]] {
    const script = 'echo $$ > "$0" && exec "$@"';
    return ["/bin/sh", ["-c", script, join(this.#directory, "cgroup.procs"), command, ...parameters]];
  }

  /** Its processes must have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#directory);
  }
}
