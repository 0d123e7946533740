import { SCRATCH_ADDRESS } from "../init/layout.ts";
import { exitStep } from "../init/report.ts";
import { call, exitCode, goTo, goToIfEqual, Label, loadWord, Slot, type Step } from "../init/step.ts";
import * as kernel from "./kernel.ts";

/** struct signalfd_siginfo. */
const SIGNAL_BYTES = 128;

/**
 * A first process of ours, for commands that expect to be an ordinary one: makes the command, hands on the signals it
 * gets, takes the ends of all that lose their parents, and ends with the command's code. All signals are blocked in it.
 */
export function reaperSteps(line: Slot): (Step | Label)[] {
  const command = new Label("the command's process");
  const wait = new Label("wait for a signal");
  const reap = new Label("take ends");
  const main = new Slot("the command's pid");
  const signals = new Slot("signals");
  const signal = new Slot("signal");
  const ended = new Slot("who ended");
  const status = new Slot("wait status");
  const code = new Slot("exit code");
  const over = new Label("the command ended");
  const args = Buffer.alloc(64);
  args.writeBigUInt64LE(BigInt(kernel.SIGCHLD), 32);
  return [
    call("make a process for the command", "clone3", [args, args.length], { keep: main, onZero: command }),
    // Whoever waits for the command to run waits for the last holder of this.
    call("close the line to the shim", "close", [line]),
    call("close all other descriptors", "close_range", [0, 0xffffffff, 0]),
    call("receive signals as data", "signalfd4", [0xffffffff, Buffer.alloc(8, 0xff), 8, kernel.O_CLOEXEC], {
      keep: signals,
    }),
    wait,
    call("wait for a signal", "read", [signals, SCRATCH_ADDRESS, SIGNAL_BYTES]),
    loadWord("take its number", SCRATCH_ADDRESS, signal),
    goToIfEqual("see whether somebody ended", signal, kernel.SIGCHLD, reap),
    call("hand it on to the command", "kill", [main, signal], { on: { ESRCH: "next", EPERM: "next" } }),
    goTo("wait for the next", wait),
    reap,
    call(
      "take somebody's end",
      "wait4",
      [0xffffffffffffffffn, status.address, kernel.WAIT_ALL | kernel.WNOHANG, 0],
      {
        keep: ended,
        onZero: wait,
        on: { ECHILD: wait },
      },
    ),
    goToIfEqual("see whether it is the command's", ended, main, over),
    goTo("see who else ended", reap),
    over,
    exitCode("take its exit code", status, code),
    exitStep(code),
    command,
  ];
}
