import * as kernel from "../container/kernel.ts";
import { call, goTo, Label, Slot, type Step } from "../init/step.ts";
import type { CgroupPlan, PlannedDirectory } from "../oci/cgroup/plan.ts";

/**
 * Puts the process that walks them into cgroups, before it does anything else. `outsideFile`: is made where one of them
 * refuses it, and the process goes on; without, that ends it.
 */
export function joinSteps({ directories }: CgroupPlan, outsideFile?: string): (Step | Label)[] {
  return directories.flatMap((directory) => {
    const join = joinOne(directory);
    if (outsideFile === undefined) return join;
    const refused = new Label("refused");
    const next = new Label("next cgroup");
    return [
      ...join.map((step) => ({ ...step, onError: refused })),
      goTo("go on", next),
      refused,
      call("note that it is outside", "mknodat", [kernel.AT_FDCWD, outsideFile, kernel.S_IFREG | 0o600, 0], {
        on: { EEXIST: "next" },
      }),
      next,
    ];
  });
}

/**
 * On v1 as a thread, which it is the only one of: for whole processes the kernel waits until nobody on the machine
 * forks or ends, which takes it ten milliseconds.
 */
function joinOne({ path, version }: PlannedDirectory): Step[] {
  const file = new Slot("cgroup");
  const name = version === 1 ? "tasks" : "cgroup.procs";
  return [
    call(
      `open the cgroup ${path}`,
      "openat",
      [kernel.AT_FDCWD, `${path}/${name}`, kernel.O_WRONLY | kernel.O_CLOEXEC],
      { keep: file },
    ),
    call(`go into the cgroup ${path}`, "write", [file, "0", 1]),
    call("close the cgroup", "close", [file]),
  ];
}
