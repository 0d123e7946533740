import { Fault } from "@plinth/fault";
import type { Program } from "../init/program.ts";
import { exitStep, reportFailureInWords } from "../init/report.ts";
import { call, Label, Slot, type Step } from "../init/step.ts";
import type { NamespaceType, Process } from "../oci/config.ts";
import {
  becomeUserSteps,
  type CommandPlan,
  closeRestSteps,
  executeSteps,
  findCommandSteps,
  FIRST_DESCRIPTOR,
} from "./command.ts";
import { CgroupJoins } from "./cgroup-joins.ts";
import type { CgroupPlace, SeccompProgram } from "./container.ts";
import * as kernel from "./kernel.ts";
import { NAMESPACE_FILES, NAMESPACE_FLAGS, namespaceRootSteps } from "./namespaces.ts";
import { execLabelSteps, processSettingSteps } from "./process-settings.ts";
import { Line } from "./line.ts";
import { NOT_STARTED_CODE, shimSteps } from "./shim.ts";
import { connectSteps, openTerminal, readyTerminal, sendDescriptor, takeTerminal } from "./terminal.ts";

/** All that decides on the program of a command that joins a container. */
export interface ExecPlan {
  readonly process: Process;
  /** In which the container's main process is and we are not. */
  readonly namespaces: ReadonlySet<NamespaceType>;
  readonly cgroup: CgroupPlace | undefined;
  readonly seccomp: SeccompProgram | undefined;
  /** How many descriptors the command gets. Behind them is the main process's directory in /proc, then a terminal. */
  readonly descriptors: number;
  readonly terminal: "master" | { readonly consoleSocket: string } | undefined;
  readonly orphan: boolean;
  /** An ordinary user's command. */
  readonly isOrdinary: boolean;
  /** The container's user namespace wants groups to stay as they are. */
  readonly deniesGroups: boolean;
  readonly lastCapability: number;
}

/** Joined by the shim: a user namespace decides on rights, the others are those of its children. */
const BEFORE_CHILD: readonly NamespaceType[] = ["user", "pid", "time"];
/** The mount namespace last, with which paths change their meaning. */
const IN_CHILD: readonly NamespaceType[] = ["network", "ipc", "uts", "cgroup", "mount"];

export function execProgram(plan: ExecPlan): Program {
  const { process, namespaces } = plan;
  const child = new Label("child");
  const failure = new Label("child failed");
  const line = new Line();
  const joins = new CgroupJoins(plan.cgroup);
  const main = FIRST_DESCRIPTOR + plan.descriptors;
  const root = new Slot("root");
  const slots = new Map([...namespaces].map((type) => [type, new Slot(`${type} namespace`)] as const));
  const join = (types: readonly NamespaceType[]): Step[] =>
    types.flatMap((type) => {
      const slot = slots.get(type);
      return slot === undefined
        ? []
        : [call(`join the container's ${type} namespace`, "setns", [slot, NAMESPACE_FLAGS[type]])];
    });
  const terminal = process.terminal === true ? new ExecTerminal(plan, main) : undefined;
  const shim = shimSteps({
    mark: "",
    bootId: "",
    stateDirectory: undefined,
    cloneFlags: 0,
    cgroup: plan.cgroup,
    joins,
    idMaps: undefined,
    oomScoreAdj: process.oomScoreAdj,
    isFirst: false,
    orphans: plan.orphan,
    child,
    line,
    before: [
      // The container's processes see the child as soon as it is there.
      call("let nobody look into this process", "prctl", [kernel.PR_SET_DUMPABLE, 0, 0, 0, 0]),
      ...[...slots].map(([type, slot]) =>
        call(
          `open the container's ${type} namespace`,
          "openat",
          [main, `ns/${NAMESPACE_FILES[type]}`, kernel.O_CLOEXEC],
          { keep: slot },
        ),
      ),
      call("open the container's root", "openat", [main, "root", kernel.O_PATH | kernel.O_CLOEXEC], {
        keep: root,
      }),
      ...(terminal?.connectSteps() ?? []),
      ...join(BEFORE_CHILD),
    ],
  });
  const command: CommandPlan = {
    process,
    seccomp: plan.seccomp,
    lastCapability: plan.lastCapability,
    deniesGroups: plan.deniesGroups,
    descriptors: plan.descriptors,
  };
  const label = execLabelSteps(process);
  const steps = [
    child,
    ...line.beginSteps(),
    ...joins.joinSteps(),
    ...line.waitSteps(),
    ...label.open,
    ...(namespaces.has("user") ? namespaceRootSteps(plan.isOrdinary) : []),
    ...join(IN_CHILD),
    call("go to the container's root", "fchdir", [root]),
    call("make it the root", "chroot", ["."]),
    call("begin a session", "setsid", []),
    ...(terminal?.takeSteps(process) ?? []),
    ...label.write,
    ...closeRestSteps(plan.descriptors, [line.child]),
    ...processSettingSteps(process),
    ...becomeUserSteps(command),
    ...line.againSteps(),
    ...findCommandSteps(process),
    ...executeSteps(command),
    failure,
    ...reportFailureInWords(line.child),
    exitStep(NOT_STARTED_CODE),
  ];
  return {
    sections: [
      { name: "shim", ...shim },
      { name: "command", steps, failure },
    ],
  };
}

/** A terminal of the container's devpts, opened by the caller or by the child. */
class ExecTerminal {
  readonly #socketPath: string | undefined;
  readonly #socket: Slot = new Slot("console socket");
  readonly #master: Slot | number;

  constructor({ terminal }: ExecPlan, main: number) {
    if (terminal === undefined)
      throw new Fault(
        "invalid",
        "Cannot run a command with a terminal: neither a terminal nor a console socket is given",
      );
    this.#socketPath = terminal === "master" ? undefined : terminal.consoleSocket;
    this.#master = terminal === "master" ? main + 1 : new Slot("terminal's master");
  }

  connectSteps(): Step[] {
    return this.#socketPath === undefined ? [] : connectSteps(this.#socketPath, this.#socket);
  }

  /** When the container's root is ours. */
  takeSteps({ consoleSize, user }: Process): Step[] {
    const slave = new Slot("terminal");
    const master = this.#master;
    return [
      ...(master instanceof Slot ? [openTerminal(master)] : []),
      ...readyTerminal(master, slave, consoleSize),
      ...(master instanceof Slot ? sendDescriptor("hand over the terminal", this.#socket, master) : []),
      ...takeTerminal(slave, user?.uid ?? 0),
    ];
  }
}
