import { REPORT, REPORT_BYTES, REPORT_FD, SCRATCH_ADDRESS, SCRATCH_BYTES } from "../init/layout.ts";
import { exitStep, receiveSteps, reportFailure, reportStep } from "../init/report.ts";
import {
  call,
  copy,
  decimal,
  exitCode,
  goTo,
  goToIfEqual,
  inAnyCase,
  Label,
  loadWord,
  Pointer,
  Rest,
  Slot,
  type Step,
  storeWord,
} from "../init/step.ts";
import type { CgroupJoins } from "./cgroup-joins.ts";
import type { CgroupPlace } from "./container.ts";
import { deviceFilterSteps } from "./device-filter.ts";
import * as kernel from "./kernel.ts";
import { killCgroupSteps, type LeftBehind } from "./left-behind.ts";
import type { Line } from "./line.ts";
import { type IdMaps, idMapSteps, writeSteps } from "./namespaces.ts";
import { exitFileSteps, failureFileSteps, runningFileSteps } from "./state-file-steps.ts";
import { RUNNING_FILE, START_FILE } from "./state-files.ts";

/** What the parent of a container's process does, and how it knows it. */
export interface ShimPlan {
  readonly mark: string;
  readonly bootId: string;
  /** Undefined: nothing is written down; how it ended is known by its code only. */
  readonly stateDirectory: string | undefined;
  readonly cloneFlags: number;
  readonly cgroup: CgroupPlace | undefined;
  /** The child takes part in them by its first steps. */
  readonly joins: CgroupJoins;
  /** Undefined without a new user namespace; "caller": whoever launched it writes the maps when asked. */
  readonly idMaps: IdMaps | "caller" | undefined;
  readonly oomScoreAdj: number | undefined;
  /** Where the child begins. */
  readonly child: Label;
  /** The child's end of the line between the two, which it does not keep when it runs the command. */
  readonly line: Line;
  /** Whether the child is its cgroups' first process: they get the device filter, and all in them ends with it. */
  readonly isFirst: boolean;
  /**
   * Once the child says that all is ready, the shim leaves it to whoever takes orphans, and writes nothing more: for
   * callers that want to be its parent.
   */
  readonly orphans: boolean;
  /** Of a command that shares the machine's processes. Default: what it leaves behind ends with its cgroup. */
  readonly leftBehind?: LeftBehind;
  /** Before the child is made. */
  readonly before: readonly (Step | Label)[];
}

/** Exit codes of a shim whose command never ran. */
export const NOT_STARTED_CODE = 125;

export function shimSteps(plan: ShimPlan): { steps: (Step | Label)[]; failure: Label } {
  const pid = new Slot("pid");
  const failure = new Label("shim failed");
  const directory = new Slot("state directory");
  const process = new Slot("the child's directory in /proc");
  const { line, joins } = plan;
  const name = Buffer.alloc(16);
  const nameLength = new Slot("digits of the pid");
  const steps = [
    call("be called plinth-init", "prctl", [kernel.PR_SET_NAME, "plinth-init", 0, 0, 0]),
    call("let no signal end the shim", "rt_sigprocmask", [kernel.SIG_SETMASK, Buffer.alloc(8, 0xff), 0, 8]),
    ...plan.before,
    ...(plan.leftBehind?.beginSteps() ?? []),
    ...line.makeSteps(),
    ...joins.openSteps(),
    ...cloneSteps(plan, pid),
    ...joins.closeSteps(),
    call("close the child's end", "close", [line.child]),
    // Whoever reads what the command writes waits for the last holder of the other end.
    ...[0, 1, 2].map((stream) => call("close the command's standard streams", "close", [stream])),
    decimal("write the pid in decimal", pid, name, nameLength),
    call("open the processes", "openat", [kernel.AT_FDCWD, "/proc", kernel.O_PATH | kernel.O_CLOEXEC], {
      keep: process,
    }),
    call("open the child's directory there", "openat", [process, name, kernel.O_PATH | kernel.O_CLOEXEC], {
      keep: process,
    }),
    ...(plan.stateDirectory === undefined
      ? []
      : runningFileSteps(plan, { path: plan.stateDirectory, directory, child: process })),
    ...(plan.isFirst && plan.cgroup !== undefined ? deviceFilterSteps(plan.cgroup) : []),
    ...(plan.oomScoreAdj === undefined
      ? []
      : writeSteps(
          process,
          "oom_score_adj",
          `${plan.oomScoreAdj}`,
          `set its OOM score to ${plan.oomScoreAdj}`,
        )),
    ...mapSteps(plan, process, pid),
    ...line.letGoSteps(pid),
    call("give back the memory of the child's part", "madvise", [
      new Rest("address"),
      new Rest("bytes"),
      kernel.MADV_DONTNEED,
    ]),
    ...watchSteps(plan, pid, directory),
    failure,
    ...reportFailure(),
    ...abandonSteps(plan, pid, directory),
  ];
  return { steps, failure };
}

