import { enterCgroup, openCgroup } from "../container/cgroup-joins.ts";
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

/** On v1 as the thread it is, for the same reason as a container's child. */
function joinOne({ path, version }: PlannedDirectory): Step[] {
  const file = new Slot("cgroup");
  return [openCgroup(path, version === 1 ? "tasks" : "cgroup.procs", file), ...enterCgroup(path, file)];
}
