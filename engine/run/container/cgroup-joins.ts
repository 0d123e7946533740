import { call, Slot, type Step } from "../init/step.ts";
import type { CgroupPlace } from "./container.ts";
import * as kernel from "./kernel.ts";

/** Opens what a process writes itself into a cgroup by. */
export const openCgroup = (directory: string, name: "tasks" | "cgroup.procs", keep: Slot): Step =>
  call(
    `open the cgroup ${directory}`,
    "openat",
    [kernel.AT_FDCWD, `${directory}/${name}`, kernel.O_WRONLY | kernel.O_CLOEXEC],
    { keep },
  );

/** Goes into a cgroup that was opened. */
export const enterCgroup = (directory: string, file: Slot): Step[] => [
  call(`go into the cgroup ${directory}`, "write", [file, "0", 1]),
  call("close the cgroup", "close", [file]),
];

/**
 * How a child comes into its cgroups of v1; into the one of v2 it is born. It moves itself, as a single thread ("0" to
 * `tasks`): a process that is moved by another makes the kernel wait until nobody on the machine forks or ends, which
 * takes a grace period of RCU, ten milliseconds on an idle machine.
 */
export class CgroupJoins {
  readonly #joins: readonly { readonly directory: string; readonly tasks: Slot }[];

  constructor(place: CgroupPlace | undefined) {
    const { directories = [], unified } = place ?? {};
    this.#joins = directories
      .filter((directory) => directory !== unified)
      .map((directory) => ({ directory, tasks: new Slot("tasks") }));
  }

  /** The shim's, before it makes the child: the kernel asks for the rights of who opened them. */
  openSteps(): Step[] {
    return this.#joins.map(({ directory, tasks }) => openCgroup(directory, "tasks", tasks));
  }

  /** The child's, before it does anything outside of itself. */
  joinSteps(): Step[] {
    return this.#joins.flatMap(({ directory, tasks }) => enterCgroup(directory, tasks));
  }

  /** The shim's, when there is a child. */
  closeSteps(): Step[] {
    return this.#joins.map(({ tasks }) => call("close the cgroup", "close", [tasks]));
  }
}
