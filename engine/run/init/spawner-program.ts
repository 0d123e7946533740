import * as kernel from "../container/kernel.ts";
import {
  FAILED_ERRNO_OFFSET,
  NO_TABLE_CODE,
  REPORT,
  REPORT_BYTES,
  REPORT_FD,
  SCRATCH_ADDRESS,
  TABLE_ADDRESS,
} from "./layout.ts";
import type { Program } from "./program.ts";
import { exitStep, receiveSteps, reportFailure, reportStep } from "./report.ts";
import { begin, call, goTo, Label, loadWord, Pointer, Slot, type Step, storeWord } from "./step.ts";

/** Of a request, the connection is the whole address: what comes over it is a table as any init gets it. */
export interface SpawnerPlan {
  /** Where it makes its socket, and takes the name away again. */
  readonly directory: string;
  readonly socketName: string;
}

/** As many as the kernel lets wait (net.core.somaxconn) unless it is set otherwise. */
const BACKLOG = 4096;
const ADDRESS_BYTES = 110; // struct sockaddr_un
/** struct signalfd_siginfo. */
const SIGNAL_BYTES = 128;
/** struct pollfd: descriptor, what is awaited, what was found. */
const POLL_BYTES = 8;
const POLLIN = 1;
const ALL_SIGNALS = 0xff;

/**
 * A process of a few pages that makes an init for each connection to its socket, and takes their ends. It ends when
 * its creator hangs up; what it made does not.
 */
export function spawnerProgram({ directory, socketName }: SpawnerPlan): Program {
  const listener = new Slot("the spawner's socket");
  const signals = new Slot("signals");
  const connection = new Slot("a connection");
  const child = new Label("the init");
  const wait = new Label("wait");
  const failure = new Label("spawner failed");
  const end = new Label("end");
  const childFailure = new Label("init failed");
  const steps = [
    call("be called plinth-spawner", "prctl", [kernel.PR_SET_NAME, "plinth-spawner", 0, 0, 0]),
    call("let no signal end it", "rt_sigprocmask", [kernel.SIG_SETMASK, Buffer.alloc(8, ALL_SIGNALS), 0, 8]),
    call("close what its creator may have inherited", "close_range", [REPORT_FD + 1, 0xffffffff, 0]),
    ...receiveEnds(signals),
    ...listenSteps({ directory, socketName }, listener),
    ...waitSteps(wait, [REPORT_FD, signals, listener]),
    ...endWithCreator(),
    ...reapSteps(signals),
    ...spawnSteps({ listener, connection, child, wait }),
    failure,
    ...reportFailure(),
    call("leave no name behind", "unlinkat", [kernel.AT_FDCWD, socketName, 0], { onError: end }),
    end,
    exitStep(1),
  ];
  const init = [
    child,
    call("begin a session", "setsid", []),
    call("report to who asked for it", "dup3", [connection, REPORT_FD, 0]),
    call("close what is the spawner's", "close_range", [REPORT_FD + 1, 0xffffffff, 0]),
    call("let all signals through", "rt_sigprocmask", [kernel.SIG_SETMASK, Buffer.alloc(8), 0, 8]),
    ...beganSteps(),
    begin("become an init"),
    childFailure,
    exitStep(NO_TABLE_CODE),
  ];
  return {
    sections: [
      { name: "spawner", steps, failure },
      { name: "init", steps: init, failure: childFailure },
    ],
  };
}

function receiveEnds(signals: Slot): Step[] {
  const ends = Buffer.alloc(8);
  ends.writeUInt32LE(1 << (kernel.SIGCHLD - 1), 0);
  return [
    call(
      "receive as data that a child ended",
      "signalfd4",
      [0xffffffff, ends, 8, kernel.O_CLOEXEC | kernel.O_NONBLOCK],
      { keep: signals },
    ),
  ];
}

