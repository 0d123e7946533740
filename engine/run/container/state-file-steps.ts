import { FAILURE_BYTES, SCRATCH_ADDRESS } from "../init/layout.ts";
import { type Argument, call, decimal, type Label, loadWord, Slot, type Step } from "../init/step.ts";
import * as kernel from "./kernel.ts";
import { CANNOT_START_FILE, EXIT_FILE, RUNNING_FILE } from "./state-files.ts";

/** More than a line of /proc/PID/stat ever is. */
const LINE_BYTES = 512;

/** Which start of a container it is. */
interface Start {
  readonly mark: string;
  readonly bootId: string;
  /** There will be no shim: the child is written down in its place. */
  readonly orphans: boolean;
}

interface Places {
  /** Of the state directory, whose descriptor `directory` gets. */
  readonly path: string;
  readonly directory: Slot;
  /** The child's directory in /proc. */
  readonly child: Slot;
}

/** Who they are, before anything may run: mark, boot, then the shim's and the child's lines in /proc. */
export function runningFileSteps(
  { mark, bootId, orphans }: Start,
  { path, directory, child }: Places,
): Step[] {
  const file = new Slot("file");
  const own = new Slot("the shim's directory in /proc");
  const head = `${mark}\n${bootId}\n`;
  return [
    call(`open ${path}`, "openat", [kernel.AT_FDCWD, path, kernel.O_PATH | kernel.O_CLOEXEC], {
      keep: directory,
    }),
    ...createFile(directory, RUNNING_FILE, file),
    call("write the mark and the boot", "write", [file, head, head.length]),
    call(
      "open the shim's directory in /proc",
      "openat",
      [kernel.AT_FDCWD, "/proc/self", kernel.O_PATH | kernel.O_CLOEXEC],
      { keep: own },
    ),
    ...(orphans
      ? copyStat(child, file, "the child, which will have no shim")
      : copyStat(own, file, "the shim")),
    call("close it", "close", [own]),
    ...copyStat(child, file, "the child"),
    ...finishFile(directory, RUNNING_FILE, file),
  ];
}

function copyStat(process: Slot, file: Slot, who: string): Step[] {
  const stat = new Slot("stat");
  const length = new Slot("length");
  return [
    call(`open who ${who} is`, "openat", [process, "stat", kernel.O_CLOEXEC], { keep: stat }),
    call(`read who ${who} is`, "read", [stat, SCRATCH_ADDRESS, LINE_BYTES], { keep: length }),
    call("close it", "close", [stat]),
    call(`write who ${who} is`, "write", [file, SCRATCH_ADDRESS, length]),
  ];
}

const createFile = (directory: Slot, name: string, file: Slot): Step[] => [
  call(
    `make the file ${name}`,
    "openat",
    [directory, `${name}.new`, kernel.O_WRONLY | kernel.O_CREAT | kernel.O_TRUNC | kernel.O_CLOEXEC, 0o600],
    { keep: file },
  ),
];

/** By rename: whoever sees it sees all of it. */
const finishFile = (directory: Slot, name: string, file: Slot): Step[] => [
  call(`close the file ${name}`, "close", [file]),
  call(`give the file ${name} its name`, "renameat2", [directory, `${name}.new`, directory, name, 0]),
];

/** Its code as a shell has it, and the wait status that says more. */
export function exitFileSteps(mark: string, directory: Slot, code: Slot, status: Slot): Step[] {
  const file = new Slot("file");
  return [
    ...createFile(directory, EXIT_FILE, file),
    call("write the mark", "write", [file, `${mark}\n`, mark.length + 1]),
    ...writeNumber(file, code, "exit code"),
    ...writeNumber(file, status, "wait status"),
    ...finishFile(directory, EXIT_FILE, file),
  ];
}

/** `message`: a failure's report with its words behind it. */
export function failureFileSteps(mark: string, directory: Slot, message: number): (Step | Label)[] {
  const file = new Slot("file");
  const errno = new Slot("errno");
  const length = new Slot("length of the words");
  return [
    ...createFile(directory, CANNOT_START_FILE, file),
    call("write the mark", "write", [file, `${mark}\n`, mark.length + 1]),
    loadWord("take the errno", message + 8, errno),
    ...writeNumber(file, errno, "errno"),
    loadWord("take the words' length", message + FAILURE_BYTES - 4, length),
    call("write the words", "write", [file, message + FAILURE_BYTES, length]),
    ...finishFile(directory, CANNOT_START_FILE, file),
  ];
}

function writeNumber(file: Slot, value: Argument, what: string): Step[] {
  const text = Buffer.alloc(16);
  const length = new Slot("length");
  return [
    decimal(`write the ${what} in decimal`, value, text, length),
    call(`write the ${what}`, "write", [file, text, length]),
    call("end the line", "write", [file, "\n", 1]),
  ];
}
