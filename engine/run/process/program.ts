import { executeOrInterpretSteps, keepWithoutShim } from "../container/command.ts";
import { CgroupJoins } from "../container/cgroup-joins.ts";
import * as kernel from "../container/kernel.ts";
import { LeftBehind } from "../container/left-behind.ts";
import { Line } from "../container/line.ts";
import { NOT_STARTED_CODE, type ShimPlan, shimSteps } from "../container/shim.ts";
import { REPORT_FD } from "../init/layout.ts";
import type { Program } from "../init/program.ts";
import { exitStep, reportFailureInWords } from "../init/report.ts";
import { call, Label, type Step } from "../init/step.ts";
import type { CgroupPlan } from "../oci/cgroup/plan.ts";
import { unprotectedOomScore } from "../oom-score.ts";
import { joinSteps } from "./join-steps.ts";
import { MainPlace, placeSteps, type TaskPlacement, withholdInNetwork } from "./place.ts";
import { BEGUN_FILE, OUTSIDE_FILE } from "./state.ts";

/** What a process of a task becomes. */
export interface TaskCommand {
  readonly args: readonly string[];
  /** NAME=VALUE. */
  readonly env: readonly string[];
  readonly directory: string;
}

/** All that decides on the program of a task. */
export interface TaskPlan {
  readonly command: TaskCommand;
  readonly stateDirectory: string;
  readonly mark: string;
  readonly bootId: string;
  readonly cgroups: CgroupPlan;
  /** The command does not run unless it could be put into all its cgroups. */
  readonly strict: boolean;
  /** Undefined in the host's network. */
  readonly place: TaskPlacement | undefined;
}

/** What the init does for a task: the steps of the shim that keeps it, and of the process that becomes the command. */
export function taskProgram(plan: TaskPlan): Program {
  const { stateDirectory, cgroups, place } = plan;
  const begun = `${stateDirectory}/${BEGUN_FILE}`;
  const outsideFile = `${stateDirectory}/${OUTSIDE_FILE}`;
  return withShim(
    plan.command,
    {
      mark: plan.mark,
      bootId: plan.bootId,
      stateDirectory,
      cloneFlags: place === undefined ? 0 : kernel.CLONE_NEWNS,
      leftBehind: new LeftBehind({ members: cgroups.members ?? undefined, outsideFile }),
      before: [],
    },
    {
      goThere: [
        ...joinSteps(cgroups, plan.strict ? undefined : outsideFile),
        ...(place === undefined ? [] : placeSteps(place)),
      ],
      stayThere: [
        ...(place === undefined ? [] : withholdInNetwork(place)),
        call("note that it begins", "mknodat", [kernel.AT_FDCWD, begun, kernel.S_IFREG | 0o600, 0]),
      ],
    },
  );
}

/** All that decides on the program of another command in a task. */
export interface JoinPlan {
  readonly command: TaskCommand;
  /** Without directories where the task is in none. */
  readonly cgroups: CgroupPlan;
  readonly place: TaskPlacement | undefined;
  /** Descriptor of the main process's directory in /proc. */
  readonly main: number;
}

/** What the init does for another command in a task: it goes where the main process is. */
export function joinProgram({ command, cgroups, place, main }: JoinPlan): Program {
  const unrecorded = { mark: "", bootId: "", stateDirectory: undefined, cloneFlags: 0 };
  if (place === undefined)
    return withShim(command, { ...unrecorded, before: [] }, { goThere: joinSteps(cgroups), stayThere: [] });
  const there = new MainPlace();
  return withShim(
    command,
    { ...unrecorded, before: there.openSteps(main) },
    { goThere: [...joinSteps(cgroups), ...there.joinSteps()], stayThere: withholdInNetwork(place) },
  );
}

/** The child's steps before and after it has a session and a directory of its own. */
interface ChildPlan {
  readonly goThere: readonly (Step | Label)[];
  readonly stayThere: readonly Step[];
}

type KeeperPlan = Pick<
  ShimPlan,
  "mark" | "bootId" | "stateDirectory" | "cloneFlags" | "leftBehind" | "before"
>;

function withShim(command: TaskCommand, keeper: KeeperPlan, { goThere, stayThere }: ChildPlan): Program {
  const child = new Label("child");
  const failure = new Label("child failed");
  const line = new Line();
  const shim = shimSteps({
    ...keeper,
    cgroup: undefined,
    // The child goes there itself, and may stay outside.
    joins: new CgroupJoins(undefined),
    idMaps: undefined,
    oomScoreAdj: unprotectedOomScore(),
    isFirst: false,
    orphans: false,
    child,
    line,
  });
  const { args, env, directory } = command;
  const steps = [
    child,
    ...line.beginSteps(),
    call("close the line to who launched the shim", "close", [REPORT_FD]),
    ...line.waitSteps(),
    ...goThere,
    call("begin a session", "setsid", []),
    call(`go to the directory ${directory}`, "chdir", [directory]),
    ...stayThere,
    // Of ours all are closed by that; kernels before 5.11 leave what others may have left open.
    call(
      "close all descriptors when the command runs",
      "close_range",
      [3, 0xffffffff, kernel.CLOSE_RANGE_CLOEXEC],
      {
        on: { ENOSYS: "next", EINVAL: "next" },
      },
    ),
    keepWithoutShim,
    call("let all signals through", "rt_sigprocmask", [kernel.SIG_SETMASK, Buffer.alloc(8), 0, 8]),
    ...executeOrInterpretSteps({ args: [...args], env: [...env], cwd: directory }),
    failure,
    ...reportFailureInWords(line.child),
    exitStep(NOT_STARTED_CODE),
  ];
  return {
    sections: [
      { name: "shim", ...shim },
      // Whoever started it may be gone by then: only a file can say what failed.
      { name: "command", steps, failure, carriesWords: true },
    ],
  };
}