/** The name is there only until the creator holds the socket: then nobody else can reach it any more. */
function listenSteps({ directory, socketName }: SpawnerPlan, listener: Slot): (Step | Label)[] {
  const address = Buffer.alloc(ADDRESS_BYTES);
  address.writeUInt16LE(kernel.AF_UNIX, 0);
  address.write(socketName, 2);
  return [
    call(`go to ${directory}`, "chdir", [directory]),
    call(
      "make a socket",
      "socket",
      [kernel.AF_UNIX, kernel.SOCK_STREAM | kernel.O_CLOEXEC | kernel.O_NONBLOCK, 0],
      { keep: listener },
    ),
    call(`give it the name ${socketName}`, "bind", [listener, address, 2 + socketName.length + 1]),
    call("listen", "listen", [listener, BACKLOG]),
    ...reportStep("waiting"),
    ...receiveSteps("wait until it is held"),
    call("take its name away", "unlinkat", [kernel.AT_FDCWD, socketName, 0]),
    call("go to /", "chdir", ["/"]),
  ];
}

function waitSteps(wait: Label, descriptors: readonly (number | Slot)[]): (Step | Label)[] {
  const polled = Buffer.alloc(POLL_BYTES * descriptors.length);
  for (const index of descriptors.keys()) polled.writeUInt16LE(POLLIN, POLL_BYTES * index + 4);
  return [
    ...descriptors.map((descriptor, index) =>
      storeWord("say what to wait for", descriptor, new Pointer(polled, POLL_BYTES * index)),
    ),
    wait,
    call("wait for something to do", "ppoll", [polled, descriptors.length, 0, 0, 8]),
  ];
}

/** It sends nothing; an end is all there is to read. */
function endWithCreator(): (Step | Label)[] {
  const gone = new Label("the creator is gone");
  const there = new Label("the creator is there");
  return [
    call(
      "see whether the creator is there",
      "recvfrom",
      [REPORT_FD, SCRATCH_ADDRESS, 1, kernel.MSG_DONTWAIT, 0, 0],
      { onZero: gone, on: { EAGAIN: there }, onError: gone },
    ),
    gone,
    exitStep(0),
    there,
  ];
}

function reapSteps(signals: Slot): (Step | Label)[] {
  const reap = new Label("take ends");
  const none = new Label("nobody ended");
  const ended = new Slot("who ended");
  return [
    call("see whether somebody ended", "read", [signals, SCRATCH_ADDRESS, SIGNAL_BYTES], {
      on: { EAGAIN: none },
    }),
    reap,
    call("take an end", "wait4", [0xffffffffffffffffn, 0, kernel.WAIT_ALL | kernel.WNOHANG, 0], {
      keep: ended,
      onZero: none,
      on: { ECHILD: none },
    }),
    goTo("see who else ended", reap),
    none,
  ];
}

interface Spawning {
  readonly listener: Slot;
  readonly connection: Slot;
  readonly child: Label;
  readonly wait: Label;
}

function spawnSteps({ listener, connection, child, wait }: Spawning): (Step | Label)[] {
  const refuse = new Label("no process");
  const done = new Label("done");
  const again = new Label("next request");
  const pid = new Slot("pid");
  const errno = new Slot("errno");
  const refusal = Buffer.alloc(REPORT_BYTES);
  refusal.writeUInt32LE(REPORT.refused, 0);
  return [
    again,
    call("take a request", "accept4", [listener, 0, 0, kernel.O_CLOEXEC], {
      keep: connection,
      // Any other error (ECONNABORTED, EMFILE) concerns this one alone, too.
      onError: wait,
    }),
    call("make an init", "clone", [kernel.SIGCHLD, 0, 0, 0, 0], {
      keep: pid,
      onZero: child,
      onError: refuse,
    }),
    goTo("go on", done),
    refuse,
    loadWord("take why not", TABLE_ADDRESS + FAILED_ERRNO_OFFSET, errno),
    storeWord("write why not", errno, new Pointer(refusal, 4)),
    call("say that there is none", "sendto", [connection, refusal, REPORT_BYTES, kernel.MSG_NOSIGNAL, 0, 0], {
      onError: done,
    }),
    done,
    call("leave the request to the init", "close", [connection]),
    goTo("see whether there are more", again),
  ];
}

function beganSteps(): Step[] {
  const pid = new Slot("own pid");
  return [call("ask for its pid", "getpid", [], { keep: pid }), ...reportStep("began", pid)];
}
