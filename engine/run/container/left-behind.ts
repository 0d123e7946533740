import { LIST_BYTES, SCRATCH_ADDRESS } from "../init/layout.ts";
import {
  Block,
  call,
  copy,
  difference,
  goTo,
  goToIfEqual,
  inAnyCase,
  Label,
  loadByte,
  loadWord,
  number,
  Pointer,
  Slot,
  type Step,
  storeWord,
} from "../init/step.ts";
import * as kernel from "./kernel.ts";

/** What a service's helpers need to write something down and go. */
const GRACE_SECONDS = 1;
/** Whoever is stuck in the kernel for longer is not waited for: how the command ended is to be known. */
const FORCE_SECONDS = 5;

/** The shim's children: all that lost their parents, and so in the end everybody. */
const CHILDREN = "/proc/thread-self/children";
/** wait4(2): any child. */
const ANYBODY = -1;

export interface LeftBehindPlan {
  /** The cgroup they are in, with whoever else was put there. Undefined: there is none. */
  readonly members: string | undefined;
  /** A file that is there when the command could not be put into its cgroups. */
  readonly outsideFile: string;
}

/**
 * All that a command leaves behind, where no pid namespace ends with it: asked to end, and killed after a second. None
 * gets away, whatever it did to its session and environment: who loses its parent becomes the shim's child, so a shim
 * without children has seen everybody's end.
 */
export class LeftBehind {
  readonly #plan: LeftBehindPlan;

  constructor(plan: LeftBehindPlan) {
    this.#plan = plan;
  }

  /** Before there is a child. */
  beginSteps(): Step[] {
    return [call("become the parent of all orphans", "prctl", [kernel.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0])];
  }

  /** Waits for `main`, keeps how it ended in `status`, and ends the others. */
  endSteps(main: Slot, status: Slot): (Step | Label)[] {
    const group = new Slot("the command's group");
    const gone = new Label("nobody is left");
    return [
      ...waitForMain(main),
      // As long as its end is not taken, its number, which is its group's, cannot be anybody else's.
      difference("take its group's number", 0, main, group),
      ...inAnyCase([call("ask its group to end", "kill", [group, kernel.SIGTERM])]),
      call("take the command's end", "wait4", [main, status.address, kernel.WAIT_ALL, 0]),
      ...this.#askSteps(main, gone),
      ...this.#forceSteps(gone),
      gone,
      // Others may have been put into its cgroup, or into some that it made below.
      ...this.#killMembersSteps(),
    ];
  }

  /** Goes on when the time is over, or at `gone`. Those in the command's group have been asked. */
  #askSteps(main: Slot, gone: Label): (Step | Label)[] {
    const { members, outsideFile } = this.#plan;
    const some = new Label("some are left");
    const inside = new Label("inside of its cgroup");
    const wait = new Label("wait for ends");
    const over = new Label("time is over");
    const askChildren = signalListed(CHILDREN, kernel.SIGTERM, main);
    return [
      ...takeEnds(gone, some),
      some,
      alarm(GRACE_SECONDS),
      ...(members === undefined
        ? askChildren
        : [
            call(
              "see whether it is outside of its cgroup",
              "openat",
              [kernel.AT_FDCWD, outsideFile, kernel.O_PATH | kernel.O_CLOEXEC],
              { onError: inside },
            ),
            ...askChildren,
            goTo("wait for their ends", wait),
            inside,
            ...signalListed(`${members}/cgroup.procs`, kernel.SIGTERM, main),
          ]),
      wait,
      ...waitForSignal(over),
      ...takeEnds(gone, wait),
      over,
    ];
  }

  /** Again and again, since they may make others meanwhile: each end brings the children of who ended to the shim. */
  #forceSteps(gone: Label): (Step | Label)[] {
    const again = new Label("again");
    const wait = new Label("wait for ends by force");
    return [
      alarm(FORCE_SECONDS),
      again,
      ...this.#killMembersSteps(),
      ...signalListed(CHILDREN, kernel.SIGKILL),
      ...takeEnds(gone, wait),
      wait,
      ...waitForSignal(gone),
      goTo("see who is left", again),
    ];
  }

  #killMembersSteps(): (Step | Label)[] {
    const { members } = this.#plan;
    if (members === undefined) return [];
    return [
      ...inAnyCase(killCgroupSteps(members)),
      ...signalListed(`${members}/cgroup.procs`, kernel.SIGKILL),
    ];
  }
}