/** struct clone_args of clone3(2), without what newer kernels add. */
const CLONE_ARGS_BYTES = 88;
const CLONE_ARGS_EXIT_SIGNAL = 32;
const CLONE_ARGS_CGROUP = 80;

/** Only clone3(2) makes a child in a cgroup; clone(2) is there where containers around us withhold it. */
function cloneSteps({ cloneFlags, cgroup, child }: ShimPlan, pid: Slot): Step[] {
  const words = `make the child${namespaceWords(cloneFlags)}`;
  const options = { keep: pid, onZero: child };
  if (cgroup?.unified === undefined)
    return [call(words, "clone", [cloneFlags | kernel.SIGCHLD, 0, 0, 0, 0], options)];
  const args = Buffer.alloc(CLONE_ARGS_BYTES);
  const unified = new Slot("cgroup");
  args.writeBigUInt64LE(BigInt(cloneFlags) | BigInt(kernel.CLONE_INTO_CGROUP), 0);
  args.writeBigUInt64LE(BigInt(kernel.SIGCHLD), CLONE_ARGS_EXIT_SIGNAL);
  return [
    call(
      `open the cgroup ${cgroup.unified}`,
      "openat",
      [kernel.AT_FDCWD, cgroup.unified, kernel.O_PATH | kernel.O_CLOEXEC],
      { keep: unified },
    ),
    storeWord("make the child in it", unified, new Pointer(args, CLONE_ARGS_CGROUP)),
    call(words, "clone3", [args, CLONE_ARGS_BYTES], options),
    call("close the cgroup", "close", [unified]),
  ];
}

const namespaceNames: readonly [number, string][] = [
  [kernel.CLONE_NEWUSER, "user"],
  [kernel.CLONE_NEWPID, "pid"],
  [kernel.CLONE_NEWNET, "network"],
  [kernel.CLONE_NEWIPC, "ipc"],
  [kernel.CLONE_NEWUTS, "uts"],
  [kernel.CLONE_NEWNS, "mount"],
];

function namespaceWords(flags: number): string {
  const types = namespaceNames.filter(([flag]) => (flags & flag) !== 0).map(([, type]) => type);
  return types.length === 0 ? "" : `, with namespaces of its own: ${types.join(", ")}`;
}

function mapSteps({ idMaps }: ShimPlan, process: Slot, pid: Slot): (Step | Label)[] {
  if (idMaps === undefined) return [];
  if (idMaps !== "caller") return idMapSteps(process, idMaps);
  return [...reportStep("waiting", pid), ...receiveSteps("wait until its ids are mapped", REPORT_FD)];
}

