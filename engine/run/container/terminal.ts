import { Fault } from "@plinth/fault";
import { Block, call, type Label, Pointer, Slot, type Step, storeWord } from "../init/step.ts";
import { openInRoot, pointLike } from "./in-root.ts";
import * as kernel from "./kernel.ts";
import { attachMount, cloneMountOf, type MountPlace } from "./mount-calls.ts";

export interface TerminalSize {
  readonly height: number;
  readonly width: number;
}

const OPEN_FLAGS: number = kernel.O_RDWR | kernel.O_NOCTTY | kernel.O_CLOEXEC;

/** A terminal of the container's own devpts; `root` where it is not yet ours. */
export function openTerminal(master: Slot, root?: Slot): Step {
  const words = "open a terminal in the container";
  const path = "/dev/pts/ptmx";
  if (root === undefined) return call(words, "openat", [kernel.AT_FDCWD, path, OPEN_FLAGS], { keep: master });
  return openInRoot(words, { root, path, flags: OPEN_FLAGS }, { keep: master });
}

/** Readies a terminal given by its master. */
export function readyTerminal(master: Slot | number, slave: Slot, size: TerminalSize | undefined): Step[] {
  return [
    call("unlock the terminal", "ioctl", [master, kernel.TIOCSPTLCK, Buffer.alloc(8)]),
    ...(size === undefined ? [] : [resizeStep(master, size)]),
    call("open the terminal's other end", "ioctl", [master, kernel.TIOCGPTPEER, OPEN_FLAGS], { keep: slave }),
  ];
}

export function resizeStep(master: Slot | number, { height, width }: TerminalSize): Step {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(height, 0);
  size.writeUInt16LE(width, 2);
  return call(`set its size to ${width} columns and ${height} rows`, "ioctl", [
    master,
    kernel.TIOCSWINSZ,
    size,
  ]);
}

/** The terminal as /dev/console. */
export function consoleSteps(slave: Slot, { root, slots }: MountPlace): (Step | Label)[] {
  return [
    cloneMountOf("take the terminal as a mount", slave, slots.mount, false),
    ...pointLike(slots.mount, { root, path: "/dev/console", keep: slots.point, scratch: slots.scratch }),
    attachMount("mount the terminal on /dev/console", slots.mount, slots.point),
    call("close the mount point", "close", [slots.point]),
    call("close the mount", "close", [slots.mount]),
  ];
}

/** Makes it the session's and the three standard streams; the user may write to it. */
export function takeTerminal(slave: Slot, uid: number): Step[] {
  return [
    call("make it the terminal of the session", "ioctl", [slave, kernel.TIOCSCTTY, 0]),
    ...(uid === 0 ? [] : [call(`give the terminal to user ${uid}`, "fchown", [slave, uid, 0xffffffff])]),
    ...[0, 1, 2].map((stream) => call(`take it as stream ${stream}`, "dup3", [slave, stream, 0])),
    call("close the terminal", "close", [slave]),
  ];
}

/** sun_path of unix(7). */
const SOCKET_PATH_MAX = 107;

/** Connects to the socket that wants a terminal's master. */
export function connectSteps(path: string, socket: Slot): Step[] {
  if (Buffer.byteLength(path) > SOCKET_PATH_MAX)
    throw new Fault("invalid", `Cannot use the console socket ${path}: at most ${SOCKET_PATH_MAX} bytes`);
  const address = Buffer.alloc(2 + SOCKET_PATH_MAX + 1);
  address.writeUInt16LE(kernel.AF_UNIX, 0);
  address.write(path, 2);
  return [
    call("make a socket", "socket", [kernel.AF_UNIX, kernel.SOCK_STREAM | kernel.O_CLOEXEC, 0], {
      keep: socket,
    }),
    call(`connect to ${path}`, "connect", [socket, address, 2 + Buffer.byteLength(path) + 1]),
  ];
}

/** Sends a descriptor along with a word (sendmsg(2), struct msghdr and cmsghdr). */
export function sendDescriptor(words: string, socket: Slot, descriptor: Slot): Step[] {
  const text = "/dev/ptmx";
  const control = Buffer.alloc(24);
  control.writeBigUInt64LE(20n, 0); // without the padding
  control.writeUInt32LE(kernel.SOL_SOCKET, 8);
  control.writeUInt32LE(kernel.SCM_RIGHTS, 12);
  const parts = new Block([new Pointer(text), text.length]);
  const message = new Block([0, 0, new Pointer(parts), 1, new Pointer(control), control.length, 0]);
  return [
    storeWord("write which descriptor to send", descriptor, new Pointer(control, 16)),
    call(words, "sendmsg", [socket, message, kernel.MSG_NOSIGNAL]),
  ];
}
