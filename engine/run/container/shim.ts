import { REPORT, REPORT_BYTES, REPORT_FD, SCRATCH_ADDRESS, SCRATCH_BYTES } from "../init/layout.ts";
import { exitStep, receiveSteps, reportFailure, reportStep } from "../init/report.ts";
import {
  call,
  decimal,
  exitCode,
  goTo,
  goToIfEqual,
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
    ...line.makeSteps(),
    ...joins.openSteps(),
    ...cloneSteps(plan, pid),
    ...joins.closeSteps(),
    call("close the child's end", "close", [line.child]),
    // Whoever reads what the command writes waits for the last holder of the other end.
    call("close the command's standard streams", "close_range", [0, 2, 0]),
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

function cloneSteps({ cloneFlags, cgroup, child }: ShimPlan, pid: Slot): Step[] {
  const args = Buffer.alloc(CLONE_ARGS_BYTES);
  const unified = new Slot("cgroup");
  const isInto = cgroup?.unified !== undefined;
  args.writeBigUInt64LE(BigInt(cloneFlags) | (isInto ? BigInt(kernel.CLONE_INTO_CGROUP) : 0n), 0);
  args.writeBigUInt64LE(BigInt(kernel.SIGCHLD), CLONE_ARGS_EXIT_SIGNAL);
  return [
    ...(isInto
      ? [
          call(
            `open the cgroup ${cgroup.unified}`,
            "openat",
            [kernel.AT_FDCWD, cgroup.unified, kernel.O_PATH | kernel.O_CLOEXEC],
            { keep: unified },
          ),
          storeWord("make the child in it", unified, new Pointer(args, CLONE_ARGS_CGROUP)),
        ]
      : []),
    call(`make the child${namespaceWords(cloneFlags)}`, "clone3", [args, CLONE_ARGS_BYTES], {
      keep: pid,
      onZero: child,
    }),
    ...(isInto ? [call("close the cgroup", "close", [unified])] : []),
  ];
}

const words: readonly [number, string][] = [
  [kernel.CLONE_NEWUSER, "user"],
  [kernel.CLONE_NEWPID, "pid"],
  [kernel.CLONE_NEWNET, "network"],
  [kernel.CLONE_NEWIPC, "ipc"],
  [kernel.CLONE_NEWUTS, "uts"],
  [kernel.CLONE_NEWNS, "mount"],
];

function namespaceWords(flags: number): string {
  const types = words.filter(([flag]) => (flags & flag) !== 0).map(([, type]) => type);
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
    call("wait for the command's end", "wait4", [pid, status.address, kernel.WAIT_ALL, 0]),
    ...(plan.isFirst ? killRestSteps(plan.cgroup) : []),
    exitCode("take its exit code", status, code),
    ...(plan.stateDirectory === undefined ? [] : exitFileSteps(plan.mark, directory, code, status)),
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

/** Where the kernel can do it in one go; elsewhere whoever made the cgroup does. */
function killRestSteps(cgroup: CgroupPlace | undefined): (Step | Label)[] {
  if (cgroup?.unified === undefined) return [];
  const file = new Slot("cgroup.kill");
  const without = new Label("without cgroup.kill");
  return [
    call(
      "open what ends all in the cgroup",
      "openat",
      [kernel.AT_FDCWD, `${cgroup.unified}/cgroup.kill`, kernel.O_WRONLY | kernel.O_CLOEXEC],
      { keep: file, on: { ENOENT: without } },
    ),
    call("end what the command left behind", "write", [file, "1", 1], { on: { ENODEV: "next" } }),
    call("close it", "close", [file]),
    without,
  ];
}

/** Ends the child, if there is one, and the shim. `directory`: where the record is that nobody may believe now. */
function abandonSteps(plan: ShimPlan, pid: Slot, directory: Slot | undefined): (Step | Label)[] {
  const ends = new Label("no child");
  const { stateDirectory } = plan;
  return [
    goToIfEqual("see whether there is a child", pid, 0, ends),
    ...inAnyCase((onError) => call("kill the child", "kill", [pid, kernel.SIGKILL], { onError })),
    ...inAnyCase((onError) => call("wait for its end", "wait4", [pid, 0, kernel.WAIT_ALL, 0], { onError })),
    ends,
    ...(directory === undefined || stateDirectory === undefined
      ? []
      : inAnyCase((onError) =>
          call("take back the record", "unlinkat", [directory, RUNNING_FILE, 0], { onError }),
        )),
    ...(stateDirectory === undefined
      ? []
      : inAnyCase((onError) =>
          call("remove the gate", "unlinkat", [kernel.AT_FDCWD, `${stateDirectory}/${START_FILE}`, 0], {
            onError,
          }),
        )),
    exitStep(NOT_STARTED_CODE),
  ];
}

/** A step that no failure stops at. */
function inAnyCase(step: (onError: Label) => Step): (Step | Label)[] {
  const next = new Label("next");
  return [step(next), next];
}