/** Learns whether the command runs, waits for its end, and tells of both. */
function watchSteps(plan: ShimPlan, pid: Slot, directory: Slot): (Step | Label)[] {
  const message = SCRATCH_ADDRESS;
  const status = new Slot("wait status");
  const again = new Label("again");
  const runs = new Label("the command runs");
  const code = new Slot("exit code");
  const { line } = plan;
  return [
    again,
    call("wait until the command runs", "recvfrom", [line.shim, message, SCRATCH_BYTES, 0, 0, 0], {
      onZero: runs,
      // It ended before it took what the shim sent; what it sent itself is there yet.
      on: { ECONNRESET: again },
    }),
    ...(plan.orphans ? leaveSteps(message, pid) : []),
    ...(plan.stateDirectory === undefined ? [] : failureFileSteps(plan.mark, directory, message)),
    call("report what failed", "sendto", [REPORT_FD, message, REPORT_BYTES, kernel.MSG_NOSIGNAL, 0, 0], {
      on: { EPIPE: "next", ECONNRESET: "next" },
    }),
    ...abandonSteps(plan, pid, undefined),
    runs,
    ...(plan.stateDirectory === undefined
      ? []
      : [call("remove the gate", "unlinkat", [directory, START_FILE, 0], { on: { ENOENT: "next" } })]),
    ...reportStep("started", pid, { goesOn: true }),
    ...(plan.orphans ? [exitStep(0)] : []),
    ...(plan.leftBehind?.endSteps(pid, status) ?? endWithCgroup(plan, pid, status)),
    copy("forget the child, whose number may be another's now", 0, pid),
    exitCode("take its exit code", status, code),
    ...exitSteps(plan, directory, code, status),
    ...reportStep("ended", status, { goesOn: true }),
    exitStep(code),
  ];
}

/** `message`: what came over the line. */
function leaveSteps(message: number, pid: Slot): (Step | Label)[] {
  const kind = new Slot("kind of the report");
  const ready = new Label("ready");
  const failed = new Label("failed");
  return [
    loadWord("take what kind of report it is", message, kind),
    goToIfEqual("see whether all is ready", kind, REPORT.created, ready),
    goTo("go on", failed),
    ready,
    ...reportStep("created", pid),
    exitStep(0),
    failed,
  ];
}

/** Where the kernel cannot do it in one go, whoever made the cgroup ends the others. */
function endWithCgroup({ isFirst, cgroup }: ShimPlan, pid: Slot, status: Slot): (Step | Label)[] {
  return [
    call("wait for the command's end", "wait4", [pid, status.address, kernel.WAIT_ALL, 0]),
    ...(isFirst && cgroup?.unified !== undefined ? killCgroupSteps(cgroup.unified) : []),
  ];
}

/** Whoever is there is told how a task ended though the disk be full. */
function exitSteps(plan: ShimPlan, directory: Slot, code: Slot, status: Slot): (Step | Label)[] {
  if (plan.stateDirectory === undefined) return [];
  const steps = exitFileSteps(plan.mark, directory, code, status);
  return plan.leftBehind === undefined ? steps : inAnyCase(steps);
}

/** Ends the child, if there is one, and the shim. `directory`: where the record is that nobody may believe now. */
function abandonSteps(plan: ShimPlan, pid: Slot, directory: Slot | undefined): (Step | Label)[] {
  const ends = new Label("no child");
  const { stateDirectory } = plan;
  return [
    goToIfEqual("see whether there is a child", pid, 0, ends),
    ...inAnyCase([call("kill the child", "kill", [pid, kernel.SIGKILL])]),
    ...inAnyCase([call("wait for its end", "wait4", [pid, 0, kernel.WAIT_ALL, 0])]),
    ends,
    ...(directory === undefined || stateDirectory === undefined
      ? []
      : inAnyCase([call("take back the record", "unlinkat", [directory, RUNNING_FILE, 0])])),
    ...(stateDirectory === undefined
      ? []
      : inAnyCase([
          call("remove the gate", "unlinkat", [kernel.AT_FDCWD, `${stateDirectory}/${START_FILE}`, 0]),
        ])),
    exitStep(NOT_STARTED_CODE),
  ];
}