/** Where the kernel can do it in one go, and with all cgroups below. */
export function killCgroupSteps(directory: string): (Step | Label)[] {
  const file = new Slot("cgroup.kill");
  const without = new Label("without cgroup.kill");
  return [
    call(
      "open what ends all in the cgroup",
      "openat",
      [kernel.AT_FDCWD, `${directory}/cgroup.kill`, kernel.O_WRONLY | kernel.O_CLOEXEC],
      { keep: file, on: { ENOENT: without } },
    ),
    call("end what the command left behind", "write", [file, "1", 1], { on: { ENODEV: "next" } }),
    call("close it", "close", [file]),
    without,
  ];
}

/** Takes the ends of orphans meanwhile; the command's own end is seen, not taken. */
function waitForMain(main: Slot): (Step | Label)[] {
  const information = Buffer.alloc(SIGINFO_BYTES);
  const ended = new Slot("who ended");
  const again = new Label("wait");
  const isMain = new Label("the command ended");
  return [
    again,
    call("wait for the command's end", "waitid", [
      kernel.P_ALL,
      0,
      information,
      kernel.WEXITED | kernel.WNOWAIT | kernel.WAIT_ALL,
      0,
    ]),
    loadWord("take who ended", new Pointer(information, SIGINFO_PID), ended),
    goToIfEqual("see whether it is the command", ended, main, isMain),
    call("take an orphan's end", "wait4", [ended, 0, kernel.WAIT_ALL, 0]),
    goTo("wait again", again),
    isMain,
  ];
}

/** siginfo_t. */
const SIGINFO_BYTES = 128;
const SIGINFO_PID = 16;

/** Goes on at `gone` when there are no children, at `some` when none of them has ended. */
function takeEnds(gone: Label, some: Label): (Step | Label)[] {
  const again = new Label("take ends");
  return [
    again,
    call("take somebody's end", "wait4", [ANYBODY, 0, kernel.WAIT_ALL | kernel.WNOHANG, 0], {
      on: { ECHILD: gone },
      onZero: some,
    }),
    goTo("see who else ended", again),
  ];
}

const alarm = (seconds: number): Step =>
  call(`be told in ${seconds} s`, "setitimer", [kernel.ITIMER_REAL, new Block([0, 0, seconds, 0]), 0]);

/** Goes on when a child has ended, or had before and nobody asked; at `over` when the time is over. */
function waitForSignal(over: Label): (Step | Label)[] {
  const signals = Buffer.alloc(8);
  signals.writeUInt32LE((1 << (kernel.SIGCHLD - 1)) | (1 << (kernel.SIGALRM - 1)));
  const signal = new Slot("signal");
  const again = new Label("wait for a signal");
  return [
    again,
    call("wait until somebody ends", "rt_sigtimedwait", [signals, 0, 0, 8], {
      keep: signal,
      on: { EINTR: again },
    }),
    goToIfEqual("see whether the time is over", signal, kernel.SIGALRM, over),
  ];
}

/**
 * Signals all that a file lists by number, but those in the group `but`. Only the file's first bytes are read where a
 * number is cut at their end.
 */
function signalListed(path: string, signal: number, but?: Slot): (Step | Label)[] {
  const file = new Slot("list");
  const length = new Slot("length");
  const end = new Slot("end of the list");
  const at = new Slot("place in the list");
  const letter = new Slot("letter");
  const pid = new Slot("listed pid");
  const group = new Slot("its group");
  const more = new Label("read on");
  const next = new Label("next in the list");
  const close = new Label("end of the list");
  const without = new Label("no list");
  return [
    call(`open the list ${path}`, "openat", [kernel.AT_FDCWD, path, kernel.O_CLOEXEC], {
      keep: file,
      onError: without,
    }),
    more,
    call("read who is there", "read", [file, SCRATCH_ADDRESS, LIST_BYTES], {
      keep: length,
      onZero: close,
      onError: close,
    }),
    difference("find its end", length, -SCRATCH_ADDRESS, end),
    storeWord("mark it", 0, end),
    copy("begin", SCRATCH_ADDRESS, at),
    next,
    loadByte("see whether there is another", at, letter),
    goToIfEqual("if not, read on", letter, 0, more),
    number("take its number", at, pid, at),
    goToIfEqual("leave it if it is cut", pid, 0, close),
    ...(but === undefined
      ? []
      : [
          call("ask for its group", "getpgid", [pid], { keep: group, onError: next }),
          goToIfEqual("leave it if it was asked with that", group, but, next),
        ]),
    call(`send it signal ${signal}`, "kill", [pid, signal], { onError: next }),
    goTo("go on with the next", next),
    close,
    call("close the list", "close", [file]),
    without,
  ];
}
