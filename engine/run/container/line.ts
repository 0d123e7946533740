import { constants } from "node:os";
import { call, fail, goTo, Label, loadWord, Pointer, Slot, type Step, storeWord } from "../init/step.ts";
import * as kernel from "./kernel.ts";

const endWithShim: Step = call("end with the shim", "prctl", [
  kernel.PR_SET_PDEATHSIG,
  kernel.SIGKILL,
  0,
  0,
  0,
]);

const PID_BYTES = 4;

/** A socket pair. The child's pid says "go on"; what comes back is a failure, or nothing at all when the command runs. */
export class Line {
  readonly shim: Slot = new Slot("the shim's end of the line");
  readonly child: Slot = new Slot("the child's end of the line");
  /** The child's pid, as the host sees it, for the child. */
  readonly pid: Slot = new Slot("pid");

  makeSteps(): Step[] {
    const pair = Buffer.alloc(8);
    return [
      call("make the line to the child", "socketpair", [
        kernel.AF_UNIX,
        kernel.SOCK_SEQPACKET | kernel.O_CLOEXEC,
        0,
        pair,
      ]),
      loadWord("take the shim's end", new Pointer(pair), this.shim),
      loadWord("take the child's end", new Pointer(pair, 4), this.child),
    ];
  }

  /** The shim lets the child go on, and tells it its number: in a pid namespace, it has another one itself. */
  letGoSteps(pid: Slot): Step[] {
    const message = Buffer.alloc(8);
    return [
      storeWord("write the pid", pid, message),
      call("let the child go on", "sendto", [this.shim, message, PID_BYTES, kernel.MSG_NOSIGNAL, 0, 0], {
        on: { EPIPE: "next", ECONNRESET: "next" }, // it says why
      }),
    ];
  }

  /** The child's first steps. It ends when the shim is gone. */
  beginSteps(): Step[] {
    return [endWithShim, call("close the shim's end", "close", [this.shim])];
  }

  /** Until the child is written down, in its cgroups, and its ids are mapped. */
  waitSteps(): (Step | Label)[] {
    const message = Buffer.alloc(8);
    const gone = new Label("the shim is gone");
    const received = new Label("received");
    const words = "wait until the shim has done its part";
    return [
      call(words, "read", [this.child, message, PID_BYTES], { onZero: gone }),
      goTo("go on", received),
      gone,
      fail(words, constants.errno.ECANCELED),
      received,
      loadWord("take its own pid", message, this.pid),
    ];
  }

  /** A change of the user takes back that it ends with the shim. */
  againSteps(): (Step | Label)[] {
    const gone = new Label("the shim is gone");
    const there = new Label("the shim is there");
    const words = "make sure that the shim is there";
    return [
      endWithShim,
      call(words, "recvfrom", [this.child, Buffer.alloc(8), 1, kernel.MSG_DONTWAIT, 0, 0], {
        onZero: gone,
        on: { EAGAIN: there },
      }),
      gone,
      fail(words, constants.errno.ECANCELED),
      there,
    ];
  }
}
